"""The pages about a sheet of paper, as a browser without script sees them."""

from uuid import uuid4

import pytest
from lxml import html

from epro.access import Role
from epro.models import JournalEntry
from tests.api.world import ELSEWHERE, PARTICIPANT, World
from tests.services.changes_of_paper import report_answers
from tests.services.changes_of_paper import transcribe as transcribe_over_api
from tests.web.cases_paper import FORM, sheet_of, typed
from tests.web.pages import CONSOLE, links_of, send, text_of

pytestmark = pytest.mark.req("C-04")


@pytest.mark.req("P-08", "X-05")
def test_from_the_participant_to_the_form_and_nothing_is_chosen(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    ways = browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/on-behalf")
    which = browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/paper")
    form = browser.get(f"{CONSOLE}{FORM}")

    assert f"{CONSOLE}/participants/{PARTICIPANT}/paper" in links_of(ways)
    assert "form=ae_report" in which.text
    assert "练习" not in text_of(which)  # the practice form is not for paper
    assert "不适用于" in text_of(ways)
    assert form.status_code == 200
    assert html.fromstring(form.text).xpath("//input[@checked]") == []


def test_a_sheet_is_stored_shown_as_not_checked_and_asked_about(world: World) -> None:
    path = typed(world)
    coordinator = world.sign_in_to_console(Role.COORDINATOR)
    investigator = world.sign_in_to_console(Role.INVESTIGATOR)

    own, other = coordinator.get(f"{CONSOLE}{path}"), investigator.get(f"{CONSOLE}{path}")
    listed = investigator.get(f"{CONSOLE}/transcriptions")
    today = investigator.get(f"{CONSOLE}/today")
    timeline = investigator.get(f"{CONSOLE}/participants/{PARTICIPANT}/timeline")
    answers = investigator.get(
        f"{CONSOLE}/participants/{PARTICIPANT}/answers/{path.rpartition('/')[2]}"
    )

    for page in (own, other, listed, timeline, answers):
        assert "尚未核对" in text_of(page)
    for page in (timeline, answers):
        assert "纸质录入" in text_of(page)
    assert "请另一位工作人员核对" in text_of(own)
    assert "/check" not in own.text
    assert f"{path}/check" in other.text
    assert f"{CONSOLE}{path}" in links_of(today)
    done = html.fromstring(today.text).xpath("//tr[contains(., '请核对录入')]//form")
    assert done == []  # nobody ticks it off


def test_a_sheet_that_differs_is_put_right_and_looked_at_again(world: World) -> None:
    path = typed(world)
    coordinator = world.sign_in_to_console(Role.COORDINATOR)
    investigator = world.sign_in_to_console(Role.INVESTIGATOR)

    unnamed = send(investigator, f"{path}/check", revision="1", is_equal="no", differences="")
    send(investigator, f"{path}/check", revision="1", is_equal="no", differences="<b>影响</b>")
    returned = coordinator.get(f"{CONSOLE}{path}")
    fields = {
        str(one.get("name")): str(one.get("value"))
        for one in html.fromstring(returned.text).xpath("//details//input[@checked]")
    }
    send(coordinator, f"{path}/correction", **{
        **sheet_of(), **fields, "revision": "1", "her-effect": "rest", "reason": "看错一行",
    })  # fmt: skip
    send(investigator, f"{path}/check", revision="2", is_equal="yes", differences="")
    at_last = coordinator.get(f"{CONSOLE}{path}")

    assert unnamed.status_code == 422
    assert html.fromstring(unnamed.text).xpath("//textarea[@aria-invalid]/@name") == ["differences"]
    assert "&lt;b&gt;影响" in returned.text
    # What had been typed is in the form that puts it right.
    (effect,) = [one["value"] for one in report_answers() if one["link_id"] == "effect"]
    assert fields["her-effect"] == effect
    assert "更正后已核对" in text_of(at_last)


@pytest.mark.req("A-04")
def test_danger_on_a_sheet_stands_in_the_inbox_at_once_and_says_that_it_is_unchecked(
    world: World,
) -> None:
    answers = report_answers(urgent=("belly",), belly=("pain",))
    stored = transcribe_over_api(world, answers=answers)
    assert stored.status_code == 200, stored.text
    investigator = world.sign_in_to_console(Role.INVESTIGATOR)

    inbox = investigator.get(f"{CONSOLE}/flags")
    flags = [link for link in html.fromstring(inbox.text).xpath("//a/@href") if "/flags/" in link]
    pages = [investigator.get(str(link)) for link in dict.fromkeys(flags)]

    told = [page for page in pages if "纸质录入" in text_of(page)]
    assert told
    assert all("尚未核对" in text_of(page) for page in told)


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    wrong = sheet_of(written_at="2026-03-01T23:00", reason="手机坏了") | {"her-began": ""}
    wrong.pop("her-effect")

    refused = send(browser, FORM, **wrong)
    page = html.fromstring(refused.text)
    late = send(browser, FORM, **{**wrong, "written_at": "2026-03-01T17:00"})
    blank = send(
        browser, FORM, **{**wrong, "written_at": "2026-03-01T17:00", "leaves_blank": "yes"}
    )

    assert refused.status_code == 422
    assert page.xpath("//input[@name='written_at']/@aria-invalid") == ["true"]
    assert "这是将来的时间" in text_of(refused)
    assert "手机坏了" in text_of(refused)
    assert page.xpath("//input[@name='response_id']/@value") == [wrong["response_id"]]
    assert "这一题没有填" in text_of(late)
    assert html.fromstring(late.text).xpath("//input[@name='leaves_blank']/@checked") == []
    assert blank.status_code == 303
    assert "作为未完成保留" in text_of(browser.get(blank.headers["Location"]))


def test_a_form_that_is_sent_twice_is_stored_once(world: World) -> None:
    browser, sheet = world.sign_in_to_console(Role.COORDINATOR), sheet_of()

    first, again = send(browser, FORM, **sheet), send(browser, FORM, **sheet)
    other = send(browser, FORM, **{**sheet, "written_at": "2026-03-01T16:59"})

    assert first.headers["Location"] == again.headers["Location"]
    assert other.status_code == 409
    elsewhere = send(browser, FORM, **{**sheet, "source_reference": "文件夹 4"})
    assert elsewhere.status_code == 409
    assert "不能再改" in text_of(elsewhere)
    with world.database.reading() as session:
        entered = [
            one
            for one in session.query(JournalEntry.entity_id)
            .where(JournalEntry.verb == "transcription.entered")
            .all()
            if one[0] == sheet["response_id"]
        ]
    assert len(entered) == 1


@pytest.mark.req("P-06", "T-06")
@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.MONITOR, Role.DATA_MANAGER])
def test_nobody_but_a_coordinator_types(world: World, role: Role) -> None:
    browser = world.sign_in_to_console(role)

    assert browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/paper").status_code == 403
    assert send(browser, FORM, **sheet_of()).status_code == 403


@pytest.mark.req("P-06")
def test_what_is_not_here_looks_absent(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    for path in (
        f"/participants/{ELSEWHERE}/paper", f"/transcriptions/{uuid4()}",
        f"/participants/{PARTICIPANT}/paper/form?form=practice",
        f"/participants/{PARTICIPANT}/paper/form?assessment={world.known.assessment}",
    ):  # fmt: skip
        assert browser.get(f"{CONSOLE}{path}").status_code == 404

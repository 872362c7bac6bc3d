"""An adverse event signed, linked and voided on its page; what is wrong stands beside its field."""

import re

import pytest
from flask.testing import FlaskClient
from lxml import html
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import PARTICIPANT, World
from tests.services.changes_by_people import report_medicines
from tests.web.cases_participants import somebody
from tests.web.cases_record import act_on_event, an_event, enter_event, latest_event
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("E-04")
DUPLICATE = "void-duplicate_of_number"
MOST_PAGES = 20


def page_of(answer: TestResponse) -> HtmlElement:
    return html.fromstring(answer.text)


def said_beside(answer: TestResponse, field: str) -> str:
    """Return what stands beside a field, if the field leads a screen reader there."""
    page = page_of(answer)
    (place,) = page.xpath(f"//*[@id='{field}-wrong']/@id")
    described = page.xpath("//*[@aria-describedby]/@aria-describedby")
    assert any(place in one.split() for one in described), field
    return str(page.xpath(f"string(//*[@id='{field}-wrong'])")).strip()


def listed(browser: FlaskClient, path: str) -> str:
    """Return what the list says of an event, on whichever page it stands: others are hers too."""
    pages = (
        page_of(browser.get(f"{CONSOLE}/events?code={PARTICIPANT}&page={number}"))
        for number in range(1, MOST_PAGES + 1)
    )
    lines = (line for page in pages for line in page.xpath("//tr[@data-line]"))
    return next(
        str(line.text_content()) for line in lines if line.xpath(f".//a[@href='{CONSOLE}{path}']")
    )


@pytest.mark.req("T-08")
def test_a_signature_stands_with_name_time_and_meaning_and_breaks_when_the_event_changes(
    world: World,
) -> None:
    signed = act_on_event(world, "signature", version="1", **world.proof(Role.INVESTIGATOR))
    path = f"/events/{latest_event(world)['id']}"
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    holds = browser.get(CONSOLE + path)
    revised = send(browser, path, version="1", **an_event(grade="2"))
    broken = browser.get(CONSOLE + path)
    again = send(browser, f"{path}/signature", version="2", **world.proof(Role.INVESTIGATOR))

    assert (signed.status_code, revised.status_code) == (303, 303), text_of(revised)
    (line,) = page_of(holds).xpath("//p[@class='signature']")
    assert re.search(r"Zhang Jing · 已作出评估 · 2026-03-01 19:\d\d:\d\d \(Asia/Shanghai\) .*有效",
                     line.text_content())  # fmt: skip
    (line,) = page_of(broken).xpath("//p[@class='signature broken']")
    assert "已失效" in line.text_content()
    assert "已失效" in listed(browser, path)
    assert again.status_code == 303, text_of(again)
    stand = page_of(browser.get(CONSOLE + path)).xpath("//p[starts-with(@class, 'signature')]")
    assert sorted("broken" in one.get("class") for one in stand) == [False, True]


@pytest.mark.req("T-08")
def test_a_signature_that_is_not_proven_is_none_and_says_so_beside_both_fields(
    world: World,
) -> None:
    refused = act_on_event(world, "signature", version="1", password="not mine", totp="000000")

    assert refused.status_code == 403
    assert "密码或动态码不对" in said_beside(refused, "sign-proof")
    page = page_of(refused)
    marked = page.xpath("//*[@aria-invalid and starts-with(@id, 'sign-')]/@name")
    assert marked == ["password", "totp"]
    assert page.xpath("//details[@open]//form/@action")[0].endswith("/signature")
    assert "not mine" not in refused.text
    assert latest_event(world)["signatures"] == []


def test_nobody_signs_what_somebody_else_changed_meanwhile(world: World) -> None:
    enter_event(world)
    path = f"/events/{latest_event(world)['id']}"
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    send(browser, path, version="1", **an_event(grade="2"))

    stale = send(browser, f"{path}/signature", version="1", **world.proof(Role.INVESTIGATOR))

    assert stale.status_code == 409
    assert "事件在此期间有变化" in text_of(stale)
    assert latest_event(world)["signatures"] == []


def test_what_is_linked_is_named_and_leads_to_what_she_reported(world: World) -> None:
    report = report_medicines(world)
    linked = act_on_event(world, "links", response_ids=str(report), reason="因头痛服药")
    event = latest_event(world)
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    page = browser.get(f"{CONSOLE}/events/{event['id']}")

    assert linked.status_code == 303
    assert event["linked_responses"] == [str(report)]
    link = f"{CONSOLE}/participants/{PARTICIPANT}/answers/{report}"
    assert link in page_of(page).xpath("//section/ul//a/@href")
    assert browser.get(link).status_code == 200
    assert page_of(page).xpath("//input[@name='response_ids'][@checked]/@value") == [str(report)]


@pytest.mark.parametrize("reports", ["diary", "nonsense"])
def test_only_reports_of_medicines_and_care_are_linked(world: World, reports: str) -> None:
    report_medicines(world)
    other = str(world.known.response) if reports == "diary" else "<b>"

    refused = act_on_event(world, "links", response_ids=other, reason="x")

    assert refused.status_code == 422
    assert said_beside(refused, "link-response_ids")
    assert page_of(refused).xpath("string(//*[@id='link-reason'])") == "x"


def test_a_voided_event_keeps_its_page_and_takes_no_more(world: World) -> None:
    enter_event(world)
    number = str(latest_event(world)["number"])
    voided = act_on_event(world, "void", reason="重复录入", duplicate_of_number=number)
    event = latest_event(world)
    path = f"/events/{event['id']}"
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    page = browser.get(CONSOLE + path)
    sent = send(browser, f"{path}/signature", version="2", **world.proof(Role.INVESTIGATOR))

    assert voided.status_code == 303
    assert (str(event["duplicate_of_number"]), event["voided_at"] is None) == (number, False)
    assert f"与事件 #{number} 重复" in text_of(page)
    assert "重复录入" in text_of(page)
    assert page_of(page).xpath("//main//form") == []
    assert sent.status_code == 409


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"reason": " "}, "void-reason", "请写明理由"),
        ({"reason": "x", "duplicate_of_number": "one"}, DUPLICATE, "这不是数字"),
        ({"reason": "x", "duplicate_of_number": "9999"}, DUPLICATE, "没有这个事件"),
        ({"reason": "x", "duplicate_of_number": "itself"}, DUPLICATE, "与自己重复"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_voiding_stands_beside_its_field(
    world: World, typed: dict[str, str], field: str, says: str
) -> None:
    if typed.get("duplicate_of_number") == "itself":
        enter_event(world)
        typed = {**typed, "duplicate_of_number": str(latest_event(world)["number"] + 1)}

    refused = act_on_event(world, "void", **typed)

    assert refused.status_code == 422
    assert says in said_beside(refused, field)
    assert latest_event(world)["voided_at"] is None


@pytest.mark.req("P-06")
def test_whoever_only_reads_is_offered_none_of_it(world: World) -> None:
    enter_event(world)
    path = f"/events/{latest_event(world)['id']}"
    monitor = world.sign_in_to_console(Role.MONITOR)

    page = monitor.get(CONSOLE + path)

    assert page_of(page).xpath("//main//form") == []
    for act in ("signature", "links", "void"):
        assert send(monitor, f"{path}/{act}", reason="x", version="1").status_code == 403


# --- the forms of a flag --------------------------------------------------------------------------


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    ("act", "typed", "field"),
    [
        ("reassignment", {"to": "nobody", "reason": "x"}, "hand_on-to"),
        ("reassignment", {"to": "investigator"}, "hand_on-reason"),
        ("contacts", {"channel": "telephone", "outcome": "reached"}, "contact-next_step"),
        ("awareness", {"reason": "x"}, "earlier-at"),
        ("awareness", {"at": "2026-03-01T08:00"}, "earlier-reason"),
        ("sending", {"sent_at": "2026-03-01T19:00", "sent_to": "x"}, "sending-proof"),
        ("assessment", {"narrative": "x"}, "assess-is_adverse_event"),
        ("assessment", {"is_adverse_event": "yes", "narrative": "x"}, "assess-outcome"),
        ("assessment", {"is_adverse_event": "no"}, "assess-narrative"),
    ],
)  # fmt: skip
def test_what_is_wrong_on_the_page_of_a_flag_stands_beside_its_field(
    world: World, act: str, typed: dict[str, str], field: str
) -> None:
    flag = world.complain(somebody(world), urgent=("belly",), belly=("pain",))
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    send(browser, f"/flags/{flag}/acknowledgement")

    refused = send(browser, f"/flags/{flag}/{act}", **typed)

    assert refused.status_code == 422
    assert re.search(r"[一-鿿]", said_beside(refused, field))
    kept = {name: value for name, value in typed.items() if name in {"reason", "narrative"}}
    for name, value in kept.items():
        assert (
            page_of(refused).xpath(f"string(//*[@id='{field.partition('-')[0]}-{name}'])") == value
        )

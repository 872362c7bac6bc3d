"""The audit review on screen: figures that lead to their cases, a file, and who has looked."""

import csv
import io
import json
import re

import pytest
from lxml import html
from sqlalchemy import select

from epro.access import Role
from epro.api.places import COOKIE
from epro.models import EntryMode, JournalEntry, SessionPlace
from epro.services.audit_figures import Figure
from epro.web.console.words import WORDS
from tests.api.world import API, ELSEWHERE, NOBODY, PARTICIPANT, World
from tests.factories import PIN
from tests.web.pages import CONSOLE, links_of, send, text_of

pytestmark = pytest.mark.req("T-09")
REVIEW = f"{CONSOLE}/audit-review"


def sign_in_by_pin(world: World, browser: object, code: str, pin: str = PIN) -> int:
    answer = browser.post(  # type: ignore[attr-defined]
        f"{API}/sessions/participant",
        json={"code": code, "pin": pin, "session_transport": "cookie"},
    )
    return int(answer.status_code)


def test_two_who_sign_in_on_one_browser_are_told_and_each_leads_to_her_session(
    world: World,
) -> None:
    browser = world.browser()
    assert sign_in_by_pin(world, browser, PARTICIPANT) == 200
    mark = browser.get_cookie(COOKIE, path="/")
    assert sign_in_by_pin(world, browser, ELSEWHERE) == 200

    monitor = world.sign_in_to_console(Role.MONITOR)
    page = monitor.get(f"{REVIEW}/cases?figure=shared_device")

    assert mark is not None
    assert mark.http_only
    assert browser.get_cookie(COOKIE, path="/") == mark
    rows = html.fromstring(page.text).xpath("//tbody/tr")
    assert [PARTICIPANT in row.text_content() for row in rows] == [True]
    # The other one is at a site that this monitor does not see: she is counted, not named.
    assert "另有人数: 1" in text_of(page)
    assert ELSEWHERE not in page.text
    assert f"{CONSOLE}/journal" in links_of(page)
    with world.database.reading() as session:
        kept = session.scalars(select(SessionPlace.device_tag)).all()
    assert mark.value not in "".join(kept)


def test_the_mark_of_a_browser_is_ours_or_it_is_made_anew(world: World) -> None:
    browser = world.browser()
    browser.set_cookie(COOKIE, "<script>", path="/")

    sign_in_by_pin(world, browser, PARTICIPANT)

    made = browser.get_cookie(COOKIE, path="/")
    assert made is not None
    assert re.fullmatch(r"[0-9a-f]{32}", made.value)


@pytest.mark.parametrize("by", ["site", "participant", "user"])
def test_every_figure_stands_with_its_whole_and_sorts(world: World, by: str) -> None:
    sign_in_by_pin(world, world.browser(), PARTICIPANT, pin="000001")
    monitor = world.sign_in_to_console(Role.MONITOR)

    first = monitor.get(f"{REVIEW}?by={by}")
    sorted_ = monitor.get(f"{REVIEW}?by={by}&sort=refused&down=1")

    assert (first.status_code, sorted_.status_code) == (200, 200)
    columns = html.fromstring(first.text).xpath("//thead//a/@href")
    assert sum("sort=" in str(one) for one in columns) >= 4
    head = html.fromstring(sorted_.text).xpath("//th[@aria-sort]")
    assert [one.get("aria-sort") for one in head] == ["descending"]
    assert WORDS["audit.refused"].zh in head[0].text_content()


def test_one_participant_is_looked_up(world: World) -> None:
    sign_in_by_pin(world, world.browser(), PARTICIPANT, pin="000001")
    monitor = world.sign_in_to_console(Role.MONITOR)

    def listed(**asked: str) -> list[str]:
        page = monitor.get(REVIEW, query_string={"by": "participant", **asked})
        return [str(one) for one in html.fromstring(page.text).xpath("//tr[@data-line]/th//text()")]

    assert PARTICIPANT in listed()
    assert listed(participant=PARTICIPANT) == [PARTICIPANT]
    assert listed(participant=NOBODY) == []


def test_a_count_leads_to_as_many_cases(world: World) -> None:
    sign_in_by_pin(world, world.browser(), PARTICIPANT, pin="000001")
    monitor = world.sign_in_to_console(Role.MONITOR)
    page = html.fromstring(monitor.get(f"{REVIEW}?by=participant").text)
    (link,) = page.xpath(
        f"//a[contains(@href, 'figure=refused') and contains(@href, '{PARTICIPANT}')]"
    )

    cases = monitor.get(link.get("href"))

    rows = html.fromstring(cases.text).xpath("//tbody/tr")
    assert len(rows) == int(link.find("strong").text)
    assert "密码不对" in text_of(cases)
    journal = html.fromstring(cases.text).xpath("//tbody//a[contains(@href, '/journal')]/@href")
    assert "登录被拒绝" in text_of(monitor.get(journal[0]))


@pytest.mark.parametrize(
    "asked",
    ["from=9999-12-31", "to=0001-01-01", "from=x&to=y", "sort=nothing", "by=arm", "page=99999",
     "from=0001-01-01&to=9999-12-31", "participant=%00", "user=<b>"],
)  # fmt: skip
def test_an_odd_address_breaks_nothing(world: World, asked: str) -> None:
    monitor = world.sign_in_to_console(Role.MONITOR)

    assert monitor.get(f"{REVIEW}?{asked}").status_code == 200
    for figure in (*Figure, "nothing"):
        assert monitor.get(f"{REVIEW}/cases?figure={figure}&{asked}").status_code == 200
    assert monitor.get(f"{REVIEW}?site=GZ01").status_code == 404


FILE = "/audit-review.csv"


def test_what_was_taken_away_is_on_record_with_its_checksum(world: World) -> None:
    manager = world.sign_in_to_console(Role.DATA_MANAGER)

    taken = send(manager, f"{FILE}?by=user", **world.proof(Role.DATA_MANAGER))
    cases = send(manager, f"{FILE}?figure=exports", **world.proof(Role.DATA_MANAGER))

    rows = list(csv.DictReader(io.StringIO(taken.data.decode("utf-8-sig"))))
    assert {row["figure"] for row in rows} == {one.value for one in Figure}
    with world.database.reading() as session:
        body = session.scalars(
            select(JournalEntry.body)
            .where(JournalEntry.verb == "export.taken")
            .order_by(JournalEntry.id.desc())
        ).all()[1]
    after = json.loads(body)["after"]
    assert (after["kind"], after["sha256"]) == ("audit_review", taken.headers["Content-SHA256"])
    assert after["sha256"] in cases.text


@pytest.mark.req("P-05", "X-05")
@pytest.mark.parametrize("query", ["", "?figure=exports"], ids=["figures", "cases"])
def test_nothing_is_taken_away_unsigned_by_a_link_or_by_who_may_not_export(
    world: World, query: str
) -> None:
    def taken() -> int:
        with world.database.reading() as session:
            return len(
                session.scalars(
                    select(JournalEntry.id).where(JournalEntry.verb == "export.taken")
                ).all()
            )

    before, page = taken(), REVIEW if not query else f"{REVIEW}/cases{query}"
    manager = world.sign_in_to_console(Role.DATA_MANAGER)
    monitor = world.sign_in_to_console(Role.MONITOR)

    unsigned = send(manager, f"{FILE}{query}")
    not_hers = send(monitor, f"{FILE}{query}", **world.proof(Role.MONITOR))

    assert (unsigned.status_code, not_hers.status_code) == (403, 403)
    assert html.fromstring(unsigned.text).xpath("//details[@open]//*[@aria-invalid]/@name") == [
        "password", "totp",
    ]  # fmt: skip
    assert manager.get(f"{CONSOLE}{FILE}{query}").status_code in {404, 405}
    assert FILE in manager.get(page).text
    assert FILE not in monitor.get(page).text
    assert taken() == before


def test_a_review_is_put_on_record_and_what_is_wrong_stands_beside_its_field(
    world: World,
) -> None:
    monitor = world.sign_in_to_console(Role.MONITOR)

    wrong = send(monitor, "/audit-review/reviews", site="SZ01", upto_on="2026-03-02", remark=" ")
    taken = send(
        monitor, "/audit-review/reviews", site="SZ01", upto_on="2026-03-01",
        remark="看了夜间填写 <b>",
    )  # fmt: skip
    page = monitor.get(REVIEW)

    beside = html.fromstring(wrong.text)
    assert wrong.status_code == 422
    assert "还没有到" in beside.xpath("string(//*[@id='audit_review-upto_on-wrong'])")
    assert "请填写" in beside.xpath("string(//*[@id='audit_review-remark-wrong'])")
    assert taken.status_code == 303, text_of(taken)
    assert "审核到 2026-03-01 – 看了夜间填写 <b>" in text_of(page)


@pytest.mark.req("P-06")
def test_an_inspector_reads_and_puts_nothing_on_record(world: World) -> None:
    inspector = world.sign_in_to_console(Role.INSPECTOR)

    page = inspector.get(REVIEW)
    answer = send(inspector, "/audit-review/reviews", site="SZ01", upto_on="2026-03-01", remark="x")

    assert page.status_code == 200
    assert "/audit-review/reviews" not in page.text
    assert answer.status_code == 403
    assert world.sign_in_to_console(Role.COORDINATOR).get(REVIEW).status_code == 403


@pytest.mark.req("P-10")
def test_every_fact_that_a_case_may_hold_has_words() -> None:
    names = ("questionnaire", "local_time", "taken_s", "answers", "mode", "completer", "source",
             "state", "delay_s", "tag", "with", "more", "verb", "why", "address", "kind", "rows",
             "sha256")  # fmt: skip
    keys = [f"audit.fact.{name}" for name in names]
    keys += [f"audit.mode.{mode.value}" for mode in EntryMode]
    keys += [f"audit.{figure.value}{ending}" for figure in Figure for ending in ("", ".means")]

    assert [key for key in keys if key not in WORDS] == []

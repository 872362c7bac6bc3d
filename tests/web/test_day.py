"""A site's day on screen: what is due, who was called, what did not arrive, what was reviewed."""

import re
from datetime import datetime, timedelta
from itertools import product

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select

from epro.access import Role
from epro.models import Deputy, SafetyFlag, WorkItem
from epro.services import message_log
from epro.services.message_log import Outcome
from notifications.messages import ChannelName, MessageState, OutboxMessage
from tests.api.world import API, ELSEWHERE, HERE, PARTICIPANT, THERE, World, put_down
from tests.web.cases_day import (
    call_to_make,
    failed_alert,
    failed_message,
    mark_reviewed,
    name_deputy,
    shown_up_to,
)
from tests.web.cases_participants import somebody
from tests.web.pages import CONSOLE, send, text_of


def section(page: str, key: str) -> str:
    """Return what one part of the page says."""
    (part,) = html.fromstring(page).xpath(f"//section[@aria-labelledby='{key}']")
    return " ".join(part.text_content().split())


def whole(browser: FlaskClient, key: str) -> str:
    """Return all pages of one of today's lists: others of this trial stand on it too."""
    pages = [browser.get(f"{CONSOLE}/today").text]
    while f"{key}={len(pages) + 1}" in pages[-1]:
        pages.append(browser.get(f"{CONSOLE}/today?{key}={len(pages) + 1}").text)
    return " ".join(section(page, key) for page in pages)


@pytest.mark.req("C-01")
def test_today_shows_what_is_due_at_ones_own_site_and_nothing_of_others(world: World) -> None:
    call_to_make(world), failed_message(world)
    call_to_make(world, ELSEWHERE), failed_message(world, ELSEWHERE)
    code = somebody(world)
    later = world.clock() + timedelta(days=4)
    browser = world.sign_in_to_console(Role.COORDINATOR)

    page = browser.get(f"{CONSOLE}/today").text
    calls, before, world_now = whole(browser, "calls"), whole(browser, "codes"), world.clock()
    world.clock.set(later)
    after = whole(browser, "codes")
    world.clock.set(world_now)

    assert PARTICIPANT in calls
    assert "需要致电" in calls
    assert code not in before
    assert f"{code} · 已于" in after
    assert ELSEWHERE not in page
    assert "未送达的消息" in page


@pytest.mark.req("C-03")
def test_a_contact_takes_three_clicks_and_takes_the_call_off_the_list(world: World) -> None:
    item = call_to_make(world)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    today = html.fromstring(browser.get(f"{CONSOLE}/today").text)
    (link,) = [one for one in today.xpath("//a/@href") if f"work={item}" in one]  # first click

    # Below it stands the form that narrows the list, once there is one.
    forms = html.fromstring(browser.get(link).text).forms
    form = [one for one in forms if one.method == "POST"][-1]
    fields = dict(form.form_values())
    clicks = 1 + len([one for one in form.xpath(".//*[@required]/@name") if one not in fields][:1])
    saved = send(browser, "/contacts", **{**fields, "outcome": "reached"})  # choose, then save

    assert clicks + 1 == 3
    assert saved.status_code == 303
    with world.database.reading() as session:
        assert session.get_one(WorkItem, item).done_at is not None
    assert "接通" in text_of(browser.get(f"{CONSOLE}/participants/{PARTICIPANT}"))


@pytest.mark.req("C-01")
def test_somebody_at_another_site_cannot_be_contacted_from_here(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answers = [
        send(browser, "/contacts", code=code, outcome="reached", channel="telephone")
        for code in (ELSEWHERE, "SZ01-999")
    ]

    assert [one.status_code for one in answers] == [404, 404]


def test_failed_messages_stand_first_and_are_sent_again_with_a_reason(world: World) -> None:
    message = failed_alert(world)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    path = f"/messages/{message}/again"

    page = html.fromstring(browser.get(f"{CONSOLE}/messages").text)
    without = send(browser, path, reason=" ")
    again = send(browser, path, reason="换了号码")
    elsewhere = send(browser, f"/messages/{failed_alert(world, ELSEWHERE)}/again", reason="x")

    states = [row.xpath("string(td[1])").split()[0] for row in page.xpath("//tbody/tr")]
    assert states == sorted(states, key=lambda one: one != "失败")
    assert states[0] == "失败"
    assert [one.status_code for one in (without, again, elsewhere)] == [422, 303, 404]
    with world.database.reading() as session:
        first = session.get_one(OutboxMessage, message)
        assert first.state is MessageState.FAILED
        assert session.get_one(OutboxMessage, first.repeated_by).state is MessageState.QUEUED
    assert send(browser, path, reason="再试一次").status_code == 409
    row = next(
        one
        for page in pages_of_log(browser)
        for one in html.fromstring(page).xpath("//tbody/tr")
        if "失败，已重新发送" in one.text_content()
    )
    assert row.xpath(".//form") == []


def test_why_a_message_is_not_sent_again_is_said_in_words(world: World) -> None:
    message = failed_alert(world)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    with world.database.transaction() as session:
        flag = (session.get_one(OutboxMessage, message).about or "").removeprefix("flag:")
    send(browser, f"/flags/{flag}/acknowledgement")

    answer = send(browser, f"/messages/{message}/again", reason="x")

    assert answer.status_code == 409
    assert "预警已有人确认" in answer.text


def written(world: World, code: str, *, by: str, minutes: int, **facts: object) -> str:
    """Return what the provider calls a message to a participant, written so long ago."""
    with world.database.transaction() as session:
        message = session.get_one(OutboxMessage, failed_message(world, code))
        message.created_at = world.clock() - timedelta(minutes=minutes)
        message.state, message.provider_id = MessageState.SENT, f"{by}-{minutes}"
        for name, value in facts.items():
            setattr(message, name, value)
        return str(message.provider_id)


def named_in(page: str, by: str) -> list[str]:
    """Return the messages of a test on a page of the log, in their order."""
    return re.findall(rf">({by}-\d+)<", page)


def pages_of_log(browser: FlaskClient, query: str = "") -> list[str]:
    """Return every page of the log of messages, as its links lead on."""
    path: str | None = f"{CONSOLE}/messages?{query}"
    pages = []
    while path:
        page = browser.get(path).text
        pages.append(page)
        path = next(iter(html.fromstring(page).xpath("//a[@rel='next']/@href")), None)
    return pages


def test_the_log_leads_page_by_page_to_every_message_once_failed_ones_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_log, "PAGE", 7)
    monkeypatch.setattr(message_log, "PIECE", 3)
    ours: list[str] = []
    failed: list[str] = []
    for minutes in (1, 2, 2, 3, 5, 8, 8, 8, 13, 21, 34, 55):
        is_failed = minutes in {2, 13}
        number = len(ours) + 1
        ours.append(
            written(world, PARTICIPANT, by=f"paged{number}", minutes=minutes,
                    delivery_status="undelivered" if is_failed else None)
        )  # fmt: skip
        failed += ours[-1:] if is_failed else []
        written(world, ELSEWHERE, by="theirs", minutes=minutes)
    browser = world.sign_in_to_console(Role.COORDINATOR)

    pages = pages_of_log(browser, f"code={PARTICIPANT}")

    found = [one for page in pages for one in named_in(page, r"paged\d+")]
    assert sorted(found) == sorted(ours)
    assert set(found[: len(failed)]) == set(failed)
    sent = [int(one.rpartition("-")[2]) for one in found[len(failed) :]]
    assert sent == sorted(sent)
    assert not any(named_in(page, "theirs") for page in pages)


def test_what_became_of_a_message_is_the_same_in_the_database_and_on_the_page(
    world: World,
) -> None:
    said = (
        None, "", "delivered", "undelivered", "failed", "bounced", "read", "busy", "no-answer",
        "canceled", "completed",
    )  # fmt: skip
    browser, expected = world.sign_in_to_console(Role.COORDINATOR), {}
    for number, (state, status) in enumerate(product(MessageState, said), start=1):
        name = written(
            world, PARTICIPANT, by="fate", minutes=number, state=state, delivery_status=status
        )
        made_of = OutboxMessage(state=state, delivery_status=status)
        expected[name] = message_log.outcome_of(made_of)

    for outcome in Outcome:
        page = "".join(pages_of_log(browser, f"outcome={outcome}&days=30"))
        assert set(named_in(page, "fate")) == {
            name for name, one in expected.items() if one is outcome
        }, outcome


@pytest.mark.parametrize(
    ("status", "zh", "en"),
    [
        ("busy", "占线", "Busy"),
        ("no-answer", "无人接听", "Nobody answered"),
        ("canceled", "失败 服务商已取消", "Failed Cancelled by the provider"),
    ],
)
def test_a_call_that_nobody_took_is_not_shown_as_handed_over(
    world: World, status: str, zh: str, en: str
) -> None:
    name = written(
        world, PARTICIPANT, by=f"call{status}", minutes=1, channel=ChannelName.VOICE,
        delivery_status=status, last_error=None,
    )  # fmt: skip
    browser = world.sign_in_to_console(Role.COORDINATOR)

    for language, words in (("zh", zh), ("en", en)):
        browser.get(f"{CONSOLE}/language/{language}?to={CONSOLE}/messages")
        (line,) = [
            row
            for page in pages_of_log(browser)
            for row in html.fromstring(page).xpath(f"//tr[td[contains(., '{name}')]]")
        ]
        assert " ".join(line[0].text_content().split()) == words


@pytest.mark.parametrize(
    "query", ["outcome=odd&days=x&after=z", "days=30&channel=sms", "code=SZ01-999"]
)
def test_an_odd_filter_of_messages_breaks_nothing(world: World, query: str) -> None:
    page = world.sign_in_to_console(Role.MONITOR).get(f"{CONSOLE}/messages?{query}")

    assert page.status_code == 200


def test_a_message_that_arrived_is_not_sent_again(world: World) -> None:
    message = failed_message(world)
    with world.database.transaction() as session:
        row = session.get_one(OutboxMessage, message)
        row.state, row.delivery_status = MessageState.SENT, "delivered"
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answer = send(browser, f"/messages/{message}/again", reason="to be sure")

    assert answer.status_code == 409


@pytest.mark.req("C-06")
def test_new_data_and_corrections_undo_a_review(world: World) -> None:
    start = world.clock()
    investigator = world.sign_in_to_console(Role.INVESTIGATOR)
    # Later than whatever other tests have left behind.
    began = max(start, datetime.fromisoformat(shown_up_to(investigator)))
    world.clock.set(began + timedelta(minutes=5))
    mark_reviewed(investigator)
    reviewed = waiting(world)

    world.clock.set(began + timedelta(minutes=10))
    world.complain(PARTICIPANT, urgent=("chills",))
    new = waiting(world)
    world.clock.set(began + timedelta(minutes=15))
    mark_reviewed(investigator)
    again = waiting(world)
    world.clock.set(began + timedelta(minutes=20))
    correct(world)
    corrected = waiting(world)
    world.clock.set(start)

    assert (reviewed, new, again, corrected) == (False, True, False, True)


@pytest.mark.req("C-06")
def test_what_came_in_after_the_page_was_shown_is_not_reviewed(world: World) -> None:
    start = world.clock()
    investigator = world.sign_in_to_console(Role.INVESTIGATOR)
    world.clock.set(start + timedelta(minutes=10))
    world.complain(PARTICIPANT, urgent=("chills",))
    # What the page showed just before the newest came in, whatever the other tests left behind.
    newest = datetime.fromisoformat(shown_up_to(investigator))
    shown = (newest - timedelta(seconds=1)).isoformat()
    path = f"/participants/{PARTICIPANT}/reviews"

    stale = send(investigator, path, visit="baseline", seen_up_to=shown)
    unsaid = send(investigator, path, visit="baseline")
    odd = send(investigator, path, visit="baseline", seen_up_to="2026-03-01T10:00:00")
    unreviewed = waiting(world)
    world.clock.set(start)

    assert [stale.status_code, unsaid.status_code, odd.status_code] == [409, 409, 422]
    assert "打开本页之后又有新的数据" in stale.text
    assert unreviewed


def waiting(world: World) -> bool:
    page = world.sign_in_to_console(Role.COORDINATOR).get(f"{CONSOLE}/reviews")
    return PARTICIPANT in html.fromstring(page.text).xpath("//tr[@data-line]/th/a/text()")


def correct(world: World) -> None:
    """Have her answer corrected: put down by the coordinator, confirmed, approved."""
    coordinator = world.sign_in(Role.COORDINATOR)
    asked = world.request(
        "POST", f"{API}/participants/{PARTICIPANT}/corrections", json=put_down(world.known),
        headers=coordinator,
    )  # fmt: skip
    assert asked.status_code in {200, 201}, asked.text
    correction = asked.get_json()["id"]
    hers = world.sign_in(PARTICIPANT)
    word = world.request(
        "POST",
        f"{API}/me/corrections/{correction}/word",
        json={"is_right": True},
        headers=hers,
    )
    assert word.status_code == 200, word.text
    decided = world.request(
        "POST", f"{API}/corrections/{correction}/decision",
        json={"is_approved": True, "reason": "电话核实"},
        headers=world.sign_in(Role.INVESTIGATOR),
    )  # fmt: skip
    assert decided.status_code == 200, decided.text


def test_a_note_is_read_by_the_next_shift_and_by_no_other_site(world: World) -> None:
    text = "明早八点再打 014"
    send(world.sign_in_to_console(Role.COORDINATOR), "/today/notes", site=HERE, text=text)

    here = world.sign_in_to_console(Role.INVESTIGATOR).get(f"{CONSOLE}/today")
    there = world.sign_in_to_console("from.elsewhere").get(f"{CONSOLE}/today")
    refused = send(
        world.sign_in_to_console(Role.COORDINATOR), "/today/notes", site=THERE, text=text
    )
    empty = send(world.sign_in_to_console(Role.COORDINATOR), "/today/notes", site=HERE, text=" ")

    assert text in text_of(here)
    assert text not in text_of(there)
    assert (refused.status_code, empty.status_code) == (404, 422)


def test_whoever_stands_in_finds_a_colleagues_flags_among_her_own(world: World) -> None:
    flag = world.complain(PARTICIPANT, urgent=("limb",))
    send(world.sign_in_to_console(Role.COORDINATOR), f"/flags/{flag}/acknowledgement")
    deputy = world.sign_in_to_console(Role.INVESTIGATOR)

    before = str(flag) in deputy.get(f"{CONSOLE}/flags?mine=1").text
    name_deputy(world)
    during = str(flag) in deputy.get(f"{CONSOLE}/flags?mine=1").text
    with world.database.reading() as session:
        owner = session.get_one(SafetyFlag, flag).owner_id
        row = session.scalars(select(Deputy.id).where(Deputy.user_id == owner)).all()
    for one in row:
        send(deputy, f"/today/deputies/{one}/end")
    after = str(flag) in deputy.get(f"{CONSOLE}/flags?mine=1").text

    assert (before, during, after) == (False, True, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"deputy": "coordinator"}, {"deputy": "monitor"}, {"deputy": "nobody"},
        {"to_on": "2026-02-01"}, {"from_on": "2026-03-09"}, {"to_on": "x"}, {"from_on": ""},
    ],
)  # fmt: skip
def test_a_deputy_is_a_colleague_and_has_days(world: World, wrong: dict[str, str]) -> None:
    fields = {
        "site": HERE, "deputy": "investigator", "from_on": "2026-03-01", "to_on": "2026-03-05"
    }  # fmt: skip
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answer = send(browser, "/today/deputies", **{**fields, **wrong})

    assert answer.status_code == 422
    assert re.search('aria-invalid="true"', answer.text)

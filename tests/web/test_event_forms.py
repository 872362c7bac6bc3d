"""An adverse event on screen: accepted, entered, said anew; nothing that was typed is lost."""

import inspect
import re

import pytest
from lxml import html
from lxml.html import FormElement
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.errors import ReasonRequired
from epro.models import AdverseEvent
from epro.services import (
    adverse_events,
    assessing,
    audit_review,
    awareness,
    contacts,
    event_facts,
    flags,
)
from epro.web.console import typed
from epro.web.console.words import WORDS
from tests.api.world import INFUSED_AT, PARTICIPANT, World
from tests.factories import add_user
from tests.web.cases_record import an_event, enter_event, latest_event, undecided
from tests.web.pages import CONSOLE, csrf_of, send, text_of

pytestmark = pytest.mark.req("E-04")
EVENTS = f"/participants/{PARTICIPANT}/events"
FIRST_DAY = INFUSED_AT.date().isoformat()


def count(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count(AdverseEvent.id))) or 0


def form_of(answer: TestResponse, ending: str) -> FormElement:
    (form,) = [
        one for one in html.fromstring(answer.text).forms if str(one.action).endswith(ending)
    ]
    return form


def test_a_candidate_becomes_an_event_once_with_nothing_but_its_day_filled_in(
    world: World,
) -> None:
    candidate, before = undecided(world), count(world)
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    path = f"/participants/{PARTICIPANT}/event-candidates/{candidate}/acceptance"

    listed = browser.get(f"{CONSOLE}/events").text
    fields = dict(form_of(browser.get(CONSOLE + path), "/acceptance").fields)
    sent = an_event(key=fields["key"])
    answers = [send(browser, path, **sent) for _ in range(2)]
    other = send(browser, path, **sent | {"term": "偏头痛"})

    assert path in listed
    assert fields["onset_on"] == FIRST_DAY
    judged = ("term", "outcome", "relationship", "action_taken", "grade", "ended_on", "reason")
    assert {fields[name] for name in judged} == {""}
    assert [one.status_code for one in answers] == [303, 303], text_of(answers[0])
    assert other.status_code == 409
    assert "这张表已经保存过" in text_of(other)
    assert count(world) == before + 1
    assert path not in browser.get(f"{CONSOLE}/events").text
    assert latest_event(world)["basis"][0]["disposition"] == "accepted"


@pytest.mark.req("P-10")
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(world: World) -> None:
    browser, before = world.sign_in_to_console(Role.INVESTIGATOR), count(world)
    sent = {
        **an_event(term="发热 38.9", outcome="fatal", relationship="", reason="电话"),
        "csrf": csrf_of(browser), "seriousness": ["hospitalisation"], "ended_on": "not a day",
        "grade": ["2", "3", ""], "grade_from": ["", "", ""],
    }  # fmt: skip

    untaken = browser.post(CONSOLE + EVENTS, data=sent)
    contradiction = browser.post(
        CONSOLE + EVENTS,
        data={**sent, "relationship": "possible", "ended_on": "", "grade_from": "", "grade": "4"},
    )

    page = html.fromstring(untaken.text)
    assert untaken.status_code == 422
    beside = {
        "relationship": "请填写。", "ended_on": "这不是日期。", "grades": "这不是日期。",
    }  # fmt: skip
    for field, said in beside.items():
        assert said in page.xpath(f"string(//*[@id='event-{field}-wrong'])"), field
    described = page.xpath("string(//*[@name='ended_on']/@aria-describedby)")
    assert described.split()[0] == "event-ended_on-wrong"
    form = form_of(untaken, "/events")
    assert (form.fields["term"], form.fields["reason"]) == ("发热 38.9", "电话")
    assert form.xpath(".//input[@name='seriousness'][@checked]/@value") == ["hospitalisation"]
    assert form.xpath(".//select[@name='grade']/option[@selected]/@value") == ["2", "3"]
    text = text_of(contradiction)
    assert contradiction.status_code == 422
    assert all(one in text for one in ("转归与结束日期不一致", "5 级即死亡", "死亡的事件要选"))
    assert count(world) == before


def test_an_event_is_said_anew_and_every_version_stays_on_the_page(world: World) -> None:
    enter_event(world)
    event, browser = latest_event(world), world.sign_in_to_console(Role.INVESTIGATOR)
    path = f"/events/{event['id']}"

    fields = dict(form_of(browser.get(CONSOLE + path), path).fields)
    sent = {
        **an_event(outcome="recovered", relationship="possible", reason="复诊"),
        "csrf": csrf_of(browser), "version": fields["version"], "ended_on": FIRST_DAY,
        "seriousness": ["medically_important"], "onset_at": f"{FIRST_DAY}T12:30",
        "grade": ["2", ""], "grade_from": [FIRST_DAY, ""],
    }  # fmt: skip
    taken = browser.post(CONSOLE + path, data=sent)
    stale = browser.post(CONSOLE + path, data={**sent, "term": "偏头痛"})
    again = browser.post(
        CONSOLE + path,
        data={**sent, "term": "偏头痛", "version": form_of(stale, path).fields["version"]},
    )

    assert (fields["term"], fields["grade_from"]) == ("头痛", FIRST_DAY)
    assert taken.status_code == 303, text_of(taken)
    assert stale.status_code == 409
    assert "事件在此期间有变化" in text_of(stale)
    assert form_of(stale, path).fields["term"] == "偏头痛"
    assert again.status_code == 303, text_of(again)
    now = latest_event(world)
    assert (now["version"], now["term"], now["worst_grade"]) == (3, "偏头痛", 2)
    assert (now["ended_on"], now["seriousness"]) == (FIRST_DAY, ["medically_important"])
    assert now["onset_at"].startswith(f"{FIRST_DAY}T04:30")
    shown = text_of(browser.get(CONSOLE + path))
    assert all(f"第 {number} 版" in shown for number in (1, 2, 3))
    assert "复诊" in shown


@pytest.mark.req("B-03")
def test_the_form_warns_of_words_that_might_tell_who_received_what(world: World) -> None:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    words = an_event(term="安慰剂 placebo headache")

    warned = send(browser, EVENTS, **words)
    kept = send(browser, EVENTS, **words, reveals_nothing="yes")

    assert warned.status_code == 409
    assert warned.text.count('name="reveals_nothing"') == 1
    assert words["term"] in warned.text
    assert kept.status_code == 303, text_of(kept)


@pytest.mark.req("P-06")
def test_a_monitor_reads_an_event_and_is_offered_no_form(world: World) -> None:
    enter_event(world)
    path = f"/events/{latest_event(world)['id']}"
    browser = world.sign_in_to_console(Role.MONITOR)

    page, refused = browser.get(CONSOLE + path), send(browser, path, **an_event())

    assert page.status_code == 200
    assert "头痛" in text_of(page)
    assert "修改事件" not in page.text
    assert refused.status_code == 403


@pytest.mark.req("P-10")
def test_whatever_can_be_wrong_with_a_field_is_said_in_the_readers_words() -> None:
    said = re.findall(r'yield "\w+", "([^"]+)"', inspect.getsource(event_facts))
    said += re.findall(r'not_right\([^"]+"([^"]+)"\)', inspect.getsource(typed))
    for service in (adverse_events, assessing, audit_review, awareness, contacts, flags):
        source = inspect.getsource(service)
        said += re.findall(r'"message": "([^"]+)"|message = "([^"]+)"', source)
    said = [one if isinstance(one, str) else "".join(one) for one in said]
    said += re.findall(r'_invalid\("?\w+"?, "([^"]+)"\)', inspect.getsource(adverse_events))
    said.append(ReasonRequired.message)

    assert len(said) > 30
    assert [one for one in said if f"said.{one}" not in WORDS] == []


@pytest.mark.req("P-06")
def test_whoever_is_not_delegated_is_told_before_there_is_a_form_to_fill_in(world: World) -> None:
    candidate = undecided(world)
    with world.database.transaction() as session:
        add_user(session, "not.delegated", roles=[Role.INVESTIGATOR], keyring=world.keyring)
    his, delegated = (world.sign_in_to_console(one) for one in ("not.delegated", Role.INVESTIGATOR))
    acceptance = f"/participants/{PARTICIPANT}/event-candidates/{candidate}/acceptance"
    paths = (f"/participants/{PARTICIPANT}/events/new", acceptance, "/events")

    told = [his.get(f"{CONSOLE}{path}") for path in paths]
    offered = [delegated.get(f"{CONSOLE}{path}") for path in paths]

    assert ["还没有把这项任务授权给您" in text_of(one) for one in told] == [True] * 3
    assert ["还没有把这项任务授权给您" in text_of(one) for one in offered] == [False] * 3
    assert ['name="reason"' in one.text for one in told] == [False] * 3
    assert ['name="reason"' in one.text for one in offered] == [True] * 3
    assert send(his, acceptance, **an_event()).status_code == 403

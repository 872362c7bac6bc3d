"""What does not come is noticed once, and on the first days somebody is asked to call."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import FlagNote, JournalEntry, WorkItem, WorkKind
from epro.services import drafts, message_log, noticing, planning, reminder_ways, reminders
from epro.services.message_log import Outcome
from notifications import lifecycle
from notifications.hooks import Hooks
from questionnaires.schedule import AnchorEvent
from questionnaires.tiers import Tier
from tests.factories import shipped_package
from tests.services.given import begin, local
from tests.services.line import (
    INFUSED_AT,
    INFUSED_ON,
    Line,
    begin_line,
    flags_of,
    messages_of,
)
from tests.statements import engine_of, heard_by

D2 = INFUSED_ON + timedelta(days=1)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def notice(session: Session, line: Line, now: datetime) -> int:
    return noticing.notice(session, catalogue=line.given.catalogue, now=now)


def missed(session: Session) -> list[str]:
    return list(
        session.scalars(
            select(JournalEntry.entity_id)
            .where(JournalEntry.verb == "assessment.missed")
            .order_by(JournalEntry.id)
        )
    )


def calls(session: Session) -> list[WorkItem]:
    return list(session.scalars(select(WorkItem).where(WorkItem.kind == WorkKind.CALL_NOW)))


@pytest.mark.req("A-13")
def test_a_silent_morning_asks_for_a_call_two_hours_after_it_was_due(
    session: Session, line: Line
) -> None:
    line.answer(session, line.diary_on(session, INFUSED_ON), now=local(INFUSED_ON, 19))
    notice(session, line, local(D2, 10, 59))
    assert calls(session) == []

    notice(session, line, local(D2, 11))

    assert [item.kind for item in calls(session)] == ["call_now"]


@pytest.mark.req("A-13", "C-01")
def test_nobody_is_asked_to_call_about_what_she_has_answered_since(
    session: Session, line: Line
) -> None:
    _, other = line.given.assessments(session, family="morning_check")
    notice(session, line, other.due_at + timedelta(hours=2))
    answered_at = other.due_at + timedelta(hours=2, minutes=20)

    line.answer(session, other, now=answered_at)

    session.expire_all()
    done = {item.about: item.done_at for item in calls(session)}
    assert done[f"assessment:{other.id}"] == answered_at
    evening = line.diary_on(session, D2)
    assert done[f"assessment:{evening.id}"] is None


@pytest.mark.req("A-13", "S-07")
def test_the_evening_of_day_two_is_missed_at_noon_of_day_three_and_flags_orange(
    session: Session, line: Line
) -> None:
    line.answer(session, line.diary_on(session, INFUSED_ON), now=local(INFUSED_ON, 19))
    for check in line.given.assessments(session, family="morning_check"):
        line.answer(session, check, now=check.opens_at)
    evening = line.diary_on(session, D2)

    notice(session, line, evening.late_until - timedelta(microseconds=1))
    assert missed(session) == []
    notice(session, line, evening.late_until)

    assert evening.late_until == local(D2 + timedelta(days=1), 12)
    assert missed(session) == [str(evening.id)]
    assert [flag.tier for flag in flags_of(session)] == [Tier.ORANGE]


@pytest.mark.req("A-13", "N-05")
def test_silence_is_noticed_where_nobody_can_tell_whether_a_message_arrived(
    session: Session, line: Line
) -> None:
    line.answer(session, line.diary_on(session, INFUSED_ON), now=local(INFUSED_ON, 19))
    reminders.remind(session, catalogue=line.given.catalogue, now=local(D2, 8))
    (reminder,) = messages_of(session, reminder_ways.PURPOSE)
    lifecycle.accept(session, reminder, "taken by a gateway", now=local(D2, 8), hooks=Hooks())

    notice(session, line, local(D2, 11))
    notice(session, line, local(D2, 12))

    assert message_log.outcome_of(reminder) is Outcome.SENT
    assert [item.kind for item in session.scalars(select(WorkItem))] == [WorkKind.CALL_NOW]
    assert [flag.tier for flag in flags_of(session)] == [Tier.ORANGE]


@pytest.mark.req("A-13")
def test_what_is_missed_is_noticed_once(session: Session, line: Line) -> None:
    later = local(INFUSED_ON + timedelta(days=6), 13)
    while notice(session, line, later):
        continue
    noticed = missed(session)

    notice(session, line, later + timedelta(minutes=1))

    assert len(noticed) == len(set(noticed))
    assert missed(session) == noticed


@pytest.mark.req("A-13")
def test_what_was_answered_is_never_missed(session: Session, line: Line) -> None:
    evening = line.diary_on(session, INFUSED_ON)
    line.answer(session, evening, now=local(INFUSED_ON, 19))

    notice(session, line, local(D2, 12))

    assert str(evening.id) not in missed(session)


@pytest.mark.req("A-10", "A-13")
def test_an_answer_that_comes_after_all_is_noted_on_the_flag_that_stays_open(
    session: Session, line: Line
) -> None:
    evening = line.diary_on(session, INFUSED_ON)
    notice(session, line, evening.late_until)
    (flag, *_) = flags_of(session)

    line.answer(session, evening, now=evening.late_until - timedelta(hours=1))

    notes = session.scalars(select(FlagNote)).all()
    assert [(note.flag_id, note.kind) for note in notes] == [(flag.id, "answered_after_all")]
    assert flags_of(session)[0].closed_at is None


@pytest.mark.req("A-13", "S-05")
def test_an_infusion_that_is_entered_after_the_hour_of_the_call_asks_for_it_at_once(
    session: Session,
) -> None:
    """Nobody has heard from her since, and the form still takes an answer: it is not too late."""
    given = begin(session, package=shipped_package())
    entered_at = local(D2, 8, 40)
    given.record(session, AnchorEvent.INF1, INFUSED_AT, now=entered_at)
    evening = given.diary_on(session, INFUSED_ON)
    assert evening.late_until > entered_at

    noticing.notice(session, catalogue=given.catalogue, now=entered_at + timedelta(seconds=30))

    assert [item.about for item in calls(session)] == [f"assessment:{evening.id}"]


@pytest.mark.req("A-13", "S-06")
def test_after_a_second_visit_the_diaries_that_stand_are_watched_as_after_the_first(
    session: Session, line: Line
) -> None:
    """Its first days may be those of diaries that the first infusion planned."""
    second_on = INFUSED_ON + timedelta(days=20)
    day_after = line.diary_on(session, second_on + timedelta(days=1))
    line.given.record(session, AnchorEvent.INF2, local(second_on, 10), now=local(second_on, 11))
    assert line.diary_on(session, day_after.planned_on).id == day_after.id
    notice(session, line, local(day_after.planned_on, 22))
    before = {item.about for item in calls(session)}

    notice(session, line, local(day_after.planned_on + timedelta(days=1), 8))

    asked = {item.about for item in calls(session)} - before
    assert f"assessment:{day_after.id}" in asked


def test_looking_for_what_is_due_goes_through_nothing_else(session: Session, line: Line) -> None:
    """Each tick asks, and once more after each that found something: for years, over everybody."""
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by how much is stored, so that a test would fill it.")
    with heard_by(engine_of(session)) as statements:
        notice(session, line, local(D2, 9))
        drafts.close(session, catalogue=line.given.catalogue, now=local(D2, 9))
        planning.follow_up(session, catalogue=line.given.catalogue, now=local(D2, 9))

    plans = {one: plan_of(session, one) for one in statements if one.startswith("SELECT")}
    through = {"SCAN assessment", "SCAN questionnaire_response"}
    assert [
        step for plan in plans.values() for step in plan if step.startswith(tuple(through))
    ] == ["SCAN questionnaire_response USING INDEX ix_questionnaire_response_in_progress"]
    assert any("ix_assessment_next_look_at" in step for plan in plans.values() for step in plan)


def plan_of(session: Session, statement: str) -> list[str]:
    driver = session.connection().connection.cursor()
    driver.execute(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?"))
    return [row[3] for row in driver.fetchall()]

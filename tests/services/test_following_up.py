"""An open problem is asked about again until it has ended."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import (
    AdverseEvent,
    Assessment,
    AssessmentState,
    Disposition,
    EventSource,
    JournalEntry,
    LifeCycle,
    Reminder,
    SafetyFlag,
)
from epro.services import (
    adverse_events,
    anchors,
    diary,
    life_cycle,
    noticing,
    planning,
    previews,
    reminders,
    site_today,
)
from questionnaires.adverse_events import Outcome
from questionnaires.schedule import AnchorEvent
from tests.factories import SYSTEM, add_participant, participant_actor
from tests.services.eventful import Eventful, begin_eventful, day
from tests.services.given import local
from tests.services.line import INFUSED_AT
from tests.statements import engine_of, heard_by

pytestmark = pytest.mark.req("A-12")


@pytest.fixture
def eventful(session: Session) -> Eventful:
    return begin_eventful(session)


def tick(eventful: Eventful, number: int, hour: int = 9) -> int:
    """Run the job on the morning of a study day."""
    return planning.follow_up(
        eventful.session, catalogue=eventful.line.given.catalogue, now=local(day(number), hour)
    )


def askings(eventful: Eventful, report_id: UUID) -> list[Assessment]:
    return eventful.line.given.assessments(eventful.session, family=f"follow_up:{report_id}")


def days_of(found: list[Assessment]) -> list[date]:
    return [one.planned_on for one in found]


def answer(eventful: Eventful, asking: Assessment, number: int, still: str) -> None:
    eventful.line.answer(
        eventful.session, asking, now=local(day(number), 18), still=still, help_now=False
    )


def report(eventful: Eventful, number: int, **but: object) -> UUID:
    at = local(day(number), 12)
    return eventful.report(at, what="pain", began_at=at.isoformat(), **but)


def turn(eventful: Eventful, to: LifeCycle, number: int, hour: int = 10) -> None:
    """Pause, or come back, on a study day."""
    given, at = eventful.line.given, local(day(number), hour)
    life_cycle.change(
        eventful.session, given.coordinator, given.participant, to, occurred_at=at,
        reason="in hospital elsewhere", catalogue=given.catalogue, now=at,
    )  # fmt: skip


def states(eventful: Eventful, report_id: UUID, at: datetime) -> dict[date, AssessmentState]:
    return {one.planned_on: one.state_at(at) for one in askings(eventful, report_id)}


def notice(eventful: Eventful, at: datetime) -> None:
    while noticing.notice(eventful.session, catalogue=eventful.line.given.catalogue, now=at):
        continue


def test_the_site_is_told_of_an_asking_by_the_name_of_its_form(eventful: Eventful) -> None:
    asking_on = 3 + eventful.line.given.catalogue.packages[0].adverse_events.ask_again_days
    report(eventful, 3)
    tick(eventful, 4)
    given, now = eventful.line.given, local(day(asking_on), 12)

    today = site_today.of_site(
        eventful.session, given.coordinator, catalogue=given.catalogue, now=now
    )
    preview = previews.of_anchor(
        eventful.session, given.participant, AnchorEvent.INF1,
        occurred_at=INFUSED_AT + timedelta(days=1), catalogue=given.catalogue, now=now,
    )  # fmt: skip

    form = given.catalogue.packages[0].questionnaire("ae_follow_up")
    assert form is not None
    said = [one.title for one in today.open_diaries.lines if one.assessment.block == "AE"]
    kept = [one.title for one in preview.stays if one.family.startswith("follow_up:")]
    assert said == kept == [form.title]


def test_two_reports_are_told_apart_by_their_day_and_what_they_are_about(
    eventful: Eventful,
) -> None:
    pain, other = report(eventful, 3), day(4)
    began_at = local(other, 9).isoformat()
    eventful.report(local(other, 12), what="something-else", what_text="耳鸣", began_at=began_at)
    tick(eventful, 5)
    given = eventful.line.given

    listed = diary.own_diary(
        eventful.session, given.actor, catalogue=given.catalogue, now=local(day(11), 9)
    )

    about = [one.about for one in listed.items if one.about]
    assert [(one.on, one.words and one.words.zh) for one in about] == [
        (day(3), "疼痛"), (other, "耳鸣"),
    ]  # fmt: skip
    assert askings(eventful, pain)[0].id in {one.id for one in listed.items if one.about}


def test_the_series_goes_on_from_each_answer_and_ends_on_ended(eventful: Eventful) -> None:
    report_id = report(eventful, 3)

    assert tick(eventful, 3) == 1
    assert days_of(askings(eventful, report_id)) == [day(10)]
    answer(eventful, askings(eventful, report_id)[0], 11, "ongoing")
    assert tick(eventful, 12) == 1
    assert days_of(askings(eventful, report_id)) == [day(10), day(18)]
    answer(eventful, askings(eventful, report_id)[1], 18, "ended")

    assert tick(eventful, 19) == 0
    assert tick(eventful, 27) == 0
    assert days_of(askings(eventful, report_id)) == [day(10), day(18)]


def test_nothing_is_asked_of_what_had_ended_when_it_was_reported(eventful: Eventful) -> None:
    report_id = report(eventful, 3, still="ended", ended_at=local(day(3), 11).isoformat())

    assert tick(eventful, 3) == 0
    assert askings(eventful, report_id) == []


def test_an_asking_without_an_answer_is_followed_by_the_next(eventful: Eventful) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)

    assert tick(eventful, 12) == 0, "it is open until the end of the third day"
    assert tick(eventful, 13) == 1

    assert days_of(askings(eventful, report_id)) == [day(10), day(17)]


def test_while_a_red_flag_is_open_it_is_asked_after_three_days(
    session: Session, eventful: Eventful
) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)

    eventful.answer(4, temp=39.6)
    assert tick(eventful, 4, hour=20) == 1
    assert days_of(askings(eventful, report_id)) == [day(6)]

    for flag in session.scalars(select(SafetyFlag)):
        flag.closed_at = local(day(5), 9)
    assert tick(eventful, 5) == 1
    assert days_of(askings(eventful, report_id)) == [day(10)]


def test_two_problems_are_two_series(eventful: Eventful) -> None:
    first, second = report(eventful, 3), report(eventful, 5)

    tick(eventful, 5, hour=14)

    assert [days_of(askings(eventful, one)) for one in (first, second)] == [[day(10)], [day(12)]]


def test_a_physicians_decision_ends_the_asking(eventful: Eventful) -> None:
    report_ids = [report(eventful, number) for number in (3, 4)]
    tick(eventful, 4, hour=14)
    declined, accepted = eventful.found(EventSource.SELF_REPORT)

    eventful.decide(declined, Disposition.DECLINED, on=5)
    eventful.decide(accepted, on=5, outcome=Outcome.RECOVERED, ended_on=day(5))

    assert tick(eventful, 6) == 1
    assert [askings(eventful, one) for one in report_ids] == [[], []]


def test_what_was_decided_with_an_event_that_is_void_is_asked_about_again(
    eventful: Eventful,
) -> None:
    report_id, session = report(eventful, 3), eventful.session
    (candidate,) = eventful.found(EventSource.SELF_REPORT)
    eventful.decide(candidate, on=4, outcome=Outcome.RECOVERED, ended_on=day(4))
    tick(eventful, 5)
    assert askings(eventful, report_id) == []

    (event,) = session.scalars(select(AdverseEvent))
    adverse_events.void(
        session, eventful.physician, event.id, duplicate_of_number=None, reason="wrong person",
        catalogue=eventful.line.given.catalogue, now=local(day(6), 8),
    )  # fmt: skip
    tick(eventful, 6)

    assert days_of(askings(eventful, report_id)) == [day(10)]


def test_moving_the_infusion_leaves_what_is_asked_again(eventful: Eventful) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)

    eventful.line.given.record(
        eventful.session, AnchorEvent.INF1, local(day(1), 14), now=local(day(4), 9),
        reason="mistyped",
    )  # fmt: skip

    assert days_of(askings(eventful, report_id)) == [day(10)]
    assert tick(eventful, 5) == 0


def test_it_is_reminded_of_and_shown_under_its_own_title(
    session: Session, eventful: Eventful
) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)
    (asking,) = askings(eventful, report_id)
    catalogue, at = eventful.line.given.catalogue, local(day(10), 18)

    reminders.remind(session, catalogue=catalogue, now=at)
    shown = diary.diary_of(session, eventful.line.given.participant, catalogue=catalogue, now=at)

    steps = session.scalars(select(Reminder.step).where(Reminder.assessment_id == asking.id)).all()
    due = next(one for one in shown.items if one.id == asking.id)
    assert steps == ["first"]
    assert due.title.en == "The problem you reported"
    assert _is_open(due.opens_at, due.closes_at, at)


@pytest.mark.req("S-10")
def test_an_asking_that_a_pause_falls_on_is_not_missed_and_comes_again_on_her_return(
    session: Session, eventful: Eventful
) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)
    turn(eventful, LifeCycle.PAUSED, 8)
    for number in range(8, 15):
        reminders.remind(
            session, catalogue=eventful.line.given.catalogue, now=local(day(number), 18)
        )
        assert tick(eventful, number) == (number == 13), "it goes on seven days after the first"
    notice(eventful, local(day(15), 9))
    assert states(eventful, report_id, local(day(15), 9)) == {
        day(10): AssessmentState.SUSPENDED, day(17): AssessmentState.SUSPENDED
    }  # fmt: skip

    turn(eventful, LifeCycle.ACTIVE, 15)

    assert states(eventful, report_id, local(day(15), 18)) == {
        day(10): AssessmentState.SUSPENDED, day(15): AssessmentState.OPEN
    }  # fmt: skip
    assert tick(eventful, 15, hour=18) == 0
    suspended = askings(eventful, report_id)[0]
    verbs = session.scalars(
        select(JournalEntry.verb).where(JournalEntry.entity_id == str(suspended.id))
    ).all()
    assert sorted(verbs) == ["assessment.planned", "assessment.suspended"]
    reminded = select(Reminder).where(Reminder.assessment_id == suspended.id)
    assert session.scalars(reminded).all() == []


@pytest.mark.req("S-10")
def test_after_a_pause_the_series_keeps_its_seven_days_again(eventful: Eventful) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)
    turn(eventful, LifeCycle.PAUSED, 8)
    turn(eventful, LifeCycle.ACTIVE, 15)

    assert tick(eventful, 18) == 1, "nobody answered on D15 to D17: that is missed"

    late = local(day(18), 9)
    notice(eventful, late)
    assert states(eventful, report_id, late) == {
        day(10): AssessmentState.SUSPENDED,
        day(15): AssessmentState.MISSED,
        day(22): AssessmentState.SCHEDULED,
    }


@pytest.mark.req("S-10")
def test_back_while_it_is_still_open_she_is_asked_and_reminded_of_the_same(
    session: Session, eventful: Eventful
) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)
    turn(eventful, LifeCycle.PAUSED, 8)
    turn(eventful, LifeCycle.ACTIVE, 11)

    (asking,) = askings(eventful, report_id)
    assert asking.state_at(local(day(11), 18)) is AssessmentState.OPEN
    assert asking.next_reminder_at is not None
    answer(eventful, asking, 11, "ongoing")
    assert tick(eventful, 12) == 1
    assert days_of(askings(eventful, report_id)) == [day(10), day(18)]


@pytest.mark.req("S-10")
def test_a_pause_that_no_asking_falls_into_changes_nothing(eventful: Eventful) -> None:
    report_id = report(eventful, 3)
    tick(eventful, 3)
    (before,) = askings(eventful, report_id)
    turn(eventful, LifeCycle.PAUSED, 5)
    assert states(eventful, report_id, local(day(5), 11)) == {day(10): AssessmentState.SUSPENDED}

    turn(eventful, LifeCycle.ACTIVE, 7)

    (after,) = askings(eventful, report_id)
    assert after.id == before.id
    assert states(eventful, report_id, local(day(7), 11)) == {day(10): AssessmentState.SCHEDULED}


@pytest.mark.req("S-10")
def test_under_a_red_flag_a_pause_suspends_what_is_asked_after_three_days(
    eventful: Eventful,
) -> None:
    report_id = report(eventful, 3)
    eventful.answer(4, temp=39.6)
    tick(eventful, 4, hour=20)
    turn(eventful, LifeCycle.PAUSED, 5)

    assert tick(eventful, 9) == 1
    assert states(eventful, report_id, local(day(9), 9)) == {
        day(6): AssessmentState.SUSPENDED, day(9): AssessmentState.SUSPENDED
    }  # fmt: skip
    turn(eventful, LifeCycle.ACTIVE, 13)
    assert days_of(askings(eventful, report_id)) == [day(6), day(9), day(13)]
    assert tick(eventful, 16) == 1
    assert days_of(askings(eventful, report_id))[-1] == day(16)


def _is_open(opens_at: datetime, closes_at: datetime, at: datetime) -> bool:
    return opens_at <= at < closes_at and closes_at - opens_at == timedelta(days=2, hours=16)


def others(eventful: Eventful, *codes: str) -> list[Eventful]:
    """Return further participants of the site, infused on the same day."""
    session, given = eventful.session, eventful.line.given
    found = []
    for code in codes:
        person = add_participant(session, given.site, code)
        for event, at in ((AnchorEvent.ENR, local(day(-8), 9)), (AnchorEvent.INF1, INFUSED_AT)):
            anchors.record(
                session, SYSTEM, person, event, occurred_at=at, reason=None,
                catalogue=given.catalogue, now=INFUSED_AT,
            )  # fmt: skip
        own = replace(given, participant=person, actor=participant_actor(session, person))
        found.append(Eventful(session, replace(eventful.line, given=own)))
    return found


def test_a_look_asks_the_database_no_more_often_for_many_reports_than_for_one(
    eventful: Eventful,
) -> None:
    report(eventful, 5)
    assert tick(eventful, 6) == 1
    with heard_by(engine_of(eventful.session)) as for_one:
        assert tick(eventful, 6, hour=10) == 0

    everybody = [eventful, *others(eventful, *(f"SZ01-{number:03d}" for number in range(100, 106)))]
    for one in everybody:
        report(one, 6)
        report(one, 6, still="ended", ended_at=local(day(6), 11).isoformat())
    assert tick(eventful, 7) == len(everybody)
    with heard_by(engine_of(eventful.session)) as for_many:
        assert tick(eventful, 7, hour=10) == 0

    assert len(for_many) == len(for_one) <= 10

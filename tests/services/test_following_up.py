"""An open problem is asked about again until it has ended."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Assessment, Disposition, EventSource, Reminder, SafetyFlag
from epro.services import diary, planning, reminders
from questionnaires.adverse_events import Outcome
from questionnaires.schedule import AnchorEvent
from tests.services.eventful import Eventful, begin_eventful, day
from tests.services.given import local

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


def _is_open(opens_at: datetime, closes_at: datetime, at: datetime) -> bool:
    return opens_at <= at < closes_at and closes_at - opens_at == timedelta(days=2, hours=16)

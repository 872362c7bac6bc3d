"""The diary from before an infusion: enough of it, again after a slip, and a word when it lacks."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Assessment, WorkItem, WorkKind
from epro.services import anchors, baseline
from questionnaires.schedule import AnchorEvent
from tests.factories import SYSTEM, add_participant, add_user, shipped_package, user_actor
from tests.services.given import begin, local
from tests.services.line import Line
from tests.statements import engine_of, heard_by

VISIT_ON = date(2026, 3, 10)
VISIT_AT = local(VISIT_ON, 10)
DAY = timedelta(days=1)
ENROLLED_AT = local(VISIT_ON - 9 * DAY, 9)


@pytest.fixture
def line(session: Session) -> Line:
    given = begin(
        session, package=shipped_package(), enrolled_at=ENROLLED_AT, activated_at=ENROLLED_AT
    )
    person = user_actor(add_user(session, "li.min").user)
    given.record(session, AnchorEvent.INF1_PLANNED, VISIT_AT, now=ENROLLED_AT)
    return Line(given=given, coordinator=person, investigator=person)


def answer_on(session: Session, line: Line, *days_before: int) -> None:
    for number in days_before:
        diary = line.diary_on(session, VISIT_ON - number * DAY)
        line.answer(session, diary, now=diary.opens_at)


def slip(session: Session, line: Line, days: int, *, now: datetime) -> None:
    line.given.record(
        session, AnchorEvent.INF1_PLANNED, VISIT_AT + days * DAY, now=now, reason="fever"
    )


def asked_from(session: Session, line: Line, on: date) -> list[date]:
    rows = line.given.assessments(session)
    return [one.planned_on for one in rows if one.planned_on >= on and not one.completed_at]


def told(session: Session) -> list[WorkItem]:
    return list(session.scalars(select(WorkItem).where(WorkItem.kind == WorkKind.NO_BASELINE)))


@pytest.mark.req("S-01")
def test_a_slip_of_two_days_asks_no_more_once_three_lie_in_the_week(
    session: Session, line: Line
) -> None:
    answer_on(session, line, 3, 2, 1)

    slip(session, line, 2, now=local(VISIT_ON, 8))

    assert asked_from(session, line, VISIT_ON) == []


@pytest.mark.req("S-01")
def test_a_slip_of_a_week_asks_again(session: Session, line: Line) -> None:
    answer_on(session, line, 3, 2, 1)

    slip(session, line, 8, now=local(VISIT_ON, 8))

    assert asked_from(session, line, VISIT_ON) == [VISIT_ON + n * DAY for n in (5, 6, 7)]


@pytest.mark.req("S-01")
def test_after_a_slip_it_is_asked_until_three_lie_in_the_week(session: Session, line: Line) -> None:
    answer_on(session, line, 1)
    slip(session, line, 5, now=local(VISIT_ON, 8))  # D-1 of then is D-6 of now
    again = asked_from(session, line, VISIT_ON)
    assert again == [VISIT_ON + n * DAY for n in (2, 3, 4)]

    for on in again[:2]:
        diary = line.diary_on(session, on)
        line.answer(session, diary, now=diary.opens_at)

    assert asked_from(session, line, VISIT_ON) == []


@pytest.mark.req("S-01")
def test_the_infusion_closes_the_baseline_and_voids_nothing(session: Session, line: Line) -> None:
    answer_on(session, line, 3)
    early = local(VISIT_ON - DAY, 9)
    open_late = line.diary_on(session, VISIT_ON - 2 * DAY)
    assert open_late.late_until > early

    line.given.record(session, AnchorEvent.INF1, early, now=early + timedelta(hours=1))

    rows = {one.planned_on: one for one in line.given.assessments(session)}
    assert rows[VISIT_ON - 3 * DAY].completed_at is not None
    assert rows[VISIT_ON - 2 * DAY].late_until == early
    assert rows[VISIT_ON - DAY].block == "S3"


@pytest.mark.req("S-01")
def test_the_open_form_before_the_visit_closes_when_the_infusion_begins(
    session: Session, line: Line
) -> None:
    def form() -> Assessment:
        return line.given.assessments(session, family="S2")[0]

    assert form().closes_at == local(VISIT_ON + DAY, 0)
    opened_at = form().opens_at

    slip(session, line, 3, now=local(VISIT_ON, 8))
    assert (form().opens_at, form().closes_at) == (opened_at, local(VISIT_ON + 4 * DAY, 0))

    begun = VISIT_AT + 3 * DAY
    line.given.record(session, AnchorEvent.INF1, begun, now=begun + timedelta(minutes=5))
    assert (form().opens_at, form().closes_at, form().late_until) == (opened_at, begun, begun)


@pytest.mark.req("S-01", "C-01")
def test_who_has_no_baseline_is_told_of_before_the_visit_and_once(
    session: Session, line: Line
) -> None:
    catalogue = line.given.catalogue
    baseline.look_ahead(session, catalogue=catalogue, now=local(VISIT_ON - DAY, 23, 59))
    assert told(session) == []

    found = [
        baseline.look_ahead(session, catalogue=catalogue, now=local(VISIT_ON, hour))
        for hour in (0, 1)
    ]

    assert found == [1, 0]
    assert [one.created_at for one in told(session)] == [local(VISIT_ON, 0)]


@pytest.mark.req("S-01")
def test_one_diary_from_before_is_a_baseline(session: Session, line: Line) -> None:
    answer_on(session, line, 2)

    baseline.look_ahead(session, catalogue=line.given.catalogue, now=local(VISIT_ON, 8))

    assert told(session) == []


@pytest.mark.req("S-01")
def test_a_visit_that_is_planned_for_the_same_day_says_so_as_it_is_recorded(
    session: Session,
) -> None:
    given = begin(session, package=shipped_package(), code="SZ01-015")

    given.record(session, AnchorEvent.INF1_PLANNED, VISIT_AT, now=VISIT_AT - timedelta(hours=1))

    assert [one.participant_id for one in told(session)] == [given.participant.id]
    assert not baseline.look(
        session, SYSTEM, given.participant, catalogue=given.catalogue, now=VISIT_AT
    )


@pytest.mark.req("S-01")
def test_a_look_asks_the_database_no_more_often_for_many_visits_than_for_one(
    session: Session, line: Line
) -> None:
    site, catalogue = line.given.site, line.given.catalogue
    people = [add_participant(session, site, f"SZ01-{number:03d}") for number in range(100, 112)]
    for one in people:
        for event, at in ((AnchorEvent.ENR, ENROLLED_AT), (AnchorEvent.INF1_PLANNED, VISIT_AT)):
            anchors.record(
                session, SYSTEM, one, event, occurred_at=at, reason=None, catalogue=catalogue,
                now=ENROLLED_AT,
            )  # fmt: skip

    with heard_by(engine_of(session)) as statements:
        found = baseline.look_ahead(session, catalogue=catalogue, now=local(VISIT_ON - DAY, 20))
    told_of = baseline.look_ahead(session, catalogue=catalogue, now=local(VISIT_ON, 0))

    assert (found, len(statements)) == (0, 2)  # of whom there may be news, and the version in force
    assert told_of == len(people) + 1

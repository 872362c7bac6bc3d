"""How participants take part: what pauses suspend, what leaving stops, what stays (P-09)."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors import AnchorNotPossible, LifeCycleNotPossible, ReasonRequired
from epro.models import (
    Anchor,
    Assessment,
    AssessmentState,
    JournalEntry,
    LifeCycle,
    SafetyFlag,
)
from epro.services import diary, life_cycle, noticing, reminders
from notifications.messages import MessageState, OutboxMessage
from questionnaires.schedule import AnchorEvent
from tests.services.given import Given, local
from tests.services.line import Line, begin_line

D1 = date(2026, 3, 1)
DAY = timedelta(days=1)
D5_EVENING = local(D1 + 4 * DAY, 18, 0)
ENDED = [
    LifeCycle.WITHDRAWN_FROM_DIARY, LifeCycle.WITHDRAWN_FROM_CONTACT, LifeCycle.WITHDRAWN_FROM_ALL,
    LifeCycle.LOST, LifeCycle.DECEASED, LifeCycle.COMPLETED,
]  # fmt: skip


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


@pytest.fixture
def given(line: Line) -> Given:
    return line.given


def change(
    session: Session,
    given: Given,
    to: LifeCycle,
    *,
    now: datetime = D5_EVENING,
    occurred_at: datetime | None = None,
    reason: str | None = "said so on the phone",
) -> None:
    life_cycle.change(
        session, given.coordinator, given.participant, to, occurred_at=occurred_at or now,
        reason=reason, catalogue=given.catalogue, now=now,
    )  # fmt: skip


def remind(session: Session, given: Given, now: datetime) -> list[OutboxMessage]:
    reminders.remind(session, catalogue=given.catalogue, now=now)
    session.expire_all()
    return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at)))


def rows(session: Session, given: Given) -> list[Assessment]:
    session.expire_all()
    query = select(Assessment).where(Assessment.participant_id == given.participant.id)
    return list(session.scalars(query.order_by(Assessment.opens_at)))


@pytest.mark.req("P-09", "N-03")
@pytest.mark.parametrize("to", [LifeCycle.PAUSED, LifeCycle.WITHDRAWN_FROM_INFUSION, *ENDED])
def test_a_queued_message_is_stopped_with_the_change_and_none_follows(
    session: Session, given: Given, to: LifeCycle
) -> None:
    queued = remind(session, given, D5_EVENING)
    assert [one.state for one in queued] == [MessageState.QUEUED]

    change(session, given, to)

    after = remind(session, given, D5_EVENING + timedelta(hours=3, minutes=1))
    assert [one.state for one in after] == [MessageState.CANCELLED]
    assert all(one.next_reminder_at is None for one in rows(session, given))


@pytest.mark.req("P-09")
@pytest.mark.parametrize("to", ENDED)
def test_leaving_cancels_what_is_not_answered_and_keeps_what_is(
    session: Session, line: Line, given: Given, to: LifeCycle
) -> None:
    done = given.diary_on(session, D1 + DAY)
    line.answer(session, done, now=done.opens_at)
    missed = given.diary_on(session, D1 + 2 * DAY)

    change(session, given, to)

    left = [one for one in rows(session, given) if one.cancelled_at is None]
    assert done.id in {one.id for one in left}
    assert missed.id in {one.id for one in left}  # its time was over before she left
    assert all(one.late_until <= D5_EVENING or one.completed_at for one in left)


@pytest.mark.req("P-09", "A-13")
@pytest.mark.parametrize("to", ENDED)
def test_nobody_is_called_about_the_silence_of_whoever_left(
    session: Session, given: Given, to: LifeCycle
) -> None:
    change(session, given, to, now=local(D1, 20))

    while noticing.notice(session, catalogue=given.catalogue, now=local(D1 + 40 * DAY, 12)):
        continue

    assert session.scalars(select(SafetyFlag)).all() == []
    verbs = session.scalars(select(JournalEntry.verb)).all()
    assert "assessment.missed" not in verbs


@pytest.mark.req("P-09", "A-13")
def test_whoever_leaves_the_infusions_keeps_her_diary_and_her_silence_still_alarms(
    session: Session, given: Given
) -> None:
    change(session, given, LifeCycle.WITHDRAWN_FROM_INFUSION, now=local(D1, 20))

    while noticing.notice(session, catalogue=given.catalogue, now=local(D1 + 2 * DAY, 13)):
        continue

    assert given.diary_on(session, D1 + 27 * DAY).cancelled_at is None
    assert session.scalars(select(SafetyFlag)).first() is not None
    with pytest.raises(AnchorNotPossible, match="left the infusions"):
        given.record(session, AnchorEvent.INF2, D5_EVENING, now=D5_EVENING)


@pytest.mark.req("P-09", "S-08")
@pytest.mark.parametrize(
    ("to", "stays"),
    [
        (LifeCycle.PAUSED, True),
        (LifeCycle.WITHDRAWN_FROM_INFUSION, True),
        (LifeCycle.WITHDRAWN_FROM_DIARY, True),
        (LifeCycle.WITHDRAWN_FROM_CONTACT, False),
        (LifeCycle.WITHDRAWN_FROM_ALL, False),
        (LifeCycle.LOST, False),
        (LifeCycle.COMPLETED, False),
    ],
)
def test_the_page_for_problems_stays_or_gives_way_to_the_numbers(
    session: Session, given: Given, to: LifeCycle, *, stays: bool
) -> None:
    change(session, given, to)

    shown = diary.own_diary(session, given.actor, catalogue=given.catalogue, now=D5_EVENING)
    profile = diary.profile(session, given.actor, catalogue=given.catalogue, now=D5_EVENING)

    assert ("ae_report" in {one.code for one in shown.always_open}) is stays
    assert profile.life_cycle is to
    assert profile.numbers.study_phone


@pytest.mark.req("S-10")
def test_a_pause_suspends_what_it_falls_on_and_what_outlasts_it_comes_back(
    session: Session, given: Given
) -> None:
    begun = local(D1 + 4 * DAY, 16)
    while noticing.notice(session, catalogue=given.catalogue, now=begun):
        continue
    flagged = session.scalars(select(SafetyFlag)).all()
    change(session, given, LifeCycle.PAUSED, now=begun)
    back = local(D1 + 8 * DAY, 9)
    while noticing.notice(session, catalogue=given.catalogue, now=back):
        continue
    assert session.scalars(select(SafetyFlag)).all() == flagged

    change(session, given, LifeCycle.ACTIVE, now=back, reason="home again")

    now = local(D1 + 8 * DAY, 17, 30)
    states = {one.planned_on: one.state_at(now) for one in given.assessments(session)}
    assert [states[D1 + number * DAY] for number in (4, 5, 6)] == [AssessmentState.SUSPENDED] * 3
    assert states[D1 + 7 * DAY] is AssessmentState.MISSED  # could be given until noon
    assert states[D1 + 8 * DAY] is AssessmentState.OPEN
    reminded = {one.planned_on for one in given.assessments(session) if one.next_reminder_at}
    assert D1 + 8 * DAY in reminded
    assert D1 + 5 * DAY not in reminded


@pytest.mark.req("S-10")
def test_what_an_anchor_adds_in_a_pause_is_suspended_from_the_start(
    session: Session, given: Given
) -> None:
    now = local(D1 + 35 * DAY, 12)
    change(session, given, LifeCycle.PAUSED, now=now)

    given.record(session, AnchorEvent.INF2, local(D1 + 34 * DAY, 10), now=now)

    added = [one for one in rows(session, given) if one.block == "S5b"]
    assert added
    assert all(one.suspended_at == now for one in added if not one.not_offered)


@pytest.mark.req("P-09", "T-01")
def test_the_change_is_on_record_with_its_reason_and_what_it_was(
    session: Session, given: Given
) -> None:
    change(session, given, LifeCycle.LOST, reason="three calls, no answer")

    entry = session.scalars(
        select(JournalEntry).where(JournalEntry.verb == "participant.life_cycle_changed")
    ).one()
    assert '"reason":"three calls, no answer"' in entry.body
    assert '"life_cycle":"lost"' in entry.body
    end = session.scalars(select(Anchor).where(Anchor.event == AnchorEvent.END)).one()
    assert end.occurred_at == D5_EVENING


@pytest.mark.req("P-09")
def test_who_was_lost_and_comes_back_has_her_plan_again(session: Session, given: Given) -> None:
    before = {one.id for one in given.assessments(session) if one.opens_at > D5_EVENING + DAY}
    change(session, given, LifeCycle.LOST)

    back = D5_EVENING + timedelta(hours=20)
    change(session, given, LifeCycle.ACTIVE, now=back, reason="answers the phone")

    standing = {one.id for one in given.assessments(session)}
    assert before <= standing
    ends = session.scalars(select(Anchor).where(Anchor.event == AnchorEvent.END)).all()
    assert [one.superseded_at for one in ends] == [back]


@pytest.mark.req("P-09")
def test_correcting_an_anchor_brings_nothing_back_to_whoever_left(
    session: Session, given: Given
) -> None:
    change(session, given, LifeCycle.WITHDRAWN_FROM_ALL)

    given.record(session, AnchorEvent.INF1, local(D1, 9), now=D5_EVENING + DAY, reason="wrong hour")

    assert all(
        one.late_until <= D5_EVENING for one in rows(session, given) if one.cancelled_at is None
    )


@pytest.mark.req("P-09")
@pytest.mark.parametrize(
    ("first", "then"),
    [
        (LifeCycle.DECEASED, LifeCycle.PAUSED),
        (LifeCycle.COMPLETED, LifeCycle.PAUSED),
        (LifeCycle.WITHDRAWN_FROM_ALL, LifeCycle.WITHDRAWN_FROM_INFUSION),
    ],
)
def test_what_cannot_follow_is_refused_in_words(
    session: Session, given: Given, first: LifeCycle, then: LifeCycle
) -> None:
    change(session, given, first)

    with pytest.raises(LifeCycleNotPossible, match=first.value):
        change(session, given, then)


@pytest.mark.req("P-09")
def test_a_change_needs_a_reason_and_a_time_that_has_come(session: Session, given: Given) -> None:
    with pytest.raises(ReasonRequired):
        change(session, given, LifeCycle.PAUSED, reason="  ")
    with pytest.raises(LifeCycleNotPossible, match="future"):
        change(session, given, LifeCycle.PAUSED, occurred_at=D5_EVENING + DAY)


@pytest.mark.req("P-09")
def test_the_same_again_changes_nothing(session: Session, given: Given) -> None:
    change(session, given, LifeCycle.PAUSED)
    version = given.participant.version

    change(session, given, LifeCycle.PAUSED, reason=None)

    assert given.participant.version == version

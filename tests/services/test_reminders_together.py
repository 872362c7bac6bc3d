"""Many participants who are due at once: decided together, each as if she were the only one."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from epro.models import Assessment, Participant, Reminder, ReminderChannel, WorkItem
from epro.services import anchors, reminders
from questionnaires.schedule import AnchorEvent
from tests.factories import SYSTEM, add_participant, shipped_package
from tests.services.given import Given, begin, local
from tests.services.line import INFUSED_AT, INFUSED_ON, messages_of
from tests.statements import heard_by

D6 = INFUSED_ON + timedelta(days=5)
SIX = local(D6, 18)


@pytest.fixture
def given(session: Session) -> Given:
    return begin(session, package=shipped_package())


def infused(session: Session, given: Given, *codes: str, **facts: Any) -> list[Participant]:
    """Enrol participants who were infused together, and decide on all before the evening of D6."""
    people = [add_participant(session, given.site, code, **facts) for code in codes]
    for one in people:
        anchors.record(
            session, SYSTEM, one, AnchorEvent.INF1, occurred_at=INFUSED_AT, reason=None,
            catalogue=given.catalogue, now=INFUSED_AT,
        )  # fmt: skip
    return people


def settle(session: Session, given: Given) -> None:
    while reminders.remind(session, catalogue=given.catalogue, now=local(D6, 17, 59)):
        continue


def statements_of_a_tick(session: Session, given: Given, *, expected: int) -> int:
    """Count what one tick asks of the database; it must find so many participants."""
    engine = session.get_bind().engine
    assert isinstance(engine, Engine)
    with heard_by(engine) as statements:
        assert reminders.remind(session, catalogue=given.catalogue, now=SIX) == expected
    return len(statements)


@pytest.mark.req("N-03")
@pytest.mark.parametrize("count", [1, 12])
def test_a_tick_asks_the_database_no_more_often_for_many_than_for_one(
    session: Session, given: Given, count: int
) -> None:
    infused(session, given, *(f"SZ01-{number:03d}" for number in range(100, 100 + count)))
    settle(session, given)

    statements = statements_of_a_tick(session, given, expected=count)

    assert statements <= 16
    assert len([one for one in messages_of(session, "reminder") if one.created_at == SIX]) == count


@pytest.mark.req("N-03")
def test_a_tick_that_finds_nothing_asks_once(session: Session, given: Given) -> None:
    infused(session, given, "SZ01-101")
    settle(session, given)
    reminders.remind(session, catalogue=given.catalogue, now=SIX)

    assert statements_of_a_tick(session, given, expected=0) == 1


@pytest.mark.req("N-02", "N-03", "B-02")
def test_what_differs_between_people_stays_with_each_of_them(
    session: Session, given: Given
) -> None:
    (plain,) = infused(session, given, "SZ01-101")
    (early,) = infused(session, given, "SZ01-102", reminder_time="17:30")
    (away,) = infused(session, given, "SZ01-103", zone="Europe/London")
    (silent,) = infused(session, given, "SZ01-104", reminder_channel=ReminderChannel.NONE)
    settle(session, given)

    reminders.remind(session, catalogue=given.catalogue, now=SIX)

    at_six = session.execute(
        select(Assessment.participant_id, Reminder.step, Reminder.skipped_reason)
        .join(Assessment, Assessment.id == Reminder.assessment_id)
        .where(Reminder.decided_at == SIX)
    ).all()
    assert set(map(tuple, at_six)) == {
        (plain.id, "first", None),
        (silent.id, "first", "opted_out"),
    }
    sent = {one.recipient_ref for one in messages_of(session, "reminder") if one.created_at == SIX}
    assert sent == {f"participant:{plain.id}"}
    to_call = set(session.scalars(select(WorkItem.participant_id)))
    assert silent.id in to_call
    assert not to_call & {plain.id, early.id, away.id}


@pytest.mark.req("N-03")
def test_one_who_is_cut_off_by_the_limit_is_taken_whole_by_the_next_tick(
    session: Session, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of what is due for her would be one message more, and its words by chance."""
    monkeypatch.setattr(reminders, "MOST_ASSESSMENTS_AT_ONCE", 3)
    infused(session, given, "SZ01-101", "SZ01-102")
    eighth = INFUSED_ON + timedelta(days=7)  # the diary and the weekly form, both at six
    while reminders.remind(session, catalogue=given.catalogue, now=local(eighth, 17, 59)):
        continue

    handled = [
        reminders.remind(session, catalogue=given.catalogue, now=local(eighth, 18))
        for _tick in range(3)
    ]

    assert handled == [1, 1, 0]
    shared = session.execute(
        select(func.count())
        .select_from(Reminder)
        .where(Reminder.due_at == local(eighth, 18))
        .group_by(Reminder.message_id)
    )
    assert [count for (count,) in shared] == [2, 2]

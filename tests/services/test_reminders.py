"""Reminders: one message for what is due, only while it is due, each step once."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Reminder
from epro.services import reminders
from notifications.messages import MessageState
from questionnaires.schedule import AnchorEvent
from tests.services.given import local
from tests.services.line import INFUSED_AT, INFUSED_ON, Line, begin_line, messages_of

D6 = INFUSED_ON + timedelta(days=5)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def remind(session: Session, line: Line, now: datetime) -> int:
    return reminders.remind(session, catalogue=line.given.catalogue, now=now)


def settle(session: Session, line: Line, until: datetime) -> None:
    """Let everything before an instant be decided, as the ticks of the days before did."""
    while remind(session, line, until):
        continue


def queued_on(session: Session, on: date) -> list[str]:
    return [
        message.template
        for message in messages_of(session, "reminder")
        if message.created_at.astimezone(INFUSED_AT.tzinfo).date() == on
    ]


@pytest.mark.req("N-02", "N-03")
def test_a_due_reminder_is_queued_at_its_minute_and_once(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 17, 59))
    before = len(messages_of(session, "reminder"))

    assert remind(session, line, local(D6, 18)) == 1
    assert remind(session, line, local(D6, 18, 1)) == 0

    assert len(messages_of(session, "reminder")) == before + 1


@pytest.mark.req("N-03")
def test_what_is_answered_is_not_reminded_of(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 17, 30))
    line.answer(session, line.diary_on(session, D6), now=local(D6, 17, 40))

    assert remind(session, line, local(D6, 18)) == 0

    assert queued_on(session, D6) == []


@pytest.mark.req("N-03")
def test_answering_stops_a_reminder_that_has_not_left(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 18))
    line.answer(session, line.diary_on(session, D6), now=local(D6, 18, 5))

    (*_, last) = messages_of(session, "reminder")
    assert last.state is MessageState.CANCELLED


@pytest.mark.req("N-02")
def test_after_two_days_down_there_is_one_message_and_the_rest_is_on_record(
    session: Session, line: Line
) -> None:
    settle(session, line, local(D6, 12))
    before = len(messages_of(session, "reminder"))

    settle(session, line, local(D6 + timedelta(days=2), 18, 30))

    assert len(messages_of(session, "reminder")) == before + 1
    reasons = set(session.scalars(select(Reminder.skipped_reason)))
    assert reasons & {"closed", "overtaken", "too_late"}


@pytest.mark.req("S-04", "N-03")
def test_moving_the_infusion_moves_the_reminders_of_what_has_not_opened(
    session: Session, line: Line
) -> None:
    settle(session, line, local(D6, 12))

    line.given.record(
        session, AnchorEvent.INF1, INFUSED_AT - timedelta(days=2), now=local(D6, 12),
        reason="typing error",
    )  # fmt: skip

    # The last of the uniform diaries goes with its reminders.
    last = line.given.assessments(session)[-1]
    assert last.next_reminder_at is not None
    assert last.planned_on == INFUSED_ON + timedelta(days=53)


@pytest.mark.req("P-01", "N-01")
def test_a_reminder_knows_its_recipient_by_reference_only(session: Session, line: Line) -> None:
    settle(session, line, local(D6, 18))

    (*_, message) = messages_of(session, "reminder")
    assert message.recipient_ref == f"participant:{line.given.participant.id}"
    assert message.params == {}

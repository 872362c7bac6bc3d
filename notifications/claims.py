"""Which message is next, and which of the provider's messages is ours."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from notifications.channels import Absent, CannotTell, Found, Match
from notifications.messages import IS_IN_DOUBT, IS_QUEUED, ChannelName, OutboxMessage, SendAttempt


def due(
    now: datetime, *, is_vital: bool, resting: Collection[ChannelName] = ()
) -> Select[OutboxMessage]:
    """Select the next message to be sent at an instant of trial time; other workers skip it."""
    return (
        select(OutboxMessage)
        .where(
            IS_QUEUED,
            OutboxMessage.is_vital == is_vital,
            OutboxMessage.next_attempt_at <= now,
            OutboxMessage.channel.not_in(resting),
        )
        .order_by(OutboxMessage.next_attempt_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def in_doubt(
    wall_now: datetime, *, is_vital: bool, resting: Collection[ChannelName] = ()
) -> Select[OutboxMessage]:
    """Select the next message to be asked about at an instant of the wall's clock."""
    return (
        select(OutboxMessage)
        .where(
            IS_IN_DOUBT,
            OutboxMessage.is_vital == is_vital,
            OutboxMessage.asks_after <= wall_now,
            OutboxMessage.channel.not_in(resting),
        )
        .order_by(OutboxMessage.asks_after, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def not_of_others(
    session: Session, message: OutboxMessage, answer: Found | Absent | CannotTell | None
) -> Match | None:
    """Return the first match that is not known to be another message with the same text."""
    if not isinstance(answer, Found):
        return None
    ids = [match.provider_id for match in answer.matches]
    taken = {
        *session.scalars(
            select(OutboxMessage.provider_id).where(
                OutboxMessage.provider_id.in_(ids), OutboxMessage.id != message.id
            )
        ),
        *session.scalars(
            select(SendAttempt.provider_id).where(
                SendAttempt.provider_id.in_(ids), SendAttempt.message_id != message.id
            )
        ),
    }
    return next((match for match in answer.matches if match.provider_id not in taken), None)

"""Which message is next, and which of the provider's messages is ours."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from notifications.channels import Absent, CannotTell, Found, Match
from notifications.messages import IS_IN_DOUBT, IS_QUEUED, ChannelName, OutboxMessage, SendAttempt

# Asked before every message and at every look, so built once: that costs more than sending them.
# What another worker holds is skipped.
_NOT_RESTING = OutboxMessage.channel.not_in(bindparam("resting", expanding=True))
DUE = (
    select(OutboxMessage)
    .where(
        IS_QUEUED,
        OutboxMessage.is_vital == bindparam("is_vital"),
        OutboxMessage.next_attempt_at <= bindparam("now"),
        _NOT_RESTING,
    )
    .order_by(OutboxMessage.next_attempt_at, OutboxMessage.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
IN_DOUBT = (
    select(OutboxMessage)
    .where(IS_IN_DOUBT, OutboxMessage.asks_after <= bindparam("wall_now"), _NOT_RESTING)
    .order_by(OutboxMessage.is_vital.desc(), OutboxMessage.asks_after, OutboxMessage.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def next_due(
    session: Session, now: datetime, *, is_vital: bool, resting: Collection[ChannelName] = ()
) -> OutboxMessage | None:
    """Take the next message to be sent at an instant of trial time."""
    asked = {"now": now, "is_vital": is_vital, "resting": list(resting)}
    return session.scalars(DUE, asked).first()


def next_in_doubt(
    session: Session, wall_now: datetime, *, resting: Collection[ChannelName] = ()
) -> OutboxMessage | None:
    """Take the next message to be asked about by the wall's clock, the vital ones first."""
    return session.scalars(IN_DOUBT, {"wall_now": wall_now, "resting": list(resting)}).first()


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

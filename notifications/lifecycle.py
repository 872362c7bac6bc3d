"""The steps a message can take. Each runs on a locked row, inside the caller's transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from notifications.hooks import Hooks
from notifications.messages import MessageState, OutboxMessage

# Asked for every step of a message, so built once.
LOCKED = (
    select(OutboxMessage)
    .where(OutboxMessage.id == bindparam("message_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def lock(session: Session, message_id: UUID) -> OutboxMessage | None:
    """Read a message as it is now, and keep others from changing it until the transaction ends."""
    return session.scalars(LOCKED, {"message_id": message_id}).first()


def accept(
    session: Session, message: OutboxMessage, provider_id: str, *, now: datetime, hooks: Hooks
) -> None:
    """Note that the provider has it.

    A fact, from whatever side and however late it comes: it ends every doubt and every further
    attempt. The first provider id stays.
    """
    if message.state is MessageState.SENT:
        return
    _end(message, MessageState.SENT, now=now)
    message.provider_id = provider_id
    message.sent_at = now
    message.last_error = None
    hooks.on_sent(session, message, now=now)


def requeue(
    session: Session, message: OutboxMessage, *, at: datetime, now: datetime, hooks: Hooks
) -> None:
    """Try again at an instant of trial time, unless it was cancelled meanwhile."""
    if message.cancel_reason is not None:
        cancel(session, message, message.cancel_reason, now=now, hooks=hooks)
        return
    _release(message)
    message.state = MessageState.QUEUED
    # At its end it has to be looked at, to be seen expiring.
    message.next_attempt_at = at if message.not_after is None else min(at, message.not_after)


def cancel(
    session: Session, message: OutboxMessage, reason: str, *, now: datetime, hooks: Hooks
) -> None:
    _end(message, MessageState.CANCELLED, now=now)
    message.cancel_reason = reason
    hooks.on_cancelled(session, message, now=now)


def expire(session: Session, message: OutboxMessage, *, now: datetime, hooks: Hooks) -> None:
    _end(message, MessageState.EXPIRED, now=now)
    hooks.on_expired(session, message, now=now)


def fail(
    session: Session, message: OutboxMessage, code: str, *, now: datetime, hooks: Hooks
) -> None:
    _end(message, MessageState.FAILED, now=now)
    message.last_error = code
    hooks.on_failed(session, message, now=now)


def doubt(message: OutboxMessage, code: str | None, *, asks_after: datetime) -> None:
    """Note that it may have left; ask the provider after an instant of wall-clock time."""
    _release(message)
    message.state = MessageState.UNKNOWN
    message.last_error = code
    message.asks_after = asks_after


def give_up(session: Session, message: OutboxMessage, *, now: datetime, hooks: Hooks) -> None:
    """Leave it to a person: whether it has left cannot be found out."""
    _end(message, MessageState.NOT_CONFIRMED, now=now)
    hooks.on_not_confirmed(session, message, now=now)


def is_over(message: OutboxMessage, *, now: datetime) -> bool:
    """Tell whether nobody wants it any more."""
    return message.not_after is not None and message.not_after <= now


def _end(message: OutboxMessage, state: MessageState, *, now: datetime) -> None:
    _release(message)
    message.state = state
    message.ended_at = now


def _release(message: OutboxMessage) -> None:
    message.leased_by = message.lease_until = message.asks_after = None

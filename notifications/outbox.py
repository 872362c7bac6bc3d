"""The way in: messages are written in the caller's own transaction, and go out after it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications import lifecycle
from notifications.messages import (
    IS_VITAL_AND_NOT_OUT,
    ChannelName,
    DeliveryReceipt,
    MessageState,
    OutboxMessage,
    SendAttempt,
)
from notifications.texts import check_params

NOT_OUT = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What a caller wants said, to whom and until when. Instants are trial time.

    `recipient_ref` names the recipient to the directory, as "participant:<uuid>"; `about` names to
    the caller what it is about, as "flag:<uuid>". Neither is read here. `not_before` is now if
    nothing else is said; from `not_after` on (half open) nobody wants it any more.
    """

    purpose: str
    channel: ChannelName
    template: str
    template_version: str
    language: str
    recipient_ref: str
    is_vital: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    about: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


def enqueue(session: Session, message: NewMessage, *, now: datetime) -> UUID:
    """Write one message, to be sent once the caller's transaction is committed; return its id.

    Raises BadText for parameters that no template may be given, and ValueError for a message that
    could never be sent because it ends before it begins.
    """
    (id_,) = enqueue_all(session, [message], now=now)
    return id_


def enqueue_all(
    session: Session, messages: Sequence[NewMessage], *, now: datetime
) -> tuple[UUID, ...]:
    """Write messages as `enqueue` does one, together; return their ids in the same order."""
    rows = [_row(message, now=now) for message in messages]
    session.add_all(rows)
    session.flush()
    return tuple(row.id for row in rows)


def _row(message: NewMessage, *, now: datetime) -> OutboxMessage:
    check_params(message.params)
    not_before = max(message.not_before or now, now)
    if message.not_after is not None and message.not_after <= not_before:
        raise ValueError("This message would be over before it may be sent.")
    return OutboxMessage(
        id=uuid4(),
        purpose=message.purpose,
        is_vital=message.is_vital,
        channel=message.channel,
        template=message.template,
        template_version=message.template_version,
        params=dict(message.params),
        language=message.language,
        recipient_ref=message.recipient_ref,
        about=message.about,
        created_at=now,
        not_before=not_before,
        not_after=message.not_after,
        next_attempt_at=not_before,
    )


def cancel(
    session: Session, ids: Collection[UUID], *, reason: str, now: datetime
) -> tuple[UUID, ...]:
    """Stop messages; return those that certainly never leave.

    One that a worker holds just now is not among them: it may be leaving. It is marked, so that it
    will not be tried again. What is out, or has ended otherwise, stays as it is.
    """
    # Locked in one order, so that two callers cannot wait for each other.
    rows = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.id.in_(ids), OutboxMessage.state.in_(NOT_OUT))
        .order_by(OutboxMessage.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    cancelled = [row for row in rows if row.state is MessageState.QUEUED]
    for row in rows:
        row.cancel_reason = reason
    for row in cancelled:
        row.state, row.ended_at = MessageState.CANCELLED, now
    session.flush()
    return tuple(row.id for row in cancelled)


def hold(session: Session, message_id: UUID) -> OutboxMessage | None:
    """Read a message as it is now; nobody else changes or repeats it until the caller is done."""
    return lifecycle.lock(session, message_id)


def waiting(
    session: Session,
    *,
    recipient_ref: str | None = None,
    about: str | None = None,
    purpose: str | None = None,
) -> tuple[UUID, ...]:
    """Return the messages that are not out yet, for a recipient or a subject; for `cancel`.

    Raises ValueError when neither is named.
    """
    if recipient_ref is None and about is None:
        raise ValueError("Name the recipient or what it is about.")
    query = select(OutboxMessage.id).where(OutboxMessage.state.in_(NOT_OUT))
    if recipient_ref is not None:
        query = query.where(OutboxMessage.recipient_ref == recipient_ref)
    if about is not None:
        query = query.where(OutboxMessage.about == about)
    if purpose is not None:
        query = query.where(OutboxMessage.purpose == purpose)
    return tuple(session.scalars(query.order_by(OutboxMessage.created_at, OutboxMessage.id)))


def stuck(session: Session, *, created_before: datetime) -> Sequence[OutboxMessage]:
    """Return the vital messages written before an instant that are still not out, oldest first.

    For the watchdog (A-14): what is here has to be said by another way.
    """
    return session.scalars(
        select(OutboxMessage)
        .where(IS_VITAL_AND_NOT_OUT, OutboxMessage.created_at < created_before)
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
    ).all()


def oldest_waiting(session: Session, *, now: datetime) -> datetime | None:
    """Return since when the oldest message waits that could have left by now."""
    return session.scalar(
        select(func.min(OutboxMessage.not_before)).where(
            OutboxMessage.state.in_(NOT_OUT), OutboxMessage.not_before <= now
        )
    )


def attempts_of(session: Session, message_id: UUID) -> Sequence[SendAttempt]:
    """Return every call of the provider for a message, first one first."""
    return session.scalars(
        select(SendAttempt).where(SendAttempt.message_id == message_id).order_by(SendAttempt.number)
    ).all()


def receipts_of(session: Session, message_id: UUID) -> Sequence[DeliveryReceipt]:
    """Return what the provider reported of a message, in the order of arrival."""
    return session.scalars(
        select(DeliveryReceipt)
        .where(DeliveryReceipt.message_id == message_id)
        .order_by(DeliveryReceipt.id)
    ).all()

"""What is to be sent, what was tried, and what the provider said of it afterwards.

Two times stand here. *Trial* time (`created_at`, `not_before`, `not_after`, `next_attempt_at`,
`sent_at`) moves with a rehearsal. *Wall-clock* time (`lease_until`, `asks_after`, and everything of
an attempt) is the provider's time and ours, and never moves.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base, BigId


class ChannelName(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"


class MessageState(StrEnum):
    """How a message stands.

    `sending`: a worker has it. `unknown`: it may or may not have left, the provider will be asked.
    `not_confirmed`: the same, and nobody can tell; a person has to look. The last five are ends,
    though a provider's word that it has the message turns each of them into `sent`.
    """

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NOT_CONFIRMED = "not_confirmed"


class AttemptOutcome(StrEnum):
    """How one call ended; `lost`: the worker did not live to say."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    LOST = "lost"


class ProviderAnswer(StrEnum):
    """What the provider said when it was asked about an attempt afterwards."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


# Literal text, in queries as in the indexes: a planner does not match a parameter with an index.
IS_QUEUED = text("state = 'queued'")
IS_IN_DOUBT = text("state IN ('sending', 'unknown')")
IS_VITAL_AND_NOT_OUT = text("is_vital AND state IN ('queued', 'sending', 'unknown')")


class OutboxMessage(Base):
    """One message to one recipient over one channel.

    `recipient_ref` and `about` are names that only the caller can read; `template_version` is the
    edition of all texts that the caller wrote it under. `is_vital` decides when
    nobody knows whether it left: a vital message is sent again, any other is not. `repeated_by` is
    the one that a person had written in its place, after it failed.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_queued", "is_vital", "next_attempt_at",
              sqlite_where=IS_QUEUED, postgresql_where=IS_QUEUED),
        Index("ix_outbox_message_in_doubt", "is_vital", "asks_after",
              sqlite_where=IS_IN_DOUBT, postgresql_where=IS_IN_DOUBT),
        Index("ix_outbox_message_vital", "created_at",
              sqlite_where=IS_VITAL_AND_NOT_OUT, postgresql_where=IS_VITAL_AND_NOT_OUT),
        Index("ix_outbox_message_recipient", "recipient_ref", "created_at"),
        Index("ix_outbox_message_about", "about"),
        Index("ix_outbox_message_created", "created_at"),
        Index("ix_outbox_message_provider", "provider_id"),
        Index("uq_outbox_message_repeated_by", "repeated_by", unique=True),
        CheckConstraint("not_after IS NULL OR not_before < not_after", name="can_ever_be_sent"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    purpose: Mapped[str]
    is_vital: Mapped[bool]
    channel: Mapped[ChannelName]
    template: Mapped[str]
    template_version: Mapped[str]
    params: Mapped[dict[str, str]] = mapped_column(JSON)
    language: Mapped[str]
    recipient_ref: Mapped[str]
    about: Mapped[str | None]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    not_after: Mapped[datetime | None]
    state: Mapped[MessageState] = mapped_column(default=MessageState.QUEUED)
    next_attempt_at: Mapped[datetime]
    attempt_count: Mapped[int] = mapped_column(default=0)
    doubt_count: Mapped[int] = mapped_column(default=0)
    ask_count: Mapped[int] = mapped_column(default=0)
    leased_by: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    asks_after: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    delivery_status: Mapped[str | None]
    last_error: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    repeated_by: Mapped[UUID | None]


class SendAttempt(Base):
    """One call of a provider, on record before it is made. Times are wall-clock times."""

    __tablename__ = "send_attempt"
    __table_args__ = (
        UniqueConstraint("message_id", "number"),
        Index("ix_send_attempt_provider", "provider_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_message.id"))
    number: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[AttemptOutcome | None]
    provider_id: Mapped[str | None]
    error_code: Mapped[str | None]
    asked_at: Mapped[datetime | None]
    answer: Mapped[ProviderAnswer | None]


class DeliveryReceipt(Base):
    """The provider's word on a message, each word once, in the order of arrival."""

    __tablename__ = "delivery_receipt"
    __table_args__ = (UniqueConstraint("message_id", "provider_id", "status", "error_code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_message.id"))
    provider_id: Mapped[str]
    status: Mapped[str]
    error_code: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime]


class SenderPace(Base):
    """When a sender is next free, on the wall's clock: what all workers together keep to."""

    __tablename__ = "sender_pace"

    sender: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]


class DevelopmentMessage(Base):
    """What the development inbox took in, instead of a phone or a mailbox."""

    __tablename__ = "development_message"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(index=True)
    channel: Mapped[ChannelName]
    address: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str | None]
    body: Mapped[str]
    received_at: Mapped[datetime]

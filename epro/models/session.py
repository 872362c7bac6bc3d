"""Getting in: activation codes, device sessions, and the count of refused attempts."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class ActivationCode(Base):
    """A single-use code handed over in person; only its keyed hash is kept."""

    __tablename__ = "activation_code"
    __table_args__ = (
        Index("uq_activation_code_standing", "participant_id", unique=True,
              sqlite_where=text("used_at IS NULL AND revoked_at IS NULL"),
              postgresql_where=text("used_at IS NULL AND revoked_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    code_lookup: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    # The number that the phone gave its attempt: only it is answered again when the reply was lost.
    used_by_attempt: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
    failed_count: Mapped[int] = mapped_column(default=0)


class DeviceSession(Base):
    """One signed-in device or browser: a family of refresh tokens that can be revoked as one.

    `refresh_generation` counts the refresh tokens handed out. A token of the newest generation
    rotates; one generation older is answered again (the reply was lost); anything older is theft.
    Times here are wall-clock times, as token life is.
    """

    __tablename__ = "device_session"
    __table_args__ = (
        CheckConstraint(
            "(participant_id IS NULL) <> (user_id IS NULL)", name="belongs_to_one_person"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    client: Mapped[str]
    refresh_generation: Mapped[int] = mapped_column(default=1)
    clock_offset_s: Mapped[float | None]
    # Opened by a PIN on a trusted phone: good for taking flags, and for nothing else.
    trusted_phone_id: Mapped[UUID | None] = mapped_column(ForeignKey("trusted_phone.id"))
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class TrustedPhone(Base):
    """A user's own phone that opens by a PIN of its own, to take flags at night.

    The phone keeps the key; here is its keyed hash. Times are wall-clock times.
    """

    __tablename__ = "trusted_phone"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    key_lookup: Mapped[str] = mapped_column(unique=True)
    pin_hash: Mapped[str]
    client: Mapped[str]
    trusted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Lockout(Base):
    """Refused attempts, counted by what was claimed: unknown names behave like known ones."""

    __tablename__ = "lockout"

    claim_lookup: Mapped[str] = mapped_column(primary_key=True)
    failed_count: Mapped[int]
    first_failed_at: Mapped[datetime]
    last_failed_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]

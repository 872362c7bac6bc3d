"""What could name a participant: sealed, apart from the clinical tables, read only on record."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class OptOutSource(StrEnum):
    """How we learned that a number wants no messages."""

    REPLY = "reply"
    PROVIDER = "provider"


class ParticipantIdentity(Base):
    """Sealed contact fields; the phone's keyed hash finds a person without opening anything."""

    __tablename__ = "participant_identity"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    phone_sealed: Mapped[str]
    phone_lookup: Mapped[str] = mapped_column(index=True)
    email_sealed: Mapped[str | None]
    year_of_birth_sealed: Mapped[str]
    recorded_at: Mapped[datetime]


class OptOut(Base):
    """A number whose owner wants no text messages: since when, how we learned it, until when.

    Kept by the number's keyed hash: it is the number that is blocked, whoever it belongs to.
    """

    __tablename__ = "opt_out"
    __table_args__ = (
        Index("uq_opt_out_standing", "number_lookup", unique=True,
              sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    number_lookup: Mapped[str]
    source: Mapped[OptOutSource]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ParticipantCredential(Base):
    """The PIN a participant chose; nobody else knows it, staff can only have it replaced."""

    __tablename__ = "participant_credential"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    pin_hash: Mapped[str]
    chosen_at: Mapped[datetime]

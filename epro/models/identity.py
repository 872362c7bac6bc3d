"""What could name a participant: sealed, apart from the clinical tables, read only on record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class ParticipantIdentity(Base):
    """Sealed contact fields; the phone's keyed hash finds a person without opening anything."""

    __tablename__ = "participant_identity"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    phone_sealed: Mapped[str]
    phone_lookup: Mapped[str] = mapped_column(index=True)
    year_of_birth_sealed: Mapped[str]
    recorded_at: Mapped[datetime]


class ParticipantCredential(Base):
    """The PIN a participant chose; nobody else knows it, staff can only have it replaced."""

    __tablename__ = "participant_credential"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    pin_hash: Mapped[str]
    chosen_at: Mapped[datetime]

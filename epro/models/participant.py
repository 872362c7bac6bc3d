"""The participant as the clinical tables know her: by code only."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base
from questionnaires.definition import ConsentKind, Language, ThermometerRoute


class ReminderChannel(StrEnum):
    """By which way a participant wants to be reminded; `none`: she wants to be left alone."""

    SMS = "sms"
    EMAIL = "email"
    NONE = "none"


class Participant(Base):
    """A person in the trial, known here by her subject number alone."""

    __tablename__ = "participant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    code: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    language: Mapped[Language]
    zone: Mapped[str]
    thermometer_route: Mapped[ThermometerRoute]
    enrolled_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    reminder_time: Mapped[str | None]  # "18:30" in her own zone; empty: as the study says
    reminder_channel: Mapped[ReminderChannel | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def reminder_minute(self) -> int | None:
        """The minute of the day she chose for her reminder, if she chose one."""
        if self.reminder_time is None:
            return None
        hour, minute = self.reminder_time.split(":")
        return int(hour) * 60 + int(minute)

    @property
    def facts(self) -> dict[str, Any]:
        """What the journal keeps of her: the whole row, without the numbers of our own tables."""
        inside = {"id", "site_id", "version"}
        names = [column.key for column in type(self).__table__.columns]
        return {name: getattr(self, name) for name in names if name not in inside}


class Consent(Base):
    """One kind of consent in one version, on paper at the site; withdrawing keeps the row."""

    __tablename__ = "consent"
    __table_args__ = (
        Index("uq_consent_standing", "participant_id", "kind", unique=True,
              sqlite_where=text("withdrawn_at IS NULL"),
              postgresql_where=text("withdrawn_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    kind: Mapped[ConsentKind]
    document_version: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    explained_by: Mapped[str]
    paper_location: Mapped[str]

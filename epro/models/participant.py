"""The participant as the clinical tables know her: by code only."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base
from questionnaires.definition import ConsentKind, Language, ThermometerRoute
from questionnaires.schedule import DiarySlot, SlotChoice


class LifeCycle(StrEnum):
    """How a participant takes part (P-09)."""

    SCREENED = "screened"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    WITHDRAWN_FROM_INFUSION = "withdrawn_from_infusion"
    WITHDRAWN_FROM_DIARY = "withdrawn_from_diary"
    WITHDRAWN_FROM_CONTACT = "withdrawn_from_contact"
    WITHDRAWN_FROM_ALL = "withdrawn_from_all"
    LOST = "lost"
    DECEASED = "deceased"


UNDER_WAY = frozenset({LifeCycle.SCREENED, LifeCycle.ACTIVE})
# Who has left the infusions goes on with her diary: her safety is followed as everyone's.
KEEPS_DIARY = UNDER_WAY | {LifeCycle.PAUSED, LifeCycle.WITHDRAWN_FROM_INFUSION}
MAY_REPORT = KEEPS_DIARY | {LifeCycle.WITHDRAWN_FROM_DIARY}


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
    life_cycle: Mapped[LifeCycle] = mapped_column(default=LifeCycle.SCREENED)
    life_cycle_at: Mapped[datetime | None]  # since when, and why, where a person decided it
    life_cycle_reason: Mapped[str | None]
    diary_slot: Mapped[DiarySlot] = mapped_column(default=DiarySlot.EVENING)
    diary_slot_from_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def reminder_minute(self) -> int | None:
        """The minute of the day she chose for her reminder, if she chose one."""
        if self.reminder_time is None:
            return None
        hour, minute = self.reminder_time.split(":")
        return int(hour) * 60 + int(minute)

    @property
    def is_paused(self) -> bool:
        return self.life_cycle is LifeCycle.PAUSED

    @property
    def is_reminded(self) -> bool:
        """Whether messages ask her for her diary: any kind of leaving stops them at once."""
        return self.life_cycle in UNDER_WAY

    @property
    def keeps_diary(self) -> bool:
        """Whether anything can still become due; a pause only suspends it."""
        return self.life_cycle in KEEPS_DIARY

    @property
    def may_report(self) -> bool:
        """Whether the reports that are always open are shown; else the telephone numbers are."""
        return self.life_cycle in MAY_REPORT

    @property
    def slots(self) -> SlotChoice:
        return SlotChoice(self.diary_slot, self.diary_slot_from_on)

    @property
    def facts(self) -> dict[str, Any]:
        """What the journal keeps of her: the whole row, without the numbers of our own tables."""
        inside = {"id", "site_id", "version"}
        names = [column.key for column in type(self).__table__.columns]
        return {name: getattr(self, name) for name in names if name not in inside}


STANDS = "withdrawn_at IS NULL AND superseded_at IS NULL"


class Consent(Base):
    """One kind of consent in one edition, on paper at the site.

    Withdrawing it keeps the row, and so does another edition that is signed in its place.
    """

    __tablename__ = "consent"
    __table_args__ = (
        Index("uq_consent_standing", "participant_id", "kind", unique=True,
              sqlite_where=text(STANDS),
              postgresql_where=text(STANDS)),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    kind: Mapped[ConsentKind]
    document_version: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    explained_by: Mapped[str]
    paper_location: Mapped[str]

    @property
    def stands(self) -> bool:
        """Whether she agrees to it now: neither withdrawn nor signed anew."""
        return self.withdrawn_at is None and self.superseded_at is None

    @property
    def facts(self) -> dict[str, Any]:
        """What the journal keeps of each of its states."""
        names = (
            "kind", "document_version", "given_at", "withdrawn_at", "superseded_at",
            "explained_by", "paper_location",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


CONSENT_STANDS = and_(Consent.withdrawn_at.is_(None), Consent.superseded_at.is_(None))

"""Who is on call at a site, hour by hour, trials of its alarm and numbers, and its daily mail."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class Duty(StrEnum):
    """The two lines of a roster; both are manned at every hour."""

    ON_CALL = "on_call"
    BACKUP = "backup"


class Roster(Base):
    """One roster of a site, for whole local days; of two that overlap the later entered counts."""

    __tablename__ = "roster"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        CheckConstraint("begins_at < ends_at", name="is_not_empty"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    number: Mapped[int]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class RosterShift(Base):
    """One person's hours on one line of a roster.

    A deputy's hours (`is_deputy`) lie over somebody's and count before them.
    """

    __tablename__ = "roster_shift"
    __table_args__ = (CheckConstraint("begins_at < ends_at", name="is_not_empty"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"), index=True)
    duty: Mapped[Duty]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_deputy: Mapped[bool]


class AlarmDrill(Base):
    """One trial of a site's alarm: who was told, and who heard it when. Never a flag."""

    __tablename__ = "alarm_drill"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    started_at: Mapped[datetime]
    started_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))


class ListedNumber(StrEnum):
    """Which numbers of a site are test-called: two that participants are told, and its people's."""

    SITE_PHONE = "site_phone"
    STUDY_PHONE = "study_phone"
    PERSON = "person"


class NumberCheck(Base):
    """One test call of a listed number: when, by whom, and whether it was answered.

    `number` is what was called, as it stood; of a person there is only whose it is (`user_id`).
    """

    __tablename__ = "number_check"
    __table_args__ = (
        CheckConstraint(
            "(which = 'person' AND user_id IS NOT NULL AND number IS NULL)"
            " OR (which <> 'person' AND user_id IS NULL AND number IS NOT NULL)",
            name="says_whose_or_which",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    which: Mapped[ListedNumber]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    number: Mapped[str | None]
    called_at: Mapped[datetime]
    called_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    is_answered: Mapped[bool]
    note: Mapped[str]
    recorded_at: Mapped[datetime]


class Digest(Base):
    """That a site was written to, on one of its days, about what waits: once, however often asked.

    `flag_count` 0 says that nothing waited and nobody was written to.
    """

    __tablename__ = "digest"

    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), primary_key=True)
    sent_on: Mapped[date] = mapped_column(primary_key=True)
    flag_count: Mapped[int]
    made_at: Mapped[datetime]


class SponsorContact(Base):
    """Whom at the sponsor the last rung of a site's ladder tells; addresses are sealed."""

    __tablename__ = "sponsor_contact"

    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), primary_key=True)
    name: Mapped[str]
    email_sealed: Mapped[str | None]
    phone_sealed: Mapped[str | None]
    set_at: Mapped[datetime]

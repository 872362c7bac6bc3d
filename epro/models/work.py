"""What people have to do, and what went wrong with the system itself."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class Reminder(Base):
    """One step of reminding of one assessment: sent in a message, or skipped and why."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("assessment_id", "step"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessment.id"))
    step: Mapped[str]
    decided_at: Mapped[datetime]
    message_id: Mapped[UUID | None] = mapped_column(index=True)
    skipped_reason: Mapped[str | None]


class WorkKind(StrEnum):
    """Why somebody at the site should act."""

    CALL_NOW = "call_now"
    MISSED = "missed"
    NOT_REACHED = "not_reached"
    NOT_CONFIRMED = "not_confirmed"


class WorkItem(Base):
    """One line of the site's work list; each reason stands there once."""

    __tablename__ = "work_item"
    __table_args__ = (
        UniqueConstraint("kind", "about"),
        Index("ix_work_item_open", "site_id", "created_at",
              sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id"))
    kind: Mapped[WorkKind]
    about: Mapped[str]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))


class IncidentKind(StrEnum):
    """Technical failures that people are told of by a channel that still works."""

    UNDELIVERED = "undelivered"
    SILENT_WORKER = "silent_worker"
    NOBODY_TO_TELL = "nobody_to_tell"


class Incident(Base):
    """A technical failure, from when it was seen until it was over; never a flag."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("uq_incident_open", "kind", "about", unique=True,
              sqlite_where=text("resolved_at IS NULL"),
              postgresql_where=text("resolved_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[IncidentKind]
    about: Mapped[str]
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
    opened_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]

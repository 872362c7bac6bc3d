"""What people have to do, and what went wrong with the system itself."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base
from questionnaires.tiers import Channel


class Reminder(Base):
    """One step of reminding of one assessment: sent in a message, or skipped and why.

    `due_at` is when the policy has it. Where its message could not reach her, the next channel's
    takes its place; `not_sent_reason` says why none has left.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("assessment_id", "step"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessment.id"))
    step: Mapped[str]
    due_at: Mapped[datetime]
    template: Mapped[str]
    template_version: Mapped[str]
    decided_at: Mapped[datetime]
    channel: Mapped[Channel | None]
    message_id: Mapped[UUID | None] = mapped_column(index=True)
    skipped_reason: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    not_sent_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def facts(self) -> dict[str, Any]:
        """What the journal keeps of it."""
        inside = {"id", "version"}
        names = [column.key for column in type(self).__table__.columns]
        return {name: getattr(self, name) for name in names if name not in inside}


class WorkKind(StrEnum):
    """Why somebody at the site should act."""

    CALL_NOW = "call_now"
    MISSED = "missed"
    NOT_REACHED = "not_reached"
    NOT_CONFIRMED = "not_confirmed"
    SAE_DUE = "sae_due"
    CALL_PRINCIPAL_INVESTIGATOR = "call_principal_investigator"
    ROSTER_ENDS = "roster_ends"
    NO_BASELINE = "no_baseline"
    RATING_DUE = "rating_due"
    ANCHOR_DIFFERS = "anchor_differs"
    IDENTITY_MISSING = "identity_missing"
    STALE_FEED = "stale_feed"
    HOSPITAL_STAY = "hospital_stay"
    STUCK_RECORD = "stuck_record"
    WITHDRAWN_ELSEWHERE = "withdrawn_elsewhere"
    CHECK_TRANSCRIPTION = "check_transcription"
    TRANSCRIPTION_DIFFERS = "transcription_differs"


class WorkItem(Base):
    """One line of the site's work list, or of the data manager's where there is no site.

    Each reason stands there once.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        UniqueConstraint("kind", "about"),
        Index("ix_work_item_open", "site_id", "created_at",
              sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
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
    ROSTER_GAP = "roster_gap"


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

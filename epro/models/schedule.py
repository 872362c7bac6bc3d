"""What days are counted from, and the questionnaires that are due once."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base
from questionnaires.schedule import AnchorEvent, AnsweredBy, Window


class Anchor(Base):
    """When something happened that days are counted from; a correction supersedes, never edits.

    `zone` is the site's, where its local day is counted; so is the offset.
    """

    __tablename__ = "anchor"
    __table_args__ = (
        Index("uq_anchor_standing", "participant_id", "event", unique=True,
              sqlite_where=text("superseded_at IS NULL"),
              postgresql_where=text("superseded_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    event: Mapped[AnchorEvent]
    version: Mapped[int] = mapped_column(default=1)
    occurred_at: Mapped[datetime]
    zone: Mapped[str]
    utc_offset_minutes: Mapped[int]
    reason: Mapped[str | None]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class AssessmentState(StrEnum):
    """How an assessment stands at an instant; follows from its facts, is never stored."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    LATE = "late"
    MISSED = "missed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NOT_OFFERED = "not_offered"
    SUSPENDED = "suspended"


class Assessment(Base):
    """One questionnaire, due once.

    `family` and `occurrence` identify it: a daily one by its local date, a periodic one by its
    number in the block. What is answered before `closes_at` is on time, before `late_until` late.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        Index("uq_assessment_identity", "participant_id", "family", "occurrence", unique=True,
              sqlite_where=text("cancelled_at IS NULL"),
              postgresql_where=text("cancelled_at IS NULL")),
        # The few that somebody else answers: found without looking at everybody's diary.
        Index("ix_assessment_rating", "id",
              sqlite_where=text("answered_by <> 'participant'"),
              postgresql_where=text("answered_by <> 'participant'")),
        CheckConstraint("opens_at < closes_at", name="window_is_not_empty"),
        CheckConstraint("closes_at <= late_until", name="late_part_follows"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    study_version_id: Mapped[int] = mapped_column(ForeignKey("study_version.id"))
    version: Mapped[int] = mapped_column(default=1)
    family: Mapped[str]
    occurrence: Mapped[str]
    block: Mapped[str]
    questionnaire_code: Mapped[str]
    questionnaire_version: Mapped[str]
    planned_on: Mapped[date]
    opens_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    late_until: Mapped[datetime]
    answered_by: Mapped[AnsweredBy] = mapped_column(default=AnsweredBy.PARTICIPANT)
    planned_at: Mapped[datetime]
    not_offered: Mapped[bool] = mapped_column(default=False)
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]  # by a pause that it fell into: neither due nor missed
    missed_noticed_at: Mapped[datetime | None]
    # When there is next something to send, or a silence to notice; empty when there is not.
    next_reminder_at: Mapped[datetime | None] = mapped_column(index=True)
    next_look_at: Mapped[datetime | None] = mapped_column(index=True)

    @property
    def window(self) -> Window:
        return Window(self.opens_at, self.closes_at)

    def state_at(self, now: datetime) -> AssessmentState:  # noqa: PLR0911  a line for each state
        """Follow from the facts how this assessment stands at `now`."""
        if self.cancelled_at is not None:
            return AssessmentState.CANCELLED
        if self.completed_at is not None:
            return AssessmentState.COMPLETED
        if self.not_offered:
            return AssessmentState.NOT_OFFERED
        if self.suspended_at is not None:
            return AssessmentState.SUSPENDED
        if now < self.opens_at:
            return AssessmentState.SCHEDULED
        if now < self.closes_at:
            return AssessmentState.OPEN
        if now < self.late_until:
            return AssessmentState.LATE
        return AssessmentState.MISSED

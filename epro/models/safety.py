"""What alarmed, who was told, who took it: screenings, flags, and what made each flag."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base, BigId
from questionnaires.tiers import Tier


class ScreeningSource(StrEnum):
    """What was looked at: a revision, a refused body, a silence, an answer to our question."""

    RESPONSE = "response"
    QUARANTINE = "quarantine"
    SILENCE = "silence"
    QUESTION = "question"


class FlagState(StrEnum):
    """How far a flag has come; follows from its times."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ASSESSED = "assessed"
    CLOSED = "closed"


class Screening(Base):
    """One run of the safety rules, with what they looked at: a replay gives the same result.

    `flags_at` is when an unfinished revision that met a red rule turns into a flag unless a later
    revision comes first; empty once that is settled, and for everything that flags at once.
    """

    __tablename__ = "screening"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "revision", "body_sha256"),
        Index("ix_screening_flags_at", "flags_at",
              sqlite_where=text("flags_at IS NOT NULL"),
              postgresql_where=text("flags_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    study_version_id: Mapped[int] = mapped_column(ForeignKey("study_version.id"))
    source: Mapped[ScreeningSource]
    source_id: Mapped[str]
    revision: Mapped[int]
    body_sha256: Mapped[str]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    rules_met: Mapped[list[str]] = mapped_column(JSON)
    answered_at: Mapped[datetime]
    screened_at: Mapped[datetime]
    flags_at: Mapped[datetime | None]


class SafetyQuestion(Base):
    """Asked before words in free text become a flag, which they do unless answered by then.

    `answer` is the latest she gave, as answers to the items that ask the same. Settled is what was
    answered or has become a flag.
    """

    __tablename__ = "safety_question"
    __table_args__ = (
        Index("ix_safety_question_answer_by", "answer_by",
              sqlite_where=text("settled_at IS NULL"),
              postgresql_where=text("settled_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    screening_id: Mapped[UUID] = mapped_column(ForeignKey("screening.id"), unique=True)
    version: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    settled_at: Mapped[datetime | None]


class SafetyFlag(Base):
    """A possible serious event until a named person takes it, and after.

    `urgent_since` is when the running clock started: a worse trigger on an acknowledged flag starts
    it anew. `next_rung_at` is when the next people are told if nobody has taken it by then,
    `next_call_at` when phones ring again.

    `news_at` is since when something stands on it that joined after it was taken and that nobody of
    the site has looked at.

    The clock of a serious event stands in `delivered_at` (to a person), `viewed_at`, `aware_at`
    (the earliest of them and of what people stated) and `sent_at`; `clock_looks_at` is when to look
    at it again, `warned_hours` the last warning given.
    """

    __tablename__ = "safety_flag"
    __table_args__ = (
        Index("ix_safety_flag_next_rung_at", "next_rung_at",
              sqlite_where=text("next_rung_at IS NOT NULL"),
              postgresql_where=text("next_rung_at IS NOT NULL")),
        Index("ix_safety_flag_next_call_at", "next_call_at",
              sqlite_where=text("next_call_at IS NOT NULL"),
              postgresql_where=text("next_call_at IS NOT NULL")),
        Index("ix_safety_flag_clock_looks_at", "clock_looks_at",
              sqlite_where=text("clock_looks_at IS NOT NULL"),
              postgresql_where=text("clock_looks_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    study_version_id: Mapped[int] = mapped_column(ForeignKey("study_version.id"))
    version: Mapped[int] = mapped_column(default=1)
    tier: Mapped[Tier]
    tonight: Mapped[bool]
    possible_serious: Mapped[bool]
    raised_at: Mapped[datetime]
    urgent_since: Mapped[datetime]
    rung_count: Mapped[int] = mapped_column(default=0)
    next_rung_at: Mapped[datetime | None]
    next_call_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    news_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    aware_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    clock_looks_at: Mapped[datetime | None]
    warned_hours: Mapped[int] = mapped_column(default=0)
    assessment_version: Mapped[int] = mapped_column(default=0)
    assessed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    close_reason: Mapped[str | None]

    @property
    def state(self) -> FlagState:
        """An assessment made before the flag became urgent again does not count any more."""
        if self.closed_at is not None:
            return FlagState.CLOSED
        if self.acknowledged_at is None:
            return FlagState.RAISED
        if self.assessed_at is not None and self.assessed_at >= self.urgent_since:
            return FlagState.ASSESSED
        return FlagState.ACKNOWLEDGED


class FlagTrigger(Base):
    """One rule that was met, by which screening, and the flag it made or joined."""

    __tablename__ = "flag_trigger"
    __table_args__ = (UniqueConstraint("flag_id", "screening_id", "rule"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    flag_id: Mapped[UUID] = mapped_column(ForeignKey("safety_flag.id"), index=True)
    screening_id: Mapped[UUID] = mapped_column(ForeignKey("screening.id"))
    rule: Mapped[str]
    tier: Mapped[Tier]
    met_at: Mapped[datetime]


class FlagNote(Base):
    """What was added to a flag later, such as an answer that came after a silence; never edited."""

    __tablename__ = "flag_note"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    flag_id: Mapped[UUID] = mapped_column(ForeignKey("safety_flag.id"), index=True)
    kind: Mapped[str]
    about: Mapped[str]
    noted_at: Mapped[datetime]

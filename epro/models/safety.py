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
    """What was looked at: a stored revision, a refused body, or an answer that did not come."""

    RESPONSE = "response"
    QUARANTINE = "quarantine"
    SILENCE = "silence"


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


class SafetyFlag(Base):
    """A possible serious event until a named person takes it, and after.

    `urgent_since` is when the running clock started: a worse trigger on an acknowledged flag starts
    it anew. `next_rung_at` is when the next people are told if nobody has taken it by then.
    """

    __tablename__ = "safety_flag"
    __table_args__ = (
        Index("ix_safety_flag_next_rung_at", "next_rung_at",
              sqlite_where=text("next_rung_at IS NOT NULL"),
              postgresql_where=text("next_rung_at IS NOT NULL")),
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
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    closed_at: Mapped[datetime | None]


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

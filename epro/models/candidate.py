"""Candidates for adverse events as they were last reckoned: for lists over many participants."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base, BigId
from epro.models.adverse_event import EventSource


class CandidateState(StrEnum):
    """How a candidate stands; changed means that the decision about it no longer does."""

    UNDECIDED = "undecided"
    CHANGED = "changed"
    DECIDED = "decided"


class CandidateReckoning(Base):
    """Whether what is kept of a participant's candidates still follows from her record.

    The database itself counts `facts_version` up, by triggers on every table that candidates follow
    from; what is kept holds as long as it was reckoned from that very version, with the rules of
    `reckoned_with`, and before `holds_until` (trial time), when a form left alone becomes a report.
    """

    __tablename__ = "candidate_reckoning"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    facts_version: Mapped[int]
    reckoned_version: Mapped[int | None]
    reckoned_with: Mapped[str | None]
    reckoned_at: Mapped[datetime | None]
    holds_until: Mapped[datetime | None]


class StandingCandidate(Base):
    """One candidate as it was last reckoned; only to be read where its reckoning still holds."""

    __tablename__ = "standing_candidate"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    source: Mapped[EventSource] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(primary_key=True)
    began_on: Mapped[date]
    study_day: Mapped[str | None]
    is_in_window: Mapped[bool]
    state: Mapped[CandidateState]
    decision_number: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("candidate_decision.number")
    )

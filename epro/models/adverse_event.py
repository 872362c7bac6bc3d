"""Adverse events as a physician records them, and decisions about what might be one."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base, BigId
from questionnaires.adverse_events import ActionTaken, Outcome


class EventSource(StrEnum):
    """Where an event, or the candidate for one, comes from."""

    SELF_REPORT = "self_report"
    FLAG = "flag"
    EPISODE = "episode"
    INVESTIGATOR = "investigator"


class Disposition(StrEnum):
    """What a physician decided about a candidate.

    Merged: it is the same event as one on record. Linked: it says something further about one and
    is none itself. Pre-existing: it was there before the infusion and has not changed.
    """

    ACCEPTED = "accepted"
    MERGED = "merged"
    LINKED = "linked"
    PRE_EXISTING = "pre_existing"
    DECLINED = "declined"

    @property
    def names_event(self) -> bool:
        """Tell whether it belongs to an event that is on record already."""
        return self in {Disposition.MERGED, Disposition.LINKED}


class AdverseEvent(Base):
    """One adverse event as it stands; `number` counts the events of a participant.

    `grades` are {grade, from_on}, in order; `linked_responses` are ids of forms about treatment and
    care. Each version is kept in `adverse_event_version`. One that was entered in error, or twice,
    is voided and stays.
    """

    __tablename__ = "adverse_event"
    __table_args__ = (UniqueConstraint("participant_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    study_version_id: Mapped[int] = mapped_column(ForeignKey("study_version.id"))
    number: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    source: Mapped[EventSource]
    term: Mapped[str]
    onset_on: Mapped[date]
    onset_at: Mapped[datetime | None]
    ended_on: Mapped[date | None]
    outcome: Mapped[Outcome]
    action_taken: Mapped[ActionTaken]
    relationship: Mapped[str]
    seriousness: Mapped[list[str]] = mapped_column(JSON)
    grades: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    linked_responses: Mapped[list[str]] = mapped_column(JSON)
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    duplicate_of_number: Mapped[int | None]

    @property
    def is_open(self) -> bool:
        """Tell whether it goes on, as far as is known."""
        return self.ended_on is None and self.voided_at is None

    @property
    def worst_grade(self) -> int:
        """Return the highest grade it ever had."""
        return worst_of(self.grades)


def worst_of(grades: Iterable[Mapping[str, Any]]) -> int:
    """Return the highest of the grades of an event."""
    return max(int(one["grade"]) for one in grades)


class AdverseEventVersion(Base):
    """One version of an event, whole, with who made it and why; never changed."""

    __tablename__ = "adverse_event_version"
    __table_args__ = (UniqueConstraint("event_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("adverse_event.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class CandidateDecision(Base):
    """What was decided about a candidate as it stood (`seen`); the latest counts, none is changed.

    Candidates themselves follow from reports, flags and diaries, so that a late answer or a
    correction shows at once; what is kept of them (`standing_candidate`) is for lists alone.
    """

    __tablename__ = "candidate_decision"

    number: Mapped[int] = mapped_column(BigId, primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    source: Mapped[EventSource]
    source_key: Mapped[str]
    seen: Mapped[dict[str, Any]] = mapped_column(JSON)
    disposition: Mapped[Disposition]
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("adverse_event.id"))
    reason: Mapped[str]
    decided_at: Mapped[datetime]
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))

"""What might be an adverse event: reports, flags and diary episodes that a physician has to decide.

Candidates follow from what is on record, so a late answer, a correction or a further trigger shows
at once; a decision counts as long as what it was about says the same. Whoever decides, signs or
locks looks at them as they follow at that moment; lists over everybody read those that are kept
(`epro/services/reckoning.py`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from epro.models import (
    CandidateDecision,
    CandidateState,
    Disposition,
    EventSource,
    Participant,
)
from epro.services import candidate_record, candidate_sources, planning
from epro.services.candidate_record import CandidateRecord
from epro.services.candidate_sources import GONE, Found, episode_from
from questionnaires import episodes
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.episodes import Episode
from questionnaires.event_tables import is_treatment_emergent


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing that might be an event. `seen` is what a decision about it is a decision about.

    `about` is for people; `is_in_window` says that it began on day 1 to 28 of an infusion.
    """

    participant: Participant
    source: EventSource
    key: str
    began_on: date
    study_day: str | None
    is_in_window: bool
    seen: Mapping[str, Any]
    about: Mapping[str, Any]
    decision: CandidateDecision | None
    state: CandidateState

    @property
    def id(self) -> UUID:
        """The id under which it is decided; equal as long as its source is."""
        return id_of(self.participant.id, self.source, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A candidate that was decided to belong to an event; whether it still says what it said."""

    event_id: UUID
    source: EventSource
    key: str
    decision: int
    disposition: Disposition
    is_as_decided: bool


def id_of(participant_id: UUID, source: EventSource, key: str) -> UUID:
    """Return the id under which a candidate is decided."""
    return uuid5(NAMESPACE_URL, f"{participant_id}/{source.value}/{key}")


def candidates_of(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> list[Candidate]:
    """Return every candidate of a participant, decided ones too, by the day it began."""
    return next(candidates_of_each(session, [participant], catalogue=catalogue, now=now))


def candidates_of_each(
    session: Session, participants: Sequence[Participant], *, catalogue: Catalogue, now: datetime
) -> Iterator[list[Candidate]]:
    """Yield the candidates of each participant, in their order, read for many of them at once."""
    for record in records_of(session, participants, catalogue=catalogue):
        yield follow_from(record, catalogue=catalogue, now=now)


def records_of(
    session: Session, participants: Sequence[Participant], *, catalogue: Catalogue
) -> Iterator[CandidateRecord]:
    """Yield what the candidates of each participant follow from, in their order."""
    codes = {one.adverse_events.questionnaire for one in catalogue.packages}
    return candidate_record.read(session, participants, report_codes=codes)


def follow_from(record: CandidateRecord, *, catalogue: Catalogue, now: datetime) -> list[Candidate]:
    """Return the candidates that follow from a record, by the day they began."""
    package = _package_of(record, catalogue)
    found = [
        *candidate_sources.reports(record, catalogue=catalogue, now=now),
        *candidate_sources.flags(record),
    ]
    if package is not None:
        found += candidate_sources.episodes_of(record, package)
    found += candidate_sources.gone(record.decisions, found)
    known = [_settled(one, record, package) for one in found]
    return sorted(known, key=lambda one: (one.began_on, one.source, one.key))


def belonging_among(found: Iterable[Candidate]) -> Iterator[Belonging]:
    """Yield those that were decided to belong to an event."""
    for one in found:
        if one.decision is not None and one.decision.event_id is not None:
            yield Belonging(
                event_id=one.decision.event_id, source=one.source, key=one.key,
                decision=one.decision.number, disposition=one.decision.disposition,
                is_as_decided=one.state is CandidateState.DECIDED,
            )  # fmt: skip


def episode_of(candidate: Candidate) -> Episode:
    """Return the episode that a candidate of that source is about."""
    return episode_from(candidate.seen)


def _settled(found: Found, record: CandidateRecord, package: StudyPackage | None) -> Candidate:
    """Put days and the latest decision to what was found of a participant."""
    day, is_in_window = None, False
    if package is not None:
        day = planning.day_label_on(
            record.anchors, found.began_on, zone=record.site_zone, package=package
        )
        is_in_window = is_treatment_emergent(
            record.anchors, found.began_on, at=found.began_at, zone=record.site_zone,
            infusion_day_number=package.infusion_day_number,
        )  # fmt: skip
    decision = record.decisions.get((found.source, found.key))
    state = CandidateState.UNDECIDED
    if decision is not None:
        # What belonged to an event that was voided has to be decided anew.
        is_voided = decision.event_id in record.voided_events
        stands = not is_voided and _still_stands(found, decision.seen)
        state = CandidateState.DECIDED if stands else CandidateState.CHANGED
    return Candidate(
        participant=record.participant, source=found.source, key=found.key,
        began_on=found.began_on, study_day=day, is_in_window=is_in_window, seen=found.seen,
        about=found.about, decision=decision, state=state,
    )  # fmt: skip


def _still_stands(found: Found, seen: Mapping[str, Any]) -> bool:
    is_gone = dict(found.seen) == dict(GONE)
    if found.source is EventSource.EPISODE and not is_gone and dict(seen) != dict(GONE):
        return episodes.is_settled(episode_from(seen), episode_from(found.seen))
    return dict(seen) == dict(found.seen)


def _package_of(record: CandidateRecord, catalogue: Catalogue) -> StudyPackage | None:
    version_id = record.study_version_id
    return None if version_id is None else catalogue.package(version_id)

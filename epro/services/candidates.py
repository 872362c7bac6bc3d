"""What might be an adverse event: reports, flags and diary episodes that a physician has to decide.

Candidates are stored nowhere. They follow from what is on record, so a late answer, a correction or
a further trigger shows at once; a decision counts as long as what it was about says the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import (
    AdverseEvent,
    CandidateDecision,
    EventSource,
    Participant,
    QuestionnaireResponse,
    Site,
)
from epro.services import candidate_sources, planning
from epro.services.candidate_sources import GONE, Found, episode_from
from questionnaires import episodes
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.episodes import Episode
from questionnaires.event_tables import is_treatment_emergent
from questionnaires.schedule import Anchors


class CandidateState(StrEnum):
    """How a candidate stands; changed means that the decision about it no longer does."""

    UNDECIDED = "undecided"
    CHANGED = "changed"
    DECIDED = "decided"


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
        name = f"{self.participant.id}/{self.source.value}/{self.key}"
        return uuid5(NAMESPACE_URL, name)


def candidates_of(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> list[Candidate]:
    """Return every candidate of a participant, decided ones too, by the day it began."""
    zone = ZoneInfo(participant.zone)
    # Days are hers; an infusion's is the one it has where it took place.
    anchor_zone = ZoneInfo(session.get_one(Site, participant.site_id).zone)
    anchors = planning.standing_anchors(session, participant.id)
    responses = session.scalars(
        select(QuestionnaireResponse)
        .where(QuestionnaireResponse.participant_id == participant.id)
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
        .execution_options(populate_existing=True)
    ).all()
    decisions = _latest_decisions(session, participant)
    package = _package_of(responses, catalogue)
    found = [
        *candidate_sources.reports(responses, zone, catalogue=catalogue, now=now),
        *candidate_sources.flags(session, participant, zone),
    ]
    if package is not None:
        found += candidate_sources.episodes_of(
            session, participant, responses, package, anchors, anchor_zone
        )
    found += candidate_sources.gone(decisions, found)
    settle = _Settling(session, participant, anchors, anchor_zone, package)
    known = [settle(one, decisions.get((one.source, one.key))) for one in found]
    return sorted(known, key=lambda one: (one.began_on, one.source, one.key))


def list_candidates(
    session: Session,
    actor: Actor,
    *,
    only_undecided: bool,
    catalogue: Catalogue,
    now: datetime,
) -> list[Candidate]:
    """Return the candidates of all participants at the actor's sites, by the day they began."""
    query = select(Participant).order_by(Participant.code)
    site_ids = actor.sites_for(Permission.READ_ADVERSE_EVENT)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    found = [
        candidate
        for participant in session.scalars(query)
        for candidate in candidates_of(session, participant, catalogue=catalogue, now=now)
        if not only_undecided or candidate.state is not CandidateState.DECIDED
    ]
    return sorted(found, key=lambda one: (one.began_on, one.participant.code, one.source, one.key))


def episode_of(candidate: Candidate) -> Episode:
    """Return the episode that a candidate of that source is about."""
    return episode_from(candidate.seen)


class _Settling:
    """Puts days and decisions to what was found of one participant."""

    def __init__(
        self,
        session: Session,
        participant: Participant,
        anchors: Anchors,
        anchor_zone: ZoneInfo,
        package: StudyPackage | None,
    ) -> None:
        self._participant, self._anchors, self._zone = participant, anchors, anchor_zone
        self._package = package
        # What belonged to an event that was voided has to be decided anew.
        self._voided = set(
            session.scalars(
                select(AdverseEvent.id).where(
                    AdverseEvent.participant_id == participant.id,
                    AdverseEvent.voided_at.is_not(None),
                )
            )
        )

    def __call__(self, found: Found, decision: CandidateDecision | None) -> Candidate:
        day, is_in_window = None, False
        if self._package is not None:
            day = planning.day_label_on(
                self._anchors, found.began_on, zone=self._zone, package=self._package
            )
            is_in_window = is_treatment_emergent(
                self._anchors, found.began_on, at=found.began_at, zone=self._zone,
                infusion_day_number=self._package.infusion_day_number,
            )  # fmt: skip
        state = CandidateState.UNDECIDED
        if decision is not None:
            stands = decision.event_id not in self._voided and _still_stands(found, decision.seen)
            state = CandidateState.DECIDED if stands else CandidateState.CHANGED
        return Candidate(
            participant=self._participant, source=found.source, key=found.key,
            began_on=found.began_on, study_day=day, is_in_window=is_in_window, seen=found.seen,
            about=found.about, decision=decision, state=state,
        )  # fmt: skip


def _still_stands(found: Found, seen: Mapping[str, Any]) -> bool:
    is_gone = dict(found.seen) == dict(GONE)
    if found.source is EventSource.EPISODE and not is_gone and dict(seen) != dict(GONE):
        return episodes.is_settled(episode_from(seen), episode_from(found.seen))
    return dict(seen) == dict(found.seen)


def _latest_decisions(
    session: Session, participant: Participant
) -> dict[tuple[EventSource, str], CandidateDecision]:
    rows = session.scalars(
        select(CandidateDecision)
        .where(CandidateDecision.participant_id == participant.id)
        .order_by(CandidateDecision.decided_at, CandidateDecision.number)
    )
    return {(row.source, row.source_key): row for row in rows}


def _package_of(
    responses: Sequence[QuestionnaireResponse], catalogue: Catalogue
) -> StudyPackage | None:
    return catalogue.package(responses[-1].study_version_id) if responses else None

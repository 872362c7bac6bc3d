"""Adverse events as people read them: days, basis, versions, and how signatures stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotFound
from epro.models import (
    AdverseEvent,
    AdverseEventVersion,
    Participant,
    QuestionnaireResponse,
    ResponseStatus,
    Site,
    User,
)
from epro.services import candidates, event_records, journal, planning, signing
from epro.services.candidates import CandidateState
from epro.services.event_records import EventCase
from epro.services.signing import ShownSignature, SignedRecord
from questionnaires.catalogue import Catalogue
from questionnaires.event_tables import is_treatment_emergent


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """An event as people read it; the study day is counted from the first infusion."""

    event: AdverseEvent
    participant: Participant
    study_day: str | None
    is_treatment_emergent: bool
    is_related: bool
    basis: Sequence[Mapping[str, Any]]
    signatures: Sequence[ShownSignature]


def get_event(session: Session, actor: Actor, event_id: UUID) -> AdverseEvent:
    """Return one event within the actor's sites; absent and out of reach look alike (NotFound)."""
    event = session.get(AdverseEvent, event_id)
    if event is None or not actor.may_at(Permission.READ_ADVERSE_EVENT, event.site_id):
        raise NotFound
    return event


def list_events(
    session: Session, actor: Actor, participant: Participant | None = None
) -> Sequence[AdverseEvent]:
    """Return the events of one participant, or of all at the actor's sites, by code and number."""
    query = (
        select(AdverseEvent)
        .join(Participant, Participant.id == AdverseEvent.participant_id)
        .order_by(Participant.code, AdverseEvent.number)
    )
    site_ids = actor.sites_for(Permission.READ_ADVERSE_EVENT)
    if site_ids is not None:
        query = query.where(AdverseEvent.site_id.in_(site_ids))
    if participant is not None:
        query = query.where(AdverseEvent.participant_id == participant.id)
    return session.scalars(query).all()


def versions_of(
    session: Session, event: AdverseEvent
) -> Sequence[tuple[AdverseEventVersion, User]]:
    """Return every version of an event, the first one first, and who made it."""
    rows = session.execute(
        select(AdverseEventVersion, User)
        .join(User, User.id == AdverseEventVersion.recorded_by_id)
        .where(AdverseEventVersion.event_id == event.id)
        .order_by(AdverseEventVersion.version)
    )
    return [(version, user) for version, user in rows]


def linkable(
    session: Session, event: AdverseEvent, *, catalogue: Catalogue
) -> Sequence[QuestionnaireResponse]:
    """Return her reports of medicines and care, which can be linked to an event, the latest first.

    Those that are linked stay in the list, whatever became of them.
    """
    allowed = catalogue.package(event.study_version_id).adverse_events.linked
    reports = session.scalars(
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.participant_id == event.participant_id,
            QuestionnaireResponse.questionnaire_code.in_(allowed),
        )
        .order_by(QuestionnaireResponse.answered_at.desc(), QuestionnaireResponse.id)
    )
    linked = set(event.linked_responses)
    return [
        one
        for one in reports
        if one.status is not ResponseStatus.IN_PROGRESS or str(one.id) in linked
    ]


def case_of(session: Session, event: AdverseEvent, *, catalogue: Catalogue) -> EventCase:
    """Return an event with all that it hangs on."""
    return EventCase(
        event=event,
        participant=session.get_one(Participant, event.participant_id),
        site=session.get_one(Site, event.site_id),
        package=catalogue.package(event.study_version_id),
    )


def shown(
    session: Session, event: AdverseEvent, *, catalogue: Catalogue, now: datetime
) -> ShownEvent:
    """Return an event with what follows from it: days, basis, and how its signatures stand."""
    case = case_of(session, event, catalogue=catalogue)
    relationship = case.package.adverse_events.relationship(event.relationship)
    record = record_of(session, case, catalogue=catalogue, now=now)
    return ShownEvent(
        event=event,
        participant=case.participant,
        study_day=planning.day_label_on(
            planning.standing_anchors(session, case.participant.id), event.onset_on,
            zone=ZoneInfo(case.site.zone), package=case.package,
        ),
        is_treatment_emergent=began_under_treatment(session, case),
        is_related=relationship is not None and relationship.is_related,
        basis=record.content["basis"],
        signatures=signing.signatures_of(session, record),
    )  # fmt: skip


def began_under_treatment(session: Session, case: EventCase) -> bool:
    """Tell whether an event began on day 1 to 28 of an infusion, the first or the second."""
    return is_treatment_emergent(
        planning.standing_anchors(session, case.participant.id), case.event.onset_on,
        at=case.event.onset_at, zone=ZoneInfo(case.site.zone),
        infusion_day_number=case.package.infusion_day_number,
    )  # fmt: skip


def record_of(
    session: Session, case: EventCase, *, catalogue: Catalogue, now: datetime
) -> SignedRecord:
    """Return what a signature under an event stands for: the assessment and what it rests on.

    The basis says of each candidate whether it still is what was decided about, so that a corrected
    diary breaks the signature even though nobody touched the event.
    """
    found = candidates.candidates_of(session, case.participant, catalogue=catalogue, now=now)
    belonging = [
        (one, one.decision)
        for one in found
        if one.decision is not None and one.decision.event_id == case.event.id
    ]
    basis = [
        {
            "source": candidate.source,
            "key": candidate.key,
            "decision": decision.number,
            "disposition": decision.disposition,
            "is_as_decided": candidate.state is CandidateState.DECIDED,
        }
        for candidate, decision in sorted(belonging, key=lambda pair: pair[1].number)
    ]
    content = event_records.facts_of(case.event) | {"basis": journal.plain(basis)}
    return SignedRecord(case.subject, content)

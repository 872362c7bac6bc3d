"""Adverse events: decided by a delegated physician, versioned, signed; never by the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.crypto import Keyring
from epro.errors import InvalidInput, NotFound, ReasonRequired
from epro.errors_of_record import EventChanged
from epro.models import (
    AdverseEvent,
    CandidateDecision,
    Disposition,
    EventSource,
    Participant,
    QuestionnaireResponse,
    SignatureMeaning,
    Site,
    Task,
)
from epro.services import (
    candidates,
    delegation,
    event_reading,
    event_records,
    journal,
    planning,
    record_locks,
    signing,
)
from epro.services.candidates import Candidate
from epro.services.event_facts import EventFacts, Onset, refuse_impossible
from epro.services.event_records import EventCase
from epro.services.journal import Subject
from epro.services.signing_in import Proof
from questionnaires.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a physician decides about a candidate; `facts` for a new event, a number for a known."""

    disposition: Disposition
    reason: str
    facts: EventFacts | None = None
    event_number: int | None = None


def decide(
    session: Session,
    actor: Actor,
    participant: Participant,
    candidate_id: UUID,
    choice: Choice,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Candidate:
    """Decide about a candidate: a new event, part of one, further news of one, or none.

    Raises NotFound, RecordLocked, NotDelegated, ReasonRequired and InvalidInput. Deciding again
    replaces the earlier decision, which stays on record.
    """
    participant = planning.lock_participant(session, participant.id)
    record_locks.refuse_locked(session, participant.id)
    candidate = _candidate(session, participant, candidate_id, catalogue=catalogue, now=now)
    site = session.get_one(Site, participant.site_id)
    task = task_for(candidate.source)
    delegation.refuse_undelegated(session, actor, task, site, now=now)
    if not choice.reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    event = None
    if choice.disposition is Disposition.ACCEPTED:
        if choice.facts is None:
            raise _invalid("event", "A new event needs its facts.")
        if task is not Task.ASSESS_EVENT:
            delegation.refuse_undelegated(session, actor, Task.ASSESS_EVENT, site, now=now)
        event = event_records.create(
            session, actor, participant, choice.facts, candidate.source,
            reason=choice.reason, catalogue=catalogue, now=now,
        )  # fmt: skip
    elif choice.disposition.names_event:
        event = _by_number(session, participant, choice.event_number, place="event_number")
    decision = CandidateDecision(
        participant_id=participant.id, site_id=site.id, source=candidate.source,
        source_key=candidate.key, seen=dict(candidate.seen), disposition=choice.disposition,
        event_id=event.id if event else None, reason=choice.reason, decided_at=now,
        decided_by_id=actor.id,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    _record_decision(session, actor, candidate, decision, event, participant, site, now=now)
    return _candidate(session, participant, candidate_id, catalogue=catalogue, now=now)


def task_for(source: EventSource) -> Task:
    """Return the task that has to be delegated to whoever decides about such a candidate."""
    return Task.DECIDE_EPISODE if source is EventSource.EPISODE else Task.ASSESS_EVENT


def enter(
    session: Session,
    actor: Actor,
    participant: Participant,
    facts: EventFacts,
    *,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> AdverseEvent:
    """Enter an event that an examination or the laboratory showed.

    Raises NotFound, RecordLocked, NotDelegated, ReasonRequired and InvalidInput.
    """
    participant = planning.lock_participant(session, participant.id)
    record_locks.refuse_locked(session, participant.id)
    site = session.get_one(Site, participant.site_id)
    delegation.refuse_undelegated(session, actor, Task.ASSESS_EVENT, site, now=now)
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    return event_records.create(
        session, actor, participant, facts, EventSource.INVESTIGATOR,
        reason=reason, catalogue=catalogue, now=now,
    )  # fmt: skip


def revise(
    session: Session,
    actor: Actor,
    event_id: UUID,
    facts: EventFacts,
    *,
    version: int,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> AdverseEvent:
    """Say anew what is known of an event; a signature on the version before shows broken.

    `version` is the one that was looked at. The same facts again change nothing. Raises NotFound,
    NotDelegated, ReasonRequired, InvalidInput, and EventChanged when somebody was faster.
    """
    case = _lock(session, actor, event_id, catalogue=catalogue, now=now)
    event, participant = case.event, case.participant
    refuse_impossible(
        facts, case.package.adverse_events, known=Onset(event.onset_on, event.onset_at),
        zone=ZoneInfo(participant.zone), now=now,
    )  # fmt: skip
    values = facts.values()
    if {name: getattr(event, name) for name in values} == values:
        return event
    if event.version != version or event.voided_at is not None:
        raise EventChanged(details={"version": event.version})
    return event_records.change(
        session, actor, case, values, verb="adverse_event.revised", reason=reason, now=now
    )


def void(
    session: Session,
    actor: Actor,
    event_id: UUID,
    *,
    duplicate_of_number: int | None,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> AdverseEvent:
    """Void an event that was entered in error, or twice; it stays on record and is not counted.

    What was decided to belong to it has to be decided again. Raises NotFound, NotDelegated,
    ReasonRequired, and InvalidInput for a duplicate of itself or of nothing.
    """
    case = _lock(session, actor, event_id, catalogue=catalogue, now=now)
    event, participant = case.event, case.participant
    if event.voided_at is not None:
        return event
    if duplicate_of_number is not None:
        place = "duplicate_of_number"
        other = _by_number(session, participant, duplicate_of_number, place=place)
        if other.id == event.id:
            raise _invalid(place, "An event is no duplicate of itself.")
    values = {"voided_at": now, "duplicate_of_number": duplicate_of_number}
    return event_records.change(
        session, actor, case, values, verb="adverse_event.voided", reason=reason, now=now
    )


def link(
    session: Session,
    actor: Actor,
    event_id: UUID,
    response_ids: Sequence[UUID],
    *,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> AdverseEvent:
    """Say which reports of medicines and care belong to an event; replaces what was said before.

    Raises NotFound, NotDelegated, ReasonRequired, and InvalidInput for a form of another kind or of
    somebody else.
    """
    case = _lock(session, actor, event_id, catalogue=catalogue, now=now)
    event, participant = case.event, case.participant
    allowed = case.package.adverse_events.linked
    known = session.scalars(
        select(QuestionnaireResponse.id).where(
            QuestionnaireResponse.id.in_(response_ids),
            QuestionnaireResponse.participant_id == participant.id,
            QuestionnaireResponse.questionnaire_code.in_(allowed),
        )
    ).all()
    if set(known) != set(response_ids):
        raise _invalid("response_ids", "Only her reports of medicines and care can be linked.")
    linked = sorted(str(one) for one in known)
    if linked == event.linked_responses:
        return event
    return event_records.change(
        session,
        actor,
        case,
        {"linked_responses": linked},
        verb="adverse_event.linked",
        reason=reason,
        now=now,
    )


def sign(
    session: Session,
    actor: Actor,
    event_id: UUID,
    proof: Proof,
    *,
    version: int,
    catalogue: Catalogue,
    keyring: Keyring,
    now: datetime,
) -> AdverseEvent:
    """Sign the assessment of an event as it stands, basis included.

    Raises NotFound, NotDelegated, EventChanged, and what `signing.sign` raises.
    """
    case = _lock(session, actor, event_id, catalogue=catalogue, now=now)
    event = case.event
    if event.version != version or event.voided_at is not None:
        raise EventChanged(details={"version": event.version})
    record = event_reading.record_of(session, case, catalogue=catalogue, now=now)
    signing.sign(session, actor, proof, record, meaning=SignatureMeaning.ASSESSED,
                 keyring=keyring, now=now)  # fmt: skip
    return event


# --- looking up -----------------------------------------------------------------------------------


def _lock(
    session: Session, actor: Actor, event_id: UUID, *, catalogue: Catalogue, now: datetime
) -> EventCase:
    """Lock the participant, then the event; only for physicians delegated today.

    Every act on an event comes through here, so that a locked record refuses each (RecordLocked).
    """
    known = session.get(AdverseEvent, event_id)
    if known is None or not actor.may_at(Permission.ASSESS_ADVERSE_EVENT, known.site_id):
        raise NotFound
    planning.lock_participant(session, known.participant_id)
    record_locks.refuse_locked(session, known.participant_id)
    event = session.get_one(AdverseEvent, event_id, populate_existing=True)
    case = event_reading.case_of(session, event, catalogue=catalogue)
    delegation.refuse_undelegated(session, actor, Task.ASSESS_EVENT, case.site, now=now)
    return case


def _candidate(
    session: Session,
    participant: Participant,
    candidate_id: UUID,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Candidate:
    known = candidates.candidates_of(session, participant, catalogue=catalogue, now=now)
    found = next((one for one in known if one.id == candidate_id), None)
    if found is None:
        raise NotFound
    return found


def _by_number(
    session: Session, participant: Participant, number: int | None, *, place: str
) -> AdverseEvent:
    event = session.scalars(
        select(AdverseEvent).where(
            AdverseEvent.participant_id == participant.id,
            AdverseEvent.number == number,
            AdverseEvent.voided_at.is_(None),
        )
    ).first()
    if event is None:
        raise _invalid(place, "This participant has no such event.")
    return event


def _invalid(place: str, message: str) -> InvalidInput:
    return InvalidInput(details={"problems": [{"place": place, "message": message}]})


def _record_decision(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    decision: CandidateDecision,
    event: AdverseEvent | None,
    participant: Participant,
    site: Site,
    *,
    now: datetime,
) -> None:
    earlier = candidate.decision
    journal.record(
        session, actor, "candidate.decided",
        Subject(
            entity_type="candidate", entity_id=str(candidate.id), version=decision.number,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after={
            "source": candidate.source, "source_key": candidate.key, "seen": candidate.seen,
            "disposition": decision.disposition,
            "event_number": event.number if event else None,
        },
        before={"disposition": earlier.disposition} if earlier else None,
        reason=decision.reason, now=now,
    )  # fmt: skip

"""Who may change an answer later, and by which way; what follows from it is `correcting.py`.

Until its window closes a participant corrects her own response by herself. Afterwards, or when the
site puts down what she said, it takes two people: she says that it is right, the investigator
decides the procedure. Nobody else originates, approves or prevents the change of an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Permission
from epro.errors import NotFound, ReasonRequired, RecordedRefusal
from epro.errors_of_record import (
    AlreadyDecided,
    CorrectionOutdated,
    NotConfirmedYet,
    SecondPersonNeeded,
)
from epro.models import (
    Correction,
    CorrectionState,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    User,
)
from epro.services import correcting, journal, own_record, quarantine, record_locks
from epro.services import correction_asking as asking
from epro.services.correcting import Corrected
from epro.services.correction_asking import HerWord, Proposal
from epro.services.journal import Subject
from epro.services.submission import Sending
from questionnaires.catalogue import Catalogue
from questionnaires.validation import judge


def ask(
    session: Session,
    actor: Actor,
    response_id: UUID,
    correction_id: UUID,
    proposal: Proposal,
    sending: Sending,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Correction:
    """Take the participant's own correction: applied within the window, else for a decision.

    The device makes the id, so sending the same again is harmless. Whichever way it goes, the
    answers are screened now. Raises NotFound, NotSubmittedYet, CorrectionOutdated,
    NothingCorrected, ReasonRequired, and, recorded, UnknownQuestionnaire, InvalidAnswers and
    RevisionConflict (another correction of that id), RecordLocked.
    """
    try:
        case = asking.lock(session, response_id, catalogue=catalogue)
        if case is None or case.participant.id != actor.id:
            raise NotFound
        if not own_record.is_hers(session, case.response):
            raise NotFound
        if earlier := asking.same(session, case, correction_id, proposal):
            return earlier
        record_locks.refuse_locked(session, case.participant.id)
        judgement = asking.judged(case, proposal)
        made_at = asking.made_at(session, actor, case, proposal, sending, now=now)
        correction = asking.store(
            session, actor, case, correction_id, proposal, judgement, said_at=made_at, now=now
        )
        correction.confirmed_at = now
        session.flush()
        if made_at < asking.own_until(case, catalogue):
            put_on_record(session, actor, case, "correction.made", correction, now=now)
            correcting.apply(
                session, actor, case, correction, judgement, catalogue=catalogue, now=now
            )
        else:
            put_on_record(session, actor, case, "correction.asked", correction, now=now)
            asking.screen_asked(session, case, correction, judgement, catalogue=catalogue, now=now)
    except RecordedRefusal as refusal:
        quarantine.keep(session, actor, response_id, sending, refusal, catalogue=catalogue, now=now)
        raise
    return correction


def put_down(
    session: Session,
    actor: Actor,
    participant: Participant,
    response_id: UUID,
    proposal: Proposal,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Correction:
    """Put down, for the site, what the participant said was wrong; she and the investigator decide.

    Raises as `ask` does; nothing is kept in quarantine, since nothing came from her.
    """
    case = asking.lock(session, response_id, catalogue=catalogue)
    if case is None or case.participant.id != participant.id:
        raise NotFound
    if not own_record.is_hers(session, case.response):
        raise NotFound
    if not (proposal.said_words and proposal.said_words.strip()) or proposal.said_at > now:
        raise ReasonRequired(details={"place": "said_words"})
    record_locks.refuse_locked(session, participant.id)
    judgement = asking.judged(case, proposal)
    correction = asking.store(
        session, actor, case, uuid4(), proposal, judgement, said_at=proposal.said_at, now=now
    )
    put_on_record(session, actor, case, "correction.put_down", correction, now=now)
    asking.screen_asked(session, case, correction, judgement, catalogue=catalogue, now=now)
    return correction


def hear(
    session: Session,
    actor: Actor,
    correction_id: UUID,
    word: HerWord,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Correction:
    """Note whether the participant says that a correction is right: herself, or in a call.

    Saying the same again is harmless. Raises NotFound, AlreadyDecided, and ReasonRequired for a
    call without its time or her words.
    """
    case, correction = asking.lock_correction(session, correction_id, catalogue=catalogue)
    is_herself = actor.kind is ActorKind.PARTICIPANT
    if is_herself:
        is_in_reach = case.participant.id == actor.id
    else:
        is_in_reach = actor.may_at(Permission.PUT_DOWN_CORRECTION, case.site.id)
    if not is_in_reach:
        raise NotFound
    said = (correction.confirmed_at is not None, correction.refused_at is not None)
    if said == (word.is_right, not word.is_right):
        return correction
    if any(said) or correction.decided_at is not None:
        raise AlreadyDecided(details={"state": correction.state.value})
    if not is_herself:
        if word.call_at is None or word.call_at > now or not (word.call_words or "").strip():
            raise ReasonRequired(details={"place": "call"})
        correction.call_by_id, correction.call_at = actor.id, word.call_at
        correction.call_words = word.call_words
    if word.is_right:
        correction.confirmed_at = now
    else:
        correction.refused_at = now
    correction.version += 1
    session.flush()
    verb = "correction.confirmed" if word.is_right else "correction.refused"
    put_on_record(session, actor, case, verb, correction, now=now)
    return correction


def decide(
    session: Session,
    actor: Actor,
    correction_id: UUID,
    *,
    is_approved: bool,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> Correction:
    """Decide, as the investigator, whether a correction that she confirmed is applied.

    The same decision by the same person again is harmless. Raises NotFound, ReasonRequired,
    NotConfirmedYet, AlreadyDecided, SecondPersonNeeded for whoever put it down or made the call,
    and RecordLocked or CorrectionOutdated when the record is locked or the response has changed
    since (it can still be declined).
    """
    case, correction = asking.lock_correction(session, correction_id, catalogue=catalogue)
    if not actor.may_at(Permission.DECIDE_CORRECTION, case.site.id):
        raise NotFound
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    if correction.decided_at is not None:
        was_approved = correction.applied_at is not None
        if (correction.decided_by_id, was_approved) == (actor.id, is_approved):
            return correction
        raise AlreadyDecided(details={"state": correction.state.value})
    if correction.state is not CorrectionState.AWAITING_DECISION:
        raise NotConfirmedYet(details={"state": correction.state.value})
    if actor.id in {correction.asked_by_id, correction.call_by_id}:
        raise SecondPersonNeeded
    if is_approved:
        record_locks.refuse_locked(session, case.participant.id)
    if is_approved and case.response.revision != correction.corrected_revision:
        raise CorrectionOutdated
    correction.decided_at, correction.decided_by_id = now, actor.id
    correction.decision_reason = reason
    correction.version += 1
    session.flush()
    if not is_approved:
        put_on_record(session, actor, case, "correction.declined", correction, now=now)
        return correction
    put_on_record(session, actor, case, "correction.approved", correction, now=now)
    # Judged already when it was asked for: a published questionnaire never changes.
    judgement = judge(case.questionnaire, list(correction.answers), is_complete=True)
    correcting.apply(session, actor, case, correction, judgement, catalogue=catalogue, now=now)
    return correction


def list_of(session: Session, participant: Participant) -> Sequence[Correction]:
    """Return every correction of a participant's answers, in the order they were asked for."""
    return session.scalars(
        select(Correction)
        .where(Correction.participant_id == participant.id)
        .order_by(Correction.asked_at, Correction.id)
    ).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One stored revision of a response; `correction` is what made it, if anything did."""

    revision: ResponseRevision
    correction: Correction | None


def versions_of(session: Session, response: QuestionnaireResponse) -> Sequence[Version]:
    """Return every revision of a response, the original first: nothing is ever overwritten."""
    rows = session.execute(
        select(ResponseRevision, Correction)
        .outerjoin(
            Correction,
            (Correction.response_id == ResponseRevision.response_id)
            & (Correction.applied_revision == ResponseRevision.revision),
        )
        .where(ResponseRevision.response_id == response.id)
        .order_by(ResponseRevision.revision)
    )
    return [Version(revision=revision, correction=correction) for revision, correction in rows]


def facts_of(session: Session, correction: Correction) -> Mapping[str, Any]:
    """Return a correction as plain values, as the journal keeps it: people by user name."""
    facts = {
        column.key: getattr(correction, column.key)
        for column in Correction.__table__.columns
        if not column.key.endswith("_by_id") and column.key not in {"participant_id", "site_id"}
    }
    for name in ("asked_by", "call_by", "decided_by"):
        user_id = getattr(correction, f"{name}_id")
        facts[name] = session.get_one(User, user_id).username if user_id else None
    return facts | {"state": correction.state}


def put_on_record(
    session: Session,
    actor: Actor,
    case: Corrected,
    verb: str,
    correction: Correction,
    *,
    now: datetime,
) -> None:
    """Put a correction on record as it stands now."""
    subject = Subject(
        entity_type="correction",
        entity_id=str(correction.id),
        version=correction.version,
        participant_code=case.participant.code,
        site_code=case.site.code,
        site_id=case.site.id,
    )
    journal.record(
        session, actor, verb, subject, after=facts_of(session, correction),
        reason=correction.decision_reason or correction.reason, now=now,
    )  # fmt: skip

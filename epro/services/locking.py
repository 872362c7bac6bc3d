"""A participant's record: signed off by an investigator, locked by the site (T-08).

An investigator signs for all of it at once, when nothing in it is undecided. While that signature
holds, the principal investigator may lock the record: what is on record then changes no more, until
it is unlocked for a reason. It is the site that locks: a lock keeps corrections out, in which the
sponsor and its data managers have no say. What a participant reports or answers is never refused:
it is stored and screened as ever, and shows the signature broken.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.crypto import Keyring
from epro.errors import NotFound, ReasonRequired
from epro.errors_of_record import NotSignedOff, RecordNotReady
from epro.models import (
    AdverseEvent,
    Anchor,
    AnchorQuery,
    CandidateDecision,
    CandidateState,
    Correction,
    CorrectionState,
    Participant,
    QuestionnaireResponse,
    RecordLock,
    SafetyFlag,
    SignatureMeaning,
    Site,
    User,
)
from epro.services import (
    candidates,
    enrolment,
    event_records,
    journal,
    planning,
    record_locks,
    signing,
    transcriptions,
)
from epro.services.journal import Subject
from epro.services.signing import ShownSignature, SignedRecord
from epro.services.signing_in import Proof
from questionnaires.catalogue import Catalogue

SIGNED_OFF = frozenset({SignatureMeaning.SIGNED_OFF})
_UNDECIDED = frozenset({CorrectionState.AWAITING_PARTICIPANT, CorrectionState.AWAITING_DECISION})


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOpen:
    """What stands between a record and its sign-off, each by its id."""

    flags: Sequence[str]
    candidates: Sequence[str]
    corrections: Sequence[str]
    anchor_queries: Sequence[str]
    transcriptions: Sequence[str]

    @property
    def is_empty(self) -> bool:
        return not any(asdict(self).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLock:
    """A locking as people read it, by printed names."""

    lock: RecordLock
    locked_by: str
    unlocked_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordState:
    """How a participant's record stands: its signatures, its lockings, the newest first.

    `is_signed_off` tells whether a signature that holds stands under it. `still_open` is for
    whoever reads flags; None for all others.
    """

    participant: Participant
    is_locked: bool
    is_signed_off: bool
    signatures: Sequence[ShownSignature]
    locks: Sequence[ShownLock]
    still_open: StillOpen | None


def sign_off(
    session: Session,
    actor: Actor,
    code: str,
    proof: Proof,
    *,
    catalogue: Catalogue,
    keyring: Keyring,
    now: datetime,
) -> Participant:
    """Sign that the data of a participant are complete and accurate, as they stand now.

    Raises NotFound, RecordLocked, RecordNotReady, which names what is open, and what `signing.sign`
    raises.
    """
    participant = _lock_row(session, actor, code, Permission.SIGN_OFF_RECORD)
    record_locks.refuse_locked(session, participant.id)
    still_open = _still_open(session, participant, catalogue=catalogue, now=now)
    if not still_open.is_empty:
        raise RecordNotReady(details=asdict(still_open))
    signing.sign(
        session, actor, proof, record_of(session, participant),
        meaning=SignatureMeaning.SIGNED_OFF, keyring=keyring, now=now,
    )  # fmt: skip
    return participant


def lock(session: Session, actor: Actor, code: str, *, now: datetime) -> Participant:
    """Lock a record that is signed off; locking again changes nothing.

    Raises NotFound, and NotSignedOff where no signature holds.
    """
    participant = _lock_row(session, actor, code, Permission.LOCK_RECORD)
    if record_locks.standing(session, participant.id) is not None:
        return participant
    if not signing.is_signed(session, record_of(session, participant), SIGNED_OFF):
        raise NotSignedOff
    row = RecordLock(
        participant_id=participant.id, site_id=participant.site_id, locked_at=now,
        locked_by_id=actor.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _put_on_record(session, actor, "record.locked", row, participant, reason=None, now=now)
    return participant


def unlock(session: Session, actor: Actor, code: str, *, reason: str, now: datetime) -> Participant:
    """Unlock a record for a reason; what is not locked stays as it is.

    Raises NotFound and ReasonRequired.
    """
    participant = _lock_row(session, actor, code, Permission.LOCK_RECORD)
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    row = record_locks.standing(session, participant.id)
    if row is None:
        return participant
    row.unlocked_at, row.unlocked_by_id, row.unlock_reason = now, actor.id, reason.strip()
    row.version += 1
    session.flush()
    _put_on_record(
        session, actor, "record.unlocked", row, participant, reason=row.unlock_reason, now=now
    )
    return participant


def state_of(
    session: Session, actor: Actor, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> RecordState:
    """Return how the record of a participant stands, to whoever may read her."""
    if not actor.may_at(Permission.READ_PARTICIPANT, participant.site_id):
        raise NotFound
    signatures = signing.signatures_of(session, record_of(session, participant))
    may_read_open = actor.may_at(Permission.READ_FLAG, participant.site_id)
    return RecordState(
        participant=participant,
        is_locked=record_locks.standing(session, participant.id) is not None,
        is_signed_off=any(one.meaning in SIGNED_OFF and not one.is_broken for one in signatures),
        signatures=signatures,
        locks=_locks_of(session, participant),
        still_open=_still_open(session, participant, catalogue=catalogue, now=now)
        if may_read_open
        else None,
    )


def record_of(session: Session, participant: Participant) -> SignedRecord:
    """Return everything that a sign-off stands for: answers, anchors, flags, events, decisions.

    What was answered is in it by its words and not by a counter alone, so that a row that is
    altered in the database itself breaks the signature, too.
    """
    own = participant.id
    site = session.get_one(Site, participant.site_id)
    subject = Subject(
        entity_type="participant_record", entity_id=participant.code,
        participant_code=participant.code, site_code=site.code, site_id=site.id,
    )  # fmt: skip
    responses = session.scalars(
        select(QuestionnaireResponse)
        .where(QuestionnaireResponse.participant_id == own)
        .order_by(QuestionnaireResponse.id)
        .execution_options(populate_existing=True)
    )
    anchors = session.scalars(
        select(Anchor)
        .where(Anchor.participant_id == own, Anchor.superseded_at.is_(None))
        .order_by(Anchor.event)
    )
    flags = session.scalars(
        select(SafetyFlag).where(SafetyFlag.participant_id == own).order_by(SafetyFlag.id)
    )
    events = session.scalars(
        select(AdverseEvent).where(AdverseEvent.participant_id == own).order_by(AdverseEvent.number)
    )
    decisions = session.scalars(
        select(CandidateDecision)
        .where(CandidateDecision.participant_id == own)
        .order_by(CandidateDecision.number)
    )
    corrections = session.scalars(
        select(Correction).where(Correction.participant_id == own).order_by(Correction.id)
    )
    content: dict[str, Any] = {
        "participant": participant.code,
        "life_cycle": participant.life_cycle,
        "life_cycle_at": participant.life_cycle_at,
        "responses": [_answered(one) for one in responses],
        "anchors": [{"event": one.event, "occurred_at": one.occurred_at} for one in anchors],
        "flags": [
            {"id": one.id, "tier": one.tier, "version": one.version, "closed_at": one.closed_at}
            for one in flags
        ],
        "events": [event_records.facts_of(one) for one in events],
        "decisions": [
            {"number": one.number, "source": one.source, "key": one.source_key,
             "disposition": one.disposition, "event": one.event_id}
            for one in decisions
        ],
        "corrections": [{"id": one.id, "state": one.state} for one in corrections],
    }  # fmt: skip
    return SignedRecord(subject, content)


def _answered(response: QuestionnaireResponse) -> dict[str, Any]:
    names = (
        "id", "questionnaire_code", "questionnaire_version", "version", "status", "answered_at",
        "timeliness", "counts", "answers", "cleared", "scores",
    )  # fmt: skip
    return {name: getattr(response, name) for name in names}


def _lock_row(session: Session, actor: Actor, code: str, permission: Permission) -> Participant:
    found = enrolment.get_participant(session, actor, code, permission)
    return planning.lock_participant(session, found.id)


def _still_open(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> StillOpen:
    flags = session.scalars(
        select(SafetyFlag.id)
        .where(SafetyFlag.participant_id == participant.id, SafetyFlag.closed_at.is_(None))
        .order_by(SafetyFlag.raised_at, SafetyFlag.id)
    )
    known = candidates.candidates_of(session, participant, catalogue=catalogue, now=now)
    corrections = session.scalars(
        select(Correction)
        .where(Correction.participant_id == participant.id)
        .order_by(Correction.asked_at, Correction.id)
    )
    queries = session.scalars(
        select(AnchorQuery.id)
        .where(AnchorQuery.participant_id == participant.id, AnchorQuery.decided_at.is_(None))
        .order_by(AnchorQuery.opened_at, AnchorQuery.id)
    )
    return StillOpen(
        flags=[str(one) for one in flags],
        candidates=[str(one.id) for one in known if one.state is not CandidateState.DECIDED],
        corrections=[str(one.id) for one in corrections if one.state in _UNDECIDED],
        anchor_queries=[str(one) for one in queries],
        transcriptions=[str(one) for one in transcriptions.waiting_ids(session, participant)],
    )


def _locks_of(session: Session, participant: Participant) -> Sequence[ShownLock]:
    rows = session.scalars(
        select(RecordLock)
        .where(RecordLock.participant_id == participant.id)
        .order_by(RecordLock.locked_at.desc(), RecordLock.id)
    ).all()
    return [
        ShownLock(
            lock=row,
            locked_by=session.get_one(User, row.locked_by_id).full_name,
            unlocked_by=session.get_one(User, row.unlocked_by_id).full_name
            if row.unlocked_by_id
            else None,
        )
        for row in rows
    ]


def _put_on_record(
    session: Session,
    actor: Actor,
    verb: str,
    row: RecordLock,
    participant: Participant,
    *,
    reason: str | None,
    now: datetime,
) -> None:
    site = session.get_one(Site, row.site_id)
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="record_lock", entity_id=str(row.id), version=row.version,
            participant_code=participant.code, site_code=site.code, site_id=site.id,
        ),
        after={"locked_at": row.locked_at, "unlocked_at": row.unlocked_at,
               "unlock_reason": row.unlock_reason},
        before={"unlocked_at": None} if row.unlocked_at else None,
        reason=reason, now=now,
    )  # fmt: skip

"""Closing a flag, and what else somebody may do about it now, or why not.

It closes with a disposition, a reason and, for RED and ORANGE, a physician's signature.

A flag is never deleted nor closed by the system. The signature stands under everything the closure
rests on: a later trigger, note or version of the assessment shows it broken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.crypto import Keyring
from epro.errors import (
    AlreadyAcknowledged,
    DomainError,
    NotDelegated,
    NotPermitted,
    ReasonRequired,
)
from epro.errors_of_flags import (
    ContactMissing,
    DispositionMissing,
    FlagClosed,
    FlagNotAcknowledged,
    FlagNotClosed,
    SendingMissing,
    SignatureHolds,
    SignatureMissing,
)
from epro.models import FlagState, SafetyFlag, SignatureMeaning, Task
from epro.services import awareness, contacts, delegation, flags, signing
from epro.services.flags import Case
from epro.services.signing import ShownSignature, SignedRecord
from epro.services.signing_in import Proof
from questionnaires.tiers import Tier

CLOSED = frozenset({SignatureMeaning.CLOSED})


class Act(StrEnum):
    """What a person can do about a flag."""

    ACKNOWLEDGE = "acknowledge"
    REASSIGN = "reassign"
    LOG_CONTACT = "log_contact"
    ASSESS = "assess"
    STATE_EARLIER = "state_earlier"
    STATE_LATER = "state_later"
    RECORD_SENDING = "record_sending"
    CLOSE = "close"
    SIGN_AGAIN = "sign_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedAct:
    """An act with the refusal that it would meet now; None says that it can be done.

    `takes_signature` says that password and one-time code are asked for.
    """

    act: Act
    takes_signature: bool
    refusal: DomainError | None


def close(
    session: Session,
    actor: Actor,
    flag_id: UUID,
    *,
    reason: str,
    proof: Proof | None,
    keyring: Keyring,
    now: datetime,
) -> SafetyFlag:
    """Close a flag for a reason; RED and ORANGE with the signature of a delegated physician.

    Raises NotFound, the first refusal that `acts_of` names, ReasonRequired, SignatureMissing, and
    what `signing.sign` raises.
    """
    case = flags.hold(session, actor, flag_id, Permission.CLOSE_FLAG)
    flag = case.flag
    if refusal := _against_closing(session, actor, case, now=now):
        raise refusal
    if not reason.strip():
        raise ReasonRequired
    is_signed = takes_signature(flag)
    if is_signed:
        if proof is None:
            raise SignatureMissing
        signing.prove(session, actor, proof, keyring=keyring, now=now)
    before = flags.facts_of(session, flag)
    flag.closed_at, flag.closed_by_id, flag.close_reason = now, actor.id, reason.strip()
    flag.next_rung_at = flag.clock_looks_at = None
    flags.put_on_record(
        session, actor, "flag.closed", case, before=before, reason=flag.close_reason, now=now
    )
    if is_signed:
        record = record_of(session, case)
        signing.attach(session, actor, record, meaning=SignatureMeaning.CLOSED, now=now)
    return flag


def sign_again(
    session: Session, actor: Actor, flag_id: UUID, *, proof: Proof, keyring: Keyring, now: datetime
) -> SafetyFlag:
    """Sign a closure anew whose signature was broken by something later.

    Raises NotFound, the refusal that `acts_of` names, and what `signing.sign` raises.
    """
    case = flags.hold(session, actor, flag_id, Permission.ASSESS_FLAG)
    if refusal := _against_signing_again(session, actor, case, now=now):
        raise refusal
    record = record_of(session, case)
    signing.sign(
        session, actor, proof, record,
        meaning=SignatureMeaning.CLOSED, keyring=keyring, now=now,
    )  # fmt: skip
    return case.flag


def takes_signature(flag: SafetyFlag) -> bool:
    """Tell whether a flag closes with a signature only: RED and ORANGE do."""
    return flag.tier is not Tier.YELLOW


def signatures_of(session: Session, case: Case) -> Sequence[ShownSignature]:
    """Return the signatures under the closure of a flag, each compared with it as it is now."""
    return signing.signatures_of(session, record_of(session, case))


def record_of(session: Session, case: Case) -> SignedRecord:
    """Return the closure of a flag with all it rests on, as what is signed."""
    flag = case.flag
    subject = flags.subject_of(flag, case.participant, case.site)
    latest = awareness.latest_assessment(session, flag)
    content: dict[str, Any] = {
        "flag": flag.id, "participant": case.participant.code, "tier": flag.tier,
        "triggers": [
            {"rule": trigger.rule, "screening": screening.id, "met_at": trigger.met_at}
            for trigger, screening in flags.triggers_of(session, flag)
        ],
        "notes": [
            {"kind": note.kind, "about": note.about, "noted_at": note.noted_at}
            for note in flags.notes_of(session, flag)
        ],
        "assessment": flags.disposition_of(latest) if latest else None,
        "narrative": latest.narrative if latest else None,
        "aware_at": flag.aware_at, "sent_at": flag.sent_at,
        "closed_at": flag.closed_at, "close_reason": flag.close_reason,
    }  # fmt: skip
    return SignedRecord(subject, content)


def acts_of(session: Session, actor: Actor, case: Case, *, now: datetime) -> Sequence[AllowedAct]:
    """Return everything that can be done about a flag, each with the refusal it would meet now."""
    return [
        AllowedAct(
            act=act,
            takes_signature=act in {Act.STATE_LATER, Act.SIGN_AGAIN}
            or (act is Act.CLOSE and takes_signature(case.flag)),
            refusal=refusal,
        )
        for act, refusal in _refusals(session, actor, case, now=now)
    ]


def _refusals(
    session: Session, actor: Actor, case: Case, *, now: datetime
) -> Iterator[tuple[Act, DomainError | None]]:
    flag = case.flag
    taking = _without(actor, case, Permission.ACKNOWLEDGE_FLAG)
    closed = FlagClosed() if flag.closed_at is not None else None
    waiting = FlagNotAcknowledged() if flag.acknowledged_at is None else None
    taken = AlreadyAcknowledged() if waiting is None else None
    following = _without(actor, case, Permission.FOLLOW_UP_FLAG)
    yield Act.ACKNOWLEDGE, taking or closed or taken
    yield Act.REASSIGN, taking or closed or waiting
    yield Act.LOG_CONTACT, following
    yield (
        Act.ASSESS,
        (
            _without(actor, case, Permission.ASSESS_FLAG)
            or _undelegated(session, actor, Task.ASSESS_EVENT, case, now=now)
            or (waiting if closed is None else None)
        ),
    )
    yield Act.STATE_EARLIER, following
    yield Act.STATE_LATER, _without(actor, case, Permission.SET_AWARENESS_LATER)
    is_owed = awareness.owes_report(flag, awareness.latest_assessment(session, flag))
    yield Act.RECORD_SENDING, following or (None if is_owed else closed)
    yield (
        Act.CLOSE,
        (
            _without(actor, case, Permission.CLOSE_FLAG)
            or _against_closing(session, actor, case, now=now)
        ),
    )
    yield (
        Act.SIGN_AGAIN,
        (
            _without(actor, case, Permission.ASSESS_FLAG)
            or _against_signing_again(session, actor, case, now=now)
        ),
    )


def _against_closing(
    session: Session, actor: Actor, case: Case, *, now: datetime
) -> DomainError | None:
    flag = case.flag
    if takes_signature(flag) and (
        refusal := _undelegated(session, actor, Task.CLOSE_FLAG, case, now=now)
    ):
        return refusal
    state, is_decided = flag.state, flag.state is FlagState.ASSESSED
    latest = awareness.latest_assessment(session, flag)
    refusals: Sequence[tuple[bool, DomainError]] = (
        (state is FlagState.CLOSED, FlagClosed()),
        (state is FlagState.RAISED, FlagNotAcknowledged()),
        (takes_signature(flag) and not is_decided, DispositionMissing()),
        (not takes_signature(flag) and not _has_contact(session, flag), ContactMissing()),
        (bool(latest and latest.seriousness) and flag.sent_at is None, SendingMissing()),
    )
    return next((refusal for applies, refusal in refusals if applies), None)


def _against_signing_again(
    session: Session, actor: Actor, case: Case, *, now: datetime
) -> DomainError | None:
    if refusal := _undelegated(session, actor, Task.CLOSE_FLAG, case, now=now):
        return refusal
    if case.flag.closed_at is None:
        return FlagNotClosed()
    latest = awareness.latest_assessment(session, case.flag)
    if awareness.owes_report(case.flag, latest):
        return SendingMissing()
    if signing.is_signed(session, record_of(session, case), CLOSED):
        return SignatureHolds()
    return None


def _has_contact(session: Session, flag: SafetyFlag) -> bool:
    return any(one.recorded_at >= flag.urgent_since for one in contacts.of_flag(session, flag.id))


def _without(actor: Actor, case: Case, permission: Permission) -> DomainError | None:
    return None if actor.may_at(permission, case.site.id) else NotPermitted()


def _undelegated(
    session: Session, actor: Actor, task: Task, case: Case, *, now: datetime
) -> DomainError | None:
    why = delegation.why_not(session, actor, task, case.site, now=now)
    return NotDelegated(details={"task": task.value, "why": why.value}) if why else None

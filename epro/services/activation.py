"""Activation: a code handed over in person and the year of birth, once, for a PIN of one's own."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.crypto import Keyring, normalise_code
from epro.models import (
    ActivationCode,
    JournalKind,
    LifeCycle,
    Participant,
    ParticipantCredential,
)
from epro.services import identity, journal, lockouts, planning, sessions, signing_in
from epro.services.journal import Subject
from epro.services.sessions import Caller, SignedIn
from epro.services.strength import refuse_weak_pin

MAX_WRONG_YEARS = 5
REFUSED = "activation.refused"
# How long a phone may ask again that has not heard the reply.
REPEAT_WITHIN = timedelta(minutes=15)


def activate(
    session: Session,
    *,
    code: str,
    year_of_birth: int,
    pin: str,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Set the participant's PIN and open a session here; her other devices are signed out.

    Raises WeakSecret before it looks at the code, so that the answer tells nothing about it and
    spends nothing. Raises WrongCredentials, one for all, when the code is unknown, used, revoked,
    past its 72 hours, or does not go with the year; the fifth wrong year revokes the code. Raises
    TooManyAttempts for an address. The last two are recorded. A used code is answered again for a
    quarter of an hour to the very attempt that used it: that reply was lost.
    """
    refuse_weak_pin(pin, year_of_birth=year_of_birth)
    signing_in.refuse_locked_address(session, caller, keyring=keyring, now=now)
    lookup = activation_lookup(code, keyring=keyring)
    whose = session.scalar(
        select(ActivationCode.participant_id).where(ActivationCode.code_lookup == lookup)
    )
    if whose is None:
        signing_in.refuse(
            session, caller, signing_in.subject_of(session, None),
            verb=REFUSED, why="unknown_code", keyring=keyring, now=now,
        )  # fmt: skip
    # The participant first, as everywhere: the site may be noting just now that she has left.
    participant = planning.lock_participant(session, whose)
    issued = session.scalars(
        select(ActivationCode)
        .where(ActivationCode.code_lookup == lookup)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if _is_repeat(session, issued, caller.attempt, year_of_birth, pin, keyring=keyring, now=now):
        return sessions.start(
            session, participant, client=caller.client, now=now, wall_now=wall_now
        )
    if why := _why_refused(session, issued, year_of_birth, keyring=keyring, now=now):
        subject = signing_in.subject_of(session, participant)
        if why == "wrong_year":
            _count_wrong_year(session, issued, subject, caller, now=now)
        signing_in.refuse(session, caller, subject, verb=REFUSED, why=why, keyring=keyring, now=now)
    issued.used_at, issued.used_by_attempt = now, caller.attempt
    return _activate(
        session, participant, issued, caller,
        pin_hash=keyring.hash_secret(pin), keyring=keyring, now=now, wall_now=wall_now,
    )  # fmt: skip


def _is_repeat(
    session: Session,
    issued: ActivationCode,
    attempt: UUID | None,
    year_of_birth: int,
    pin: str,
    *,
    keyring: Keyring,
    now: datetime,
) -> bool:
    """Tell whether a phone asks again because the reply to its activation was lost on the way.

    It has the number that it gave its attempt, which left it only towards us, year and PIN.
    """
    if issued.used_at is None or attempt is None or issued.used_by_attempt != attempt:
        return False
    if now - issued.used_at >= REPEAT_WITHIN:
        return False
    credential = session.get(ParticipantCredential, issued.participant_id)
    is_same_pin = credential is not None and credential.chosen_at == issued.used_at
    return (
        is_same_pin
        and identity.is_born_in(session, issued.participant_id, year_of_birth, keyring=keyring)
        and keyring.is_secret(credential.pin_hash if credential else None, pin)
    )


def activation_lookup(code: str, *, keyring: Keyring) -> str:
    """Return what an activation code is found by; the code itself is not kept."""
    return keyring.lookup("activation_code", normalise_code(code))


def is_known(session: Session, lookup: str) -> bool:
    """Tell whether a code was ever issued here, whatever has become of it."""
    found = select(ActivationCode.id).where(ActivationCode.code_lookup == lookup)
    return session.scalar(found) is not None


def _why_refused(
    session: Session, issued: ActivationCode, year_of_birth: int, *, keyring: Keyring, now: datetime
) -> str | None:
    if issued.used_at is not None:
        return "used_code"
    if issued.revoked_at is not None:
        return "revoked_code"
    if now >= issued.expires_at:
        return "expired_code"
    if not identity.is_born_in(session, issued.participant_id, year_of_birth, keyring=keyring):
        return "wrong_year"
    return None


def _count_wrong_year(
    session: Session, issued: ActivationCode, subject: Subject, caller: Caller, *, now: datetime
) -> None:
    issued.failed_count += 1
    if issued.failed_count >= MAX_WRONG_YEARS:
        issued.revoked_at = now
        journal.record(
            session, signing_in.nobody(caller), "activation.locked",
            replace(subject, entity_type="activation_code", entity_id=str(issued.id), version=2),
            after={"failed_count": issued.failed_count, "revoked_at": now}, now=now,
        )  # fmt: skip
    session.flush()


def _activate(
    session: Session,
    participant: Participant,
    issued: ActivationCode,
    caller: Caller,
    *,
    pin_hash: str,
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    _store_pin(session, participant, pin_hash, now=now)
    lockouts.clear(session, signing_in.participant_claim(participant.code, keyring=keyring))
    is_first, before = participant.activated_at is None, participant.life_cycle
    if is_first:
        participant.activated_at = now
        if participant.life_cycle is LifeCycle.SCREENED:
            participant.life_cycle = LifeCycle.ACTIVE
        participant.version += 1
    signed_in = sessions.start(
        session, participant, client=caller.client, now=now, wall_now=wall_now
    )
    subject = signing_in.subject_of(session, participant)
    journal.record(
        session, signed_in.actor, "pin.chosen", subject,
        after={"activation_code": issued.id}, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip
    if is_first:
        journal.record(
            session, signed_in.actor, "participant.activated", subject,
            after={**participant.facts, "site": subject.site_code},
            before={"activated_at": None, "life_cycle": before}, now=now,
        )  # fmt: skip
    sessions.revoke_all(
        session, signed_in.actor, participant, except_id=signed_in.device_session_id,
        reason="activated_elsewhere", now=now, wall_now=wall_now,
    )  # fmt: skip
    return signed_in


def _store_pin(session: Session, participant: Participant, pin_hash: str, *, now: datetime) -> None:
    credential = session.get(ParticipantCredential, participant.id)
    if credential is None:
        credential = ParticipantCredential(participant_id=participant.id)
        session.add(credential)
    credential.pin_hash, credential.chosen_at = pin_hash, now
    session.flush()

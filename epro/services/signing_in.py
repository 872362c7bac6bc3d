"""Signing in with a PIN, or with a password and a one-time code; every refusal looks alike."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NoReturn

from pyotp.totp import TOTP
from pyotp.utils import strings_equal
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, system_actor
from epro.crypto import Keyring, normalise_code
from epro.errors import TooManyAttempts, WrongCredentials
from epro.models import JournalKind, Participant, ParticipantCredential, Site, User
from epro.services import journal, lockouts, sessions
from epro.services.journal import Subject
from epro.services.lockouts import LockPolicy
from epro.services.sessions import Caller, SignedIn

TOTP_STEP_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a person typed to show who they are; `wall_now` is when, by the wall's clock."""

    password: str = field(repr=False)
    totp: str = field(repr=False)
    caller: Caller
    wall_now: datetime


def sign_in_participant(
    session: Session,
    *,
    code: str,
    pin: str,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Open a session by subject number and PIN.

    Raises WrongCredentials, and TooManyAttempts after 5 failures (15 minutes), after 10 (until the
    site issues a new activation code) or too many from one address; all are recorded.
    """
    participant = session.scalars(
        select(Participant).where(Participant.code == code.strip().upper())
    ).first()
    subject = subject_of(session, participant)
    claim = participant_claim(code, keyring=keyring)
    hold(session, claim, lockouts.PARTICIPANT, caller, subject, keyring=keyring, now=now)
    credential = session.get(ParticipantCredential, participant.id) if participant else None
    is_right = keyring.is_secret(credential.pin_hash if credential else None, pin)
    if participant is None or not is_right:
        lockouts.count_failure(session, claim, lockouts.PARTICIPANT, now=now)
        refuse(session, caller, subject, why="wrong_pin", keyring=keyring, now=now)
    lockouts.clear(session, claim)
    return sessions.start(session, participant, client=caller.client, now=now, wall_now=wall_now)


def sign_in_user(
    session: Session,
    *,
    username: str,
    password: str,
    totp: str,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Open a session by user name, password and one-time code; a used code is never taken again.

    Raises WrongCredentials, and TooManyAttempts after 5 failures (15 minutes) or too many from one
    address; all are recorded. One-time codes follow wall-clock time, one step either way, as
    RFC 6238 recommends.
    """
    proof = Proof(password=password, totp=totp, caller=caller, wall_now=wall_now)
    user = prove_user(session, username, proof, keyring=keyring, now=now)
    return sessions.start(session, user, client=caller.client, now=now, wall_now=wall_now)


def prove_user(
    session: Session,
    username: str,
    proof: Proof,
    *,
    verb: str = "sign_in.refused",
    keyring: Keyring,
    now: datetime,
) -> User:
    """Return the user whose password and one-time code these are; spends the code.

    Raises as `sign_in_user` does; a refusal is on record under `verb`.
    """
    name, caller = normalise_username(username), proof.caller
    claim = keyring.lookup("sign_in:user", name)
    # Locked, so that two requests cannot both spend one code.
    user = session.scalars(
        select(User)
        .where(User.username == name)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    subject = Subject(entity_type="user", entity_id=name) if user else _UNKNOWN
    hold(session, claim, lockouts.USER, caller, subject, verb=verb, keyring=keyring, now=now)
    is_password = keyring.is_secret(user.password_hash if user else None, proof.password)
    step = (
        _unused_step(user, proof.totp, keyring=keyring, wall_now=proof.wall_now) if user else None
    )
    if user is None or not is_password or step is None or user.deactivated_at is not None:
        lockouts.count_failure(session, claim, lockouts.USER, now=now)
        why = "wrong_password_or_code"
        refuse(session, caller, subject, verb=verb, why=why, keyring=keyring, now=now)
    user.totp_last_step = step
    lockouts.clear(session, claim)
    session.flush()
    return user


def user_of(session: Session, actor: Actor) -> User:
    """Return the account of a signed-in member of the staff."""
    return session.get_one(User, actor.id)


def step_of(secret: str, totp: str, *, after: int, wall_now: datetime) -> int | None:
    """Return the time step that a one-time code of a secret belongs to; None unless after that."""
    generator = TOTP(secret, interval=TOTP_STEP_S)
    typed = "".join(totp.split())
    present = int(wall_now.timestamp()) // TOTP_STEP_S
    for step in (present - 1, present, present + 1):
        is_match = strings_equal(generator.generate_otp(step), typed)
        if is_match and step > after:
            return step
    return None


def participant_claim(code: str, *, keyring: Keyring) -> str:
    """Return what failures of a subject number are counted under."""
    return keyring.lookup("sign_in:participant", normalise_code(code))


def normalise_username(username: str) -> str:
    """Return a user name as it is stored: one spelling, one account."""
    return username.strip().casefold()


def hold(
    session: Session,
    claim: str,
    policy: LockPolicy,
    caller: Caller,
    subject: Subject,
    *,
    verb: str = "sign_in.refused",
    keyring: Keyring,
    now: datetime,
) -> None:
    """Let one attempt through at a time; raise TooManyAttempts while claim or address is locked."""
    refuse_locked_address(session, caller, keyring=keyring, now=now)
    try:
        lockouts.hold(session, claim, policy, now=now)
    except TooManyAttempts:
        leave_traces(session, caller, subject, verb, why="locked", keyring=keyring, now=now)
        raise


def refuse_locked_address(
    session: Session, caller: Caller, *, keyring: Keyring, now: datetime
) -> None:
    """Raise TooManyAttempts while the address is locked. Leaves no trace: the lock itself did."""
    lockouts.refuse_locked(session, _address(caller, keyring), lockouts.ADDRESS, now=now)


def refuse(
    session: Session,
    caller: Caller,
    subject: Subject,
    *,
    verb: str = "sign_in.refused",
    why: str,
    keyring: Keyring,
    now: datetime,
) -> NoReturn:
    """Count the failure on the address, put it on record and raise the one answer for all."""
    leave_traces(session, caller, subject, verb, why=why, keyring=keyring, now=now)
    raise WrongCredentials


def subject_of(session: Session, participant: Participant | None) -> Subject:
    """Return what a journal entry about somebody's attempt is about; what was typed stays out."""
    if participant is None:
        return _UNKNOWN
    site = session.get_one(Site, participant.site_id)
    return Subject(
        entity_type="participant",
        entity_id=participant.code,
        version=participant.version,
        participant_code=participant.code,
        site_code=site.code,
        site_id=site.id,
    )


def nobody(caller: Caller) -> Actor:
    """Return the actor for what happens before anybody has proven who they are."""
    return replace(system_actor("sign_in"), client=caller.client)


_UNKNOWN = Subject(entity_type="sign_in", entity_id="unknown")


def leave_traces(
    session: Session,
    caller: Caller,
    subject: Subject,
    verb: str,
    *,
    why: str,
    keyring: Keyring,
    now: datetime,
) -> None:
    """Count a failure on the address and put it on record; the caller raises what commits."""
    address = _address(caller, keyring)
    is_locking = lockouts.count_failure(session, address, lockouts.ADDRESS, now=now)
    journal.record(
        session,
        nobody(caller),
        verb,
        subject,
        # A keyed tag tells attempts from one address apart from others without keeping it.
        after={"why": why, "address_tag": address[:12], "is_address_locked": is_locking},
        kind=JournalKind.ACCESS,
        now=now,
    )


def _address(caller: Caller, keyring: Keyring) -> str:
    return keyring.lookup("address", caller.address)


def _unused_step(user: User, totp: str, *, keyring: Keyring, wall_now: datetime) -> int | None:
    """Return the time step a one-time code belongs to, if it fits and no later one was used."""
    secret = keyring.unseal(user.totp_secret_sealed)
    return step_of(secret, totp, after=user.totp_last_step, wall_now=wall_now)

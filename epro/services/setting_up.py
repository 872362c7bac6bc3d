"""The owner of a new or renewed account sets it up: a password and a second factor of her own.

She has a code that was handed over in person. Nobody else ever knows what she chooses here.
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime

from pyotp.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant
from epro.crypto import Keyring
from epro.errors_of_staff import WrongFirstCode
from epro.models import JournalKind, StaffSetupCode, User
from epro.services import account_notices, journal, lockouts, sessions, signing_in
from epro.services.accounts import setup_lookup
from epro.services.journal import Subject
from epro.services.sessions import Caller
from epro.services.signing_in import normalise_username
from epro.services.staff import ISSUER
from epro.services.strength import refuse_weak_password
from questionnaires.catalogue import Catalogue

REFUSED = "user.setup_refused"
SECRET_BYTES = 20  # RFC 4226, 4: as long as the hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What was handed over, as it is typed: whose account, and the code; and from where."""

    username: str
    code: str = field(repr=False)
    caller: Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Whose account it is, and what her authenticator app needs. Nothing is changed yet."""

    user: User
    totp_secret: str = field(repr=False)
    otpauth_uri: str = field(repr=False)


def begin(session: Session, ticket: Ticket, *, keyring: Keyring, now: datetime) -> Begun:
    """Return what the authenticator app needs, as often as it is asked for with a good code.

    Raises WrongCredentials for an unknown name, a wrong, used, revoked or ended code, all alike,
    and TooManyAttempts after 5 of them (15 minutes); both are recorded.
    """
    row, user = _proven(session, ticket, keyring=keyring, now=now)
    secret = _secret(row, keyring)
    uri = TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)
    _record(session, ticket, user, row, "user.setup_begun", now=now)
    return Begun(user=user, totp_secret=secret, otpauth_uri=uri)


def finish(
    session: Session, ticket: Ticket, *, password: str, totp: str, catalogue: Catalogue,
    keyring: Keyring, now: datetime, wall_now: datetime,
) -> User:  # fmt: skip
    """Put the owner's password and second factor in place, use the code up, and tell her of it.

    Raises as `begin` does; WeakSecret and WrongFirstCode leave the code as good as it was.
    """
    row, user = _proven(session, ticket, keyring=keyring, now=now)
    refuse_weak_password(password, personal=(user.username, ticket.code))
    secret = _secret(row, keyring)
    step = signing_in.step_of(secret, totp, after=0, wall_now=wall_now)
    if step is None:
        raise WrongFirstCode
    row.used_at = now
    user.password_hash = keyring.hash_secret(password)
    user.totp_secret_sealed, user.totp_last_step = keyring.seal(secret), step
    lockouts.clear(session, keyring.lookup("sign_in:user", user.username))
    session.flush()
    her = _owner(user, ticket.caller)
    sessions.revoke_all(session, her, user, reason="account_set_up", now=now, wall_now=wall_now)
    account_notices.tell_set_up(session, user, catalogue=catalogue, now=now)
    _record(session, ticket, user, row, "user.set_up", now=now)
    return user


def _proven(
    session: Session, ticket: Ticket, *, keyring: Keyring, now: datetime
) -> tuple[StaffSetupCode, User]:
    name, caller = normalise_username(ticket.username), ticket.caller
    claim = keyring.lookup("staff_setup", name)
    # The account before the code, as whoever renews or closes it locks them.
    user = session.scalars(
        select(User)
        .where(User.username == name)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    subject = Subject(
        entity_type="user" if user else "sign_in", entity_id=user.username if user else "unknown"
    )
    signing_in.hold(
        session, claim, lockouts.USER, caller, subject, verb=REFUSED, keyring=keyring, now=now
    )
    # Locked, so that two requests cannot both use one code.
    row = session.scalars(
        select(StaffSetupCode)
        .where(StaffSetupCode.code_lookup == setup_lookup(ticket.code, keyring=keyring))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if user is None or row is None or not _is_good(row, user, now=now):
        lockouts.count_failure(session, claim, lockouts.USER, now=now)
        signing_in.refuse(
            session, caller, subject, verb=REFUSED, why="wrong_setup_code", keyring=keyring, now=now
        )
    lockouts.clear(session, claim)
    return row, user


def _is_good(row: StaffSetupCode, user: User, *, now: datetime) -> bool:
    is_standing = row.used_at is None and row.revoked_at is None and now < row.expires_at
    return is_standing and row.user_id == user.id and user.deactivated_at is None


def _secret(row: StaffSetupCode, keyring: Keyring) -> str:
    """Return the secret that goes with a code: the same on every page, and kept nowhere before."""
    digest = bytes.fromhex(keyring.lookup("staff_totp", str(row.id)))
    return base64.b32encode(digest[:SECRET_BYTES]).decode()


def _record(
    session: Session, ticket: Ticket, user: User, row: StaffSetupCode, verb: str, *, now: datetime
) -> None:
    journal.record(
        session, _owner(user, ticket.caller), verb,
        Subject(entity_type="user", entity_id=user.username),
        after={"username": user.username, "setup_code": row.id}, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip


def _owner(user: User, caller: Caller) -> Actor:
    grants = tuple(Grant(one.role, one.site_id) for one in user.memberships)
    return Actor(
        kind=ActorKind.USER, id=user.id, name=user.username, grants=grants, client=caller.client
    )

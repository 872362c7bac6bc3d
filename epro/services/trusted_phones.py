"""A user's own phone that opens by a PIN: for taking a flag at night, and for nothing else.

Trust is given in a full session (password and one-time code), lasts a month, and ends with five
wrong PINs. What such a session may do is `TRUSTED_PHONE_MAY`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, system_actor
from epro.crypto import Keyring
from epro.errors import NotFound, NotPermitted
from epro.models import JournalKind, TrustedPhone, User
from epro.services import journal, lockouts, sessions, signing_in
from epro.services.journal import Subject
from epro.services.sessions import Caller, SignedIn
from epro.services.strength import refuse_weak_pin

LIFE = timedelta(days=30)
KEY_BYTES = 32
LOCK = system_actor("sign_in")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTrust:
    """The phone, and the key that it keeps: shown this once."""

    phone: TrustedPhone
    key: str


def trust(
    session: Session, actor: Actor, pin: str, *, keyring: Keyring, now: datetime, wall_now: datetime
) -> NewTrust:
    """Trust the phone in use for 30 days. Raises WeakSecret; NotPermitted in a PIN session."""
    if actor.only is not None or actor.id is None:
        raise NotPermitted
    refuse_weak_pin(pin, year_of_birth=wall_now.year)
    key = secrets.token_urlsafe(KEY_BYTES)
    phone = TrustedPhone(
        user_id=actor.id, key_lookup=_lookup(key, keyring), pin_hash=keyring.hash_secret(pin),
        client=actor.client, trusted_at=wall_now, expires_at=wall_now + LIFE,
    )  # fmt: skip
    session.add(phone)
    session.flush()
    _record(session, actor, "trusted_phone.added", phone, now=now)
    return NewTrust(phone=phone, key=key)


def is_trusted(session: Session, key: str, *, keyring: Keyring, wall_now: datetime) -> bool:
    """Tell whether a phone with this key may be opened by its PIN."""
    found = session.scalars(_standing(key, keyring=keyring, wall_now=wall_now)).first()
    return found is not None


def unlock(
    session: Session,
    key: str,
    pin: str,
    *,
    caller: Caller,
    keyring: Keyring,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Open a session that is good for taking flags.

    Raises WrongCredentials for a wrong PIN and for a phone not trusted (any more), TooManyAttempts
    from a locked address; all are recorded. The fifth wrong PIN ends the trust.
    """
    # Locked, so that guesses at one PIN are judged one by one.
    phone = session.scalars(
        _standing(key, keyring=keyring, wall_now=wall_now).with_for_update(key_share=True)
    ).first()
    user = session.get(User, phone.user_id) if phone else None
    subject = Subject(
        entity_type="user" if user else "sign_in", entity_id=user.username if user else "unknown"
    )
    signing_in.refuse_locked_address(session, caller, keyring=keyring, now=now)
    is_right = keyring.is_secret(phone.pin_hash if phone else None, pin)
    if phone is None or user is None or user.deactivated_at is not None or not is_right:
        if phone is not None:
            claim = keyring.lookup("trusted_phone", str(phone.id))
            if lockouts.count_failure(session, claim, lockouts.USER, now=now):
                _end(session, LOCK, phone, "too_many_attempts", now=now, wall_now=wall_now)
        signing_in.refuse(session, caller, subject, why="wrong_pin", keyring=keyring, now=now)
    lockouts.clear(session, keyring.lookup("trusted_phone", str(phone.id)))
    return sessions.start(
        session, user, client=caller.client, by_phone=phone, now=now, wall_now=wall_now
    )


def phones_of(session: Session, actor: Actor, *, wall_now: datetime) -> Sequence[TrustedPhone]:
    """Return the phones the actor trusts, the newest first."""
    return session.scalars(
        select(TrustedPhone)
        .where(
            TrustedPhone.user_id == actor.id,
            TrustedPhone.revoked_at.is_(None),
            TrustedPhone.expires_at > wall_now,
        )
        .order_by(TrustedPhone.trusted_at.desc(), TrustedPhone.id)
    ).all()


def revoke(
    session: Session, actor: Actor, phone_id: UUID, *, now: datetime, wall_now: datetime
) -> None:
    """Trust one of the actor's own phones no more. Raises NotFound; again is harmless."""
    phone = session.get(TrustedPhone, phone_id)
    if phone is None or phone.user_id != actor.id:
        raise NotFound
    if phone.revoked_at is None:
        _end(session, actor, phone, "revoked_by_owner", now=now, wall_now=wall_now)


def revoke_all(
    session: Session, actor: Actor, user: User, *, reason: str, now: datetime, wall_now: datetime
) -> None:
    """Trust none of a user's phones any more. `reason` is a short slug."""
    standing = select(TrustedPhone).where(
        TrustedPhone.user_id == user.id, TrustedPhone.revoked_at.is_(None)
    )
    for phone in session.scalars(standing.order_by(TrustedPhone.id)).all():
        _end(session, actor, phone, reason, now=now, wall_now=wall_now)


def _standing(key: str, *, keyring: Keyring, wall_now: datetime) -> Select[TrustedPhone]:
    return select(TrustedPhone).where(
        TrustedPhone.key_lookup == _lookup(key, keyring),
        TrustedPhone.revoked_at.is_(None),
        TrustedPhone.expires_at > wall_now,
    )


def _lookup(key: str, keyring: Keyring) -> str:
    return keyring.lookup("trusted_phone_key", key)


def _end(
    session: Session,
    actor: Actor,
    phone: TrustedPhone,
    reason: str,
    *,
    now: datetime,
    wall_now: datetime,
) -> None:
    phone.revoked_at = wall_now
    session.flush()
    _record(session, actor, "trusted_phone.revoked", phone, reason=reason, now=now)


def _record(
    session: Session,
    actor: Actor,
    verb: str,
    phone: TrustedPhone,
    *,
    reason: str | None = None,
    now: datetime,
) -> None:
    user = session.get_one(User, phone.user_id)
    journal.record(
        session, actor, verb,
        Subject(entity_type="trusted_phone", entity_id=str(phone.id)),
        after={"user": user.username, "client": phone.client, "expires_at": phone.expires_at},
        reason=reason, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip

"""A member of the staff changes her own way in, while she still has it: password, authenticator.

For each she proves again who she is. Her other sessions end, so that whoever else had got in is out
again, and she is told, so that a change that was not hers is noticed.
"""

import base64
from datetime import datetime

from pyotp.totp import TOTP
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.crypto import Keyring
from epro.errors_of_staff import WrongFirstCode
from epro.models import JournalKind, User
from epro.services import account_notices, journal, lockouts, sessions, signing, signing_in
from epro.services.journal import Subject
from epro.services.protected_words import problem
from epro.services.setting_up import SECRET_BYTES, Begun
from epro.services.signing_in import Proof
from epro.services.staff import ISSUER
from epro.services.strength import refuse_weak_password
from questionnaires.catalogue import Catalogue

REFUSED = "signature.refused"


def change_password(
    session: Session, actor: Actor, password: str, *, proof: Proof, catalogue: Catalogue,
    keyring: Keyring, now: datetime,
) -> User:  # fmt: skip
    """Put a new password in the place of the one that is proven with a one-time code.

    Raises SignatureNotProven, TooManyAttempts, WeakSecret, InvalidInput for the same one again.
    """
    signing.prove(session, actor, proof, keyring=keyring, now=now)
    user = signing_in.user_of(session, actor)
    refuse_weak_password(password, personal=(user.username,))
    if keyring.is_secret(user.password_hash, password):
        raise problem("new_password", "This is the present password.")
    user.password_hash = keyring.hash_secret(password)
    _end_others(session, actor, user, "password_changed", catalogue, proof=proof, now=now)
    return user


def begin_moving(
    session: Session, actor: Actor, *, proof: Proof, keyring: Keyring, now: datetime
) -> Begun:
    """Return what another authenticator app needs; the present one stays good until then.

    Raises SignatureNotProven, TooManyAttempts.
    """
    signing.prove(session, actor, proof, keyring=keyring, now=now)
    user = signing_in.user_of(session, actor)
    secret = _next_secret(user, keyring)
    _record(session, actor, user, "user.authenticator_begun", kind=JournalKind.ACCESS, now=now)
    uri = TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)
    return Begun(user=user, totp_secret=secret, otpauth_uri=uri)


def finish_moving(
    session: Session, actor: Actor, *, proof: Proof, catalogue: Catalogue, keyring: Keyring,
    now: datetime,
) -> User:  # fmt: skip
    """Take the new authenticator: `proof` is the password, and the first code that the app shows.

    The old one is good no more. Raises WrongFirstCode, and as signing in does WrongCredentials for
    a wrong password and TooManyAttempts.
    """
    user = session.get_one(
        User, actor.id, with_for_update={"key_share": True}, populate_existing=True
    )
    subject = Subject(entity_type="user", entity_id=user.username)
    claim, caller = keyring.lookup("sign_in:user", user.username), proof.caller
    signing_in.hold(
        session, claim, lockouts.USER, caller, subject, verb=REFUSED, keyring=keyring, now=now
    )
    if not keyring.is_secret(user.password_hash, proof.password):
        lockouts.count_failure(session, claim, lockouts.USER, now=now)
        signing_in.refuse(
            session, caller, subject, verb=REFUSED, why="wrong_password_or_code", keyring=keyring,
            now=now,
        )  # fmt: skip
    secret = _next_secret(user, keyring)
    step = signing_in.step_of(secret, proof.totp, after=0, wall_now=proof.wall_now)
    if step is None:
        # The next secret follows from the present one: to whoever has not seen it this is a guess.
        lockouts.count_failure(session, claim, lockouts.USER, now=now)
        signing_in.leave_traces(
            session, caller, subject, REFUSED, why="wrong_first_code", keyring=keyring, now=now
        )
        raise WrongFirstCode
    lockouts.clear(session, claim)
    user.totp_secret_sealed, user.totp_last_step = keyring.seal(secret), step
    _end_others(session, actor, user, "authenticator_moved", catalogue, proof=proof, now=now)
    return user


def _next_secret(user: User, keyring: Keyring) -> str:
    """Return the secret that follows the present one: the same on every page, and kept nowhere."""
    present = keyring.unseal(user.totp_secret_sealed)
    digest = bytes.fromhex(keyring.lookup("staff_totp_next", f"{user.id}:{present}"))
    return base64.b32encode(digest[:SECRET_BYTES]).decode()


def _end_others(
    session: Session, actor: Actor, user: User, what: str, catalogue: Catalogue, *, proof: Proof,
    now: datetime,
) -> None:  # fmt: skip
    session.flush()
    sessions.revoke_all(
        session, actor, user, except_id=actor.device_session_id, reason=what, now=now,
        wall_now=proof.wall_now,
    )  # fmt: skip
    account_notices.tell_way_in_changed(session, user, catalogue=catalogue, now=now)
    _record(session, actor, user, f"user.{what}", now=now)


def _record(
    session: Session, actor: Actor, user: User, verb: str, *,
    kind: JournalKind = JournalKind.CHANGE, now: datetime,
) -> None:  # fmt: skip
    journal.record(
        session, actor, verb, Subject(entity_type="user", entity_id=user.username),
        after={"username": user.username}, kind=kind, now=now,
    )  # fmt: skip

"""How somebody is reached, when that changes: a participant's identity, an account's addresses.

Values go in sealed. The record says what was changed, by whom and why, and never from what to what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.crypto import Keyring
from epro.errors import InvalidInput, ReasonRequired
from epro.models import User
from epro.services import account_notices, accounts, enrolment, identity, journal, signing
from epro.services.accounts import Signed
from epro.services.enrolment_form import E164, EMAIL, birth_problems, phone_problems
from epro.services.journal import Subject
from epro.services.protected_words import problem
from questionnaires.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentity:
    """What is another now, or was written down wrongly; None stays. `phone` is E.164."""

    phone: str | None = None
    email: str | None = None
    year_of_birth: int | None = None
    removes_email: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddresses:
    """Where an account's owner is reached from now on; None stays. `phone` is E.164."""

    phone: str | None = None
    email: str | None = None
    removes_phone: bool = False


def correct_identity(
    session: Session,
    actor: Actor,
    code: str,
    new: NewIdentity,
    *,
    reason: str,
    keyring: Keyring,
    now: datetime,
) -> Sequence[str]:
    """Correct who a participant is; return which fields are other than before, if any.

    Messages that wait go to the new number: it is looked up when they are sent. A STOP belongs to
    the number it came from and does not move with her. Raises NotFound for one out of reach or of
    whom nothing is written down, ReasonRequired, InvalidInput naming what is not right.
    """
    participant = enrolment.get_participant(session, actor, code, Permission.RECORD_IDENTITY)
    _refuse_without_reason(reason)
    values: dict[str, str | None] = {}
    found: list[tuple[str, str]] = []
    if new.phone is not None:
        values["phone"] = new.phone
        found += phone_problems(new.phone)
    if new.year_of_birth is not None:
        values["year_of_birth"] = str(new.year_of_birth)
        found += birth_problems(new.year_of_birth, now=now)
    if new.email is not None or new.removes_email:
        values["email"] = new.email
        if new.email is not None and (new.removes_email or not EMAIL.fullmatch(new.email)):
            found.append(("email", "This is not an e-mail address."))
    if not values:
        found.append(("phone", "Say what is to be changed."))
    if found:
        raise InvalidInput(details={"problems": [{"place": p, "message": m} for p, m in found]})
    return identity.replace(
        session, actor, participant, values, reason=reason.strip(), keyring=keyring, now=now
    )


def change_addresses(
    session: Session,
    actor: Actor,
    username: str,
    new: NewAddresses,
    *,
    signed: Signed,
    catalogue: Catalogue,
    keyring: Keyring,
    now: datetime,
) -> Sequence[str]:
    """Change where the owner of a staff account is alerted; return by which ways she is told.

    A number that is new is due for a test call at once. Nothing is changed or told where all is as
    before. Raises NotFound unless every role of the account is within reach, OwnAccount,
    AccountClosed, ReasonRequired, SignatureNotProven, InvalidInput naming what is not right.
    """
    user = accounts.to_keep(session, actor, username, signed)
    _check_addresses(new)
    signing.prove(session, actor, signed.proof, keyring=keyring, now=now)
    if not _put(session, actor, user, new, reason=signed.reason, keyring=keyring, now=now):
        return ()
    return account_notices.tell_contact_changed(session, actor, user, catalogue=catalogue, now=now)


def set_addresses(
    session: Session,
    actor: Actor,
    user: User,
    new: NewAddresses,
    *,
    reason: str,
    keyring: Keyring,
    now: datetime,
) -> Sequence[str]:
    """Change the same from outside, for whom nobody can do it from within; return what is other.

    Raises ReasonRequired, InvalidInput naming what is not right.
    """
    _refuse_without_reason(reason)
    _check_addresses(new)
    return _put(session, actor, user, new, reason=reason, keyring=keyring, now=now)


def _put(
    session: Session,
    actor: Actor,
    user: User,
    new: NewAddresses,
    *,
    reason: str,
    keyring: Keyring,
    now: datetime,
) -> Sequence[str]:
    changed = []
    if new.email is not None and keyring.unseal(user.email_sealed) != new.email:
        user.email_sealed = keyring.seal(new.email)
        changed.append("email")
    before = keyring.unseal(user.phone_sealed) if user.phone_sealed else None
    if (new.phone is not None or new.removes_phone) and before != new.phone:
        user.phone_sealed = keyring.seal(new.phone) if new.phone else None
        user.phone_set_at = now
        changed.append("phone")
    if not changed:
        return changed
    session.flush()
    journal.record(
        session, actor, "user.contact_changed",
        Subject(entity_type="user", entity_id=user.username),
        after={"username": user.username, "fields": changed,
               "has_phone": user.phone_sealed is not None},
        reason=reason.strip(), now=now,
    )  # fmt: skip
    return changed


def _check_addresses(new: NewAddresses) -> None:
    if new.email is not None and not EMAIL.fullmatch(new.email):
        raise problem("email", "This is not an e-mail address.")
    if new.phone is not None and (new.removes_phone or not E164.fullmatch(new.phone)):
        raise problem("phone", "A phone number has its country code, as in +8613800138000.")
    if new == NewAddresses():
        raise problem("phone", "Say what is to be changed.")


def _refuse_without_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})

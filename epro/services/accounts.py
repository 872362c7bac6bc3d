"""Opening, changing and closing staff accounts from within: whose, by whom, and which roles mix.

Whoever keeps accounts does so at her own sites, never for herself, and proves who she is for each
act. She hands over a code; password and second factor are the owner's alone (`setting_up`).
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import PERMISSIONS_OF, Actor, Permission, Role
from epro.crypto import Keyring, new_activation_code, normalise_code
from epro.errors import AlreadyExists, NotFound, ReasonRequired
from epro.errors_of_staff import (
    AccountClosed,
    HasSeenData,
    LastRole,
    NameTaken,
    OwnAccount,
    RoleHeld,
    RolesApart,
)
from epro.models import JournalEntry, Site, SiteMembership, StaffSetupCode, User
from epro.services import (
    account_notices,
    giving_back,
    journal,
    sessions,
    signing,
    sites,
    staff,
    trusted_phones,
)
from epro.services.journal import Subject
from epro.services.signing_in import Proof, normalise_username
from questionnaires.catalogue import Catalogue

SETUP_CODE_LIFE = timedelta(hours=72)
# One person holds roles of one set only: who treats does not monitor, who rates sees nothing else
# (SAFETY 4), who runs the system touches no data (EMA A3.3-A3.4).
APART: tuple[frozenset[Role], ...] = (
    frozenset({Role.COORDINATOR, Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR}),
    frozenset({Role.OUTCOMES_ASSESSOR}),
    frozenset({Role.MONITOR}),
    frozenset({Role.DATA_MANAGER}),
    frozenset({Role.INSPECTOR}),
    frozenset({Role.SYSTEM_ADMIN}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A person, and the first roles: at one site (its code) or at every site (None)."""

    username: str
    full_name: str
    email: str
    phone: str | None
    roles: Sequence[Role]
    site: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Why something is done to an account, and the keeper's proof of who she is."""

    reason: str
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSetupCode:
    """A fresh code, readable this once; good until `expires_at`.

    `told` are the ways by which the owner is told that her account was set back; None of a new one.
    """

    user: User
    setup_code: str
    expires_at: datetime
    told: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as its keepers see it: all its roles, each with the code of its site, if of one.

    `may_keep`: every role of it is within the reader's reach, and it is not her own. `waits_until`
    is when the code ends by which its owner has yet to set it up.
    """

    user: User
    roles: Sequence[tuple[SiteMembership, str | None]]
    may_keep: bool
    waits_until: datetime | None


def list_all(session: Session, actor: Actor) -> Sequence[Account]:
    """Return the accounts with a role at the actor's sites, those in use first, by name."""
    users = session.scalars(
        select(User).order_by(User.deactivated_at.is_not(None), User.full_name, User.username)
    ).all()
    codes = {site.id: site.code for site in session.scalars(select(Site))}
    waiting = {row.user_id: row.expires_at for row in session.scalars(_standing_codes())}
    found = [_account(actor, user, codes, waiting) for user in users]
    return [one for one in found if _is_within(actor, one.user)]


def get(session: Session, actor: Actor, username: str) -> Account:
    """Return one account. Raises NotFound for one without a role at the actor's sites."""
    user = _find(session, actor, username)
    codes = {site.id: site.code for site in session.scalars(select(Site))}
    waiting = session.scalars(_standing_codes().where(StaffSetupCode.user_id == user.id)).all()
    return _account(actor, user, codes, {row.user_id: row.expires_at for row in waiting})


def open_account(
    session: Session, actor: Actor, new: NewAccount, *, proof: Proof, keyring: Keyring,
    now: datetime,
) -> IssuedSetupCode:  # fmt: skip
    """Open an account and issue the code by which its owner sets it up.

    Raises NotFound for a site out of reach, RolesApart, NameTaken, SignatureNotProven, and what
    `staff.add_user` raises.
    """
    _refuse_out_of_reach(session, actor, new.site)
    _refuse_apart(new.roles)
    signing.prove(session, actor, proof, keyring=keyring, now=now)
    # What nobody knows lets nobody in: the owner's own takes its place.
    try:
        added = staff.add_user(
            session, actor, username=new.username, full_name=new.full_name, email=new.email,
            phone=new.phone, password=secrets.token_urlsafe(32), roles=new.roles, site=new.site,
            keyring=keyring, now=now,
        )  # fmt: skip
    except AlreadyExists as taken:
        raise NameTaken(details={"place": "username"}) from taken
    return _issue(session, actor, added.user, reason=None, keyring=keyring, now=now)


def give_role(
    session: Session, actor: Actor, username: str, role: Role, *, site: str | None,
    signed: Signed, keyring: Keyring, now: datetime,
) -> SiteMembership:  # fmt: skip
    """Give a person a further role at a site (its code), or at every site (None).

    Raises NotFound for a person or site out of reach, OwnAccount, AccountClosed, RolesApart,
    HasSeenData, RoleHeld, ReasonRequired, SignatureNotProven.
    """
    user = _to_change(session, actor, username, signed)
    place = _refuse_out_of_reach(session, actor, site)
    held = [one.role for one in user.memberships]
    _refuse_apart([*held, role])
    if role is Role.OUTCOMES_ASSESSOR and _has_seen_data(session, user):
        raise HasSeenData
    if any(_is(one, role, place) for one in user.memberships):
        raise RoleHeld
    signing.prove(session, actor, signed.proof, keyring=keyring, now=now)
    row = SiteMembership(user_id=user.id, site_id=place.id if place else None, role=role)
    user.memberships.append(row)
    session.flush()
    _record_role(
        session, actor, "user.role_given", user, role, place, reason=signed.reason, now=now
    )
    return row


def end_role(  # noqa: PLR0913  what an act on an account takes
    session: Session, actor: Actor, username: str, role: Role, *, site: str | None,
    signed: Signed, catalogue: Catalogue, keyring: Keyring, now: datetime,
) -> None:  # fmt: skip
    """Take a role from a person, from this moment on; what was done in it stays on record.

    What she had and may not act on without it goes back to the site. Raises NotFound, OwnAccount,
    AccountClosed, LastRole, ReasonRequired, SignatureNotProven.
    """
    user = _to_change(session, actor, username, signed)
    place = _refuse_out_of_reach(session, actor, site)
    row = next((one for one in user.memberships if _is(one, role, place)), None)
    if row is None:
        raise NotFound
    if len(user.memberships) == 1:
        raise LastRole
    signing.prove(session, actor, signed.proof, keyring=keyring, now=now)
    user.memberships.remove(row)
    session.delete(row)
    session.flush()
    _record_role(
        session, actor, "user.role_ended", user, role, place, reason=signed.reason, now=now
    )
    giving_back.give_back(session, actor, user, reason=signed.reason, catalogue=catalogue, now=now)


def renew(
    session: Session, actor: Actor, username: str, *, signed: Signed, catalogue: Catalogue,
    keyring: Keyring, now: datetime, wall_now: datetime,
) -> IssuedSetupCode:  # fmt: skip
    """Issue a new code to somebody who cannot get in any more; the old way in ends at once.

    Password, second factor, trusted phones and open sessions are void from now on, and the owner is
    told of it. Raises NotFound unless every role of the account is within reach, OwnAccount,
    AccountClosed, ReasonRequired, SignatureNotProven.
    """
    user = to_keep(session, actor, username, signed)
    signing.prove(session, actor, signed.proof, keyring=keyring, now=now)
    user.password_hash = keyring.hash_secret(secrets.token_urlsafe(32))
    for way_in in (trusted_phones, sessions):
        way_in.revoke_all(
            session, actor, user, reason="account_renewed", now=now, wall_now=wall_now
        )
    told = account_notices.tell_renewed(session, actor, user, catalogue=catalogue, now=now)
    return _issue(
        session, actor, user, reason=signed.reason, told=told, keyring=keyring, now=now
    )  # fmt: skip


def close(
    session: Session, actor: Actor, username: str, *, signed: Signed,
    catalogue: Catalogue, keyring: Keyring, now: datetime, wall_now: datetime,
) -> None:  # fmt: skip
    """Close an account for good; what it had goes back to the site. Raises as `renew` does."""
    user = to_keep(session, actor, username, signed)
    signing.prove(session, actor, signed.proof, keyring=keyring, now=now)
    _revoke_codes(session, user, now=now)
    staff.deactivate(
        session, actor, user.username, reason=signed.reason, now=now, wall_now=wall_now
    )
    giving_back.give_back(session, actor, user, reason=signed.reason, catalogue=catalogue, now=now)


def to_keep(session: Session, actor: Actor, username: str, signed: Signed) -> User:
    """Return an account, locked, whose every role is within reach: its owner may do no more.

    Raises NotFound, OwnAccount, AccountClosed, ReasonRequired.
    """
    user = _to_change(session, actor, username, signed)
    if not _reaches(actor, user):
        raise NotFound
    return user


def setup_lookup(code: str, *, keyring: Keyring) -> str:
    """Return what a code to set up an account is found by; the code itself is not kept."""
    return keyring.lookup("staff_setup_code", normalise_code(code))


def _issue(
    session: Session, actor: Actor, user: User, *, reason: str | None,
    told: Sequence[str] | None = None, keyring: Keyring, now: datetime,
) -> IssuedSetupCode:  # fmt: skip
    _revoke_codes(session, user, now=now)
    code = new_activation_code()
    row = StaffSetupCode(
        user_id=user.id, code_lookup=setup_lookup(code, keyring=keyring), issued_at=now,
        issued_by_id=actor.id, expires_at=now + SETUP_CODE_LIFE,
    )  # fmt: skip
    session.add(row)
    session.flush()
    journal.record(
        session, actor, "user.setup_code_issued",
        Subject(entity_type="user", entity_id=user.username),
        after={"username": user.username, "expires_at": row.expires_at}
        | ({} if told is None else {"told": list(told)}),
        reason=reason, now=now,
    )  # fmt: skip
    return IssuedSetupCode(user=user, setup_code=code, expires_at=row.expires_at, told=told)


def _revoke_codes(session: Session, user: User, *, now: datetime) -> None:
    for row in session.scalars(_standing_codes().where(StaffSetupCode.user_id == user.id)):
        row.revoked_at = now
    session.flush()


def _standing_codes() -> Select[StaffSetupCode]:
    return select(StaffSetupCode).where(
        StaffSetupCode.used_at.is_(None), StaffSetupCode.revoked_at.is_(None)
    )


def _find(session: Session, actor: Actor, username: str) -> User:
    user = session.scalars(
        select(User).where(User.username == normalise_username(username))
    ).first()
    if user is None or not _is_within(actor, user):
        raise NotFound
    return user


def _to_change(session: Session, actor: Actor, username: str, signed: Signed) -> User:
    user = session.scalars(
        select(User)
        .where(User.username == normalise_username(username))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if user is None or not _is_within(actor, user):
        raise NotFound
    if user.id == actor.id:
        raise OwnAccount
    if user.deactivated_at is not None:
        raise AccountClosed
    if not signed.reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    return user


def _account(
    actor: Actor, user: User, codes: dict[UUID, str], waiting: dict[UUID, datetime]
) -> Account:
    roles = [(one, codes[one.site_id] if one.site_id else None) for one in user.memberships]
    return Account(
        user=user,
        roles=sorted(roles, key=lambda one: (one[1] or "", one[0].role)),
        may_keep=_reaches(actor, user) and user.id != actor.id and user.deactivated_at is None,
        waits_until=waiting.get(user.id),
    )


def _is_within(actor: Actor, user: User) -> bool:
    """Tell whether an account has a role at one of the actor's sites; study-wide is at each."""
    site_ids = actor.sites_for(Permission.KEEP_ACCOUNTS)
    return site_ids is None or any(
        one.site_id is None or one.site_id in site_ids for one in user.memberships
    )


def _reaches(actor: Actor, user: User) -> bool:
    return all(_covers(actor, one.site_id) for one in user.memberships)


def _covers(actor: Actor, site_id: UUID | None) -> bool:
    """Tell whether the actor keeps accounts at a site; at every one of them, for None."""
    site_ids = actor.sites_for(Permission.KEEP_ACCOUNTS)
    return site_ids is None or (site_id is not None and site_id in site_ids)


def _is(membership: SiteMembership, role: Role, place: Site | None) -> bool:
    return membership.role is role and membership.site_id == (place.id if place else None)


def _refuse_out_of_reach(session: Session, actor: Actor, site: str | None) -> Site | None:
    place = sites.get_site(session, site) if site is not None else None
    if not _covers(actor, place.id if place else None):
        raise NotFound
    return place


def _refuse_apart(roles: Iterable[Role]) -> None:
    held = set(roles)
    sets = [one for one in APART if one & held]
    if len(sets) > 1:
        first, second = (min(one & held) for one in sets[:2])
        raise RolesApart(details={"roles": [first.value, second.value]})


def _has_seen_data(session: Session, user: User) -> bool:
    """Tell whether any role that the person was ever given reads participants' data."""
    bodies = session.scalars(
        select(JournalEntry.body).where(
            JournalEntry.entity_type == "user",
            JournalEntry.entity_id == user.username,
            JournalEntry.verb.in_(("user.added", "user.role_given")),
        )
    )
    given = {role for body in bodies for role in _roles_of(json.loads(body)["after"])}
    return any(Permission.READ_PARTICIPANT in PERMISSIONS_OF[Role(role)] for role in given)


def _roles_of(after: dict[str, object]) -> list[str]:
    several = after.get("roles")
    return [str(one) for one in several] if isinstance(several, list) else [str(after["role"])]


def _record_role(
    session: Session, actor: Actor, verb: str, user: User, role: Role, place: Site | None, *,
    reason: str, now: datetime,
) -> None:  # fmt: skip
    code = place.code if place else None
    journal.record(
        session, actor, verb,
        Subject(entity_type="user", entity_id=user.username, site_code=code,
                site_id=place.id if place else None),
        after={"username": user.username, "role": role, "site": code}, reason=reason.strip(),
        now=now,
    )  # fmt: skip

"""Staff accounts: one person each, a password and a second factor, roles at one site or at all."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pyotp import random_base32
from pyotp.totp import TOTP
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from epro.access import STAFF_ROLES, Actor, Permission, Role, roles_with
from epro.crypto import Keyring
from epro.errors import AlreadyExists, InvalidInput, NotFound
from epro.models import Site, SiteMembership, User
from epro.services import journal, sessions, sites
from epro.services.enrolment_form import E164
from epro.services.journal import Subject
from epro.services.signing_in import normalise_username
from epro.services.strength import refuse_weak_password

USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,31}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")
ISSUER = "epro"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A fresh account with its one-time-code secret, which is shown this once."""

    user: User
    totp_secret: str
    otpauth_uri: str


def add_user(  # noqa: PLR0913  an account is made of these
    session: Session,
    actor: Actor,
    *,
    username: str,
    full_name: str,
    email: str,
    phone: str | None = None,
    password: str,
    roles: Sequence[Role],
    site: str | None,
    keyring: Keyring,
    now: datetime,
) -> NewUser:
    """Open an account with these roles at one site (its code), or at every site (None).

    `phone` (E.164) is where urgent text messages go; without one only e-mail reaches the person.
    Raises WeakSecret, InvalidInput, NotFound for an unknown site, AlreadyExists for a taken name.
    """
    name = normalise_username(username)
    if problems := list(_problems(name, full_name, email, phone, roles)):
        raise InvalidInput(details={"problems": problems})
    refuse_weak_password(password, personal=(name, email.partition("@")[0]))
    if session.scalars(select(User.id).where(User.username == name)).first():
        raise AlreadyExists(f"The user name {name} is taken.")
    place = sites.get_site(session, site) if site is not None else None
    secret = random_base32()
    user = User(
        username=name,
        full_name=full_name.strip(),
        email_sealed=keyring.seal(email),
        phone_sealed=keyring.seal(phone) if phone else None,
        password_hash=keyring.hash_secret(password),
        totp_secret_sealed=keyring.seal(secret),
        created_at=now,
        memberships=[
            SiteMembership(site_id=place.id if place else None, role=role)
            for role in dict.fromkeys(roles)
        ],
    )
    session.add(user)
    session.flush()
    journal.record(
        session, actor, "user.added",
        Subject(entity_type="user", entity_id=name, site_code=site,
                site_id=place.id if place else None),
        after={"username": name, "full_name": user.full_name, "roles": list(roles), "site": site},
        now=now,
    )  # fmt: skip
    uri = TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return NewUser(user=user, totp_secret=secret, otpauth_uri=uri)


def deactivate(
    session: Session, actor: Actor, username: str, *, reason: str, now: datetime, wall_now: datetime
) -> None:
    """Close an account for good and end its sessions; it is kept, for what it did stays on record.

    Raises NotFound for an unknown user name. Again is harmless.
    """
    name = normalise_username(username)
    user = session.scalars(select(User).where(User.username == name).with_for_update()).first()
    if user is None:
        raise NotFound
    if user.deactivated_at is not None:
        return
    user.deactivated_at = now
    session.flush()
    sessions.revoke_all(
        session, actor, user, reason="account_deactivated", now=now, wall_now=wall_now
    )
    journal.record(
        session, actor, "user.deactivated", Subject(entity_type="user", entity_id=name, version=2),
        after={"username": name, "deactivated_at": now}, before={"deactivated_at": None},
        reason=reason, now=now,
    )  # fmt: skip


def find_to_change(session: Session, username: str) -> User | None:
    """Return the account in use of that name, locked; None when there is none."""
    return session.scalars(
        select(User)
        .where(User.username == normalise_username(username), User.deactivated_at.is_(None))
        .with_for_update()
    ).first()


def find_at(session: Session, username: str, site: Site, permission: Permission) -> User | None:
    """Return the user of that name who holds a permission at a site; None when there is none."""
    return session.scalars(
        select(User)
        .where(User.username == normalise_username(username), may_at(site, permission))
    ).first()  # fmt: skip


def may_at(site: Site, permission: Permission) -> ColumnElement[bool]:
    """Return the condition that a user's account is in use and holds a permission at a site."""
    return and_(
        User.deactivated_at.is_(None),
        User.memberships.any(
            and_(
                SiteMembership.role.in_(list(roles_with(permission))),
                or_(SiteMembership.site_id == site.id, SiteMembership.site_id.is_(None)),
            )
        ),
    )


def who_may(session: Session, site: Site, permission: Permission) -> Sequence[User]:
    """Return the people with an account in use who hold a permission at a site, by name."""
    return session.scalars(
        select(User)
        .join(SiteMembership, SiteMembership.user_id == User.id)
        .where(
            SiteMembership.role.in_(list(roles_with(permission))),
            or_(SiteMembership.site_id == site.id, SiteMembership.site_id.is_(None)),
            User.deactivated_at.is_(None),
        )
        .order_by(User.full_name, User.username)
    ).unique().all()  # fmt: skip


def at_sites(
    session: Session, actor: Actor
) -> Sequence[tuple[User, Sequence[tuple[Role, str | None]]]]:
    """Return everybody with a role at the actor's sites, closed accounts last, with these roles.

    A role comes with the code of its site; None stands for every site.
    """
    site_ids = actor.sites_for(Permission.READ_DELEGATION)
    rows = session.execute(
        select(User, SiteMembership.role, SiteMembership.site_id, Site.code)
        .join(SiteMembership, SiteMembership.user_id == User.id)
        .outerjoin(Site, Site.id == SiteMembership.site_id)
        .order_by(User.deactivated_at.is_not(None), User.full_name, User.username, Site.code)
    )
    found: dict[UUID, tuple[User, list[tuple[Role, str | None]]]] = {}
    for user, role, site_id, code in rows:
        if site_ids is None or site_id is None or site_id in site_ids:
            found.setdefault(user.id, (user, []))[1].append((role, code))
    return list(found.values())


def names(session: Session) -> dict[UUID, str]:
    """Return the full name of everybody who has or had an account, by the id of it."""
    return dict(session.execute(select(User.id, User.full_name)).all())


def full_names(session: Session) -> dict[str, str]:
    """Return the full name of everybody who has or had an account, by its user name."""
    return dict(session.execute(select(User.username, User.full_name)).all())


def known_as(username: str, full_names: Mapping[str, str]) -> str:
    """Return who somebody is and the name of the account; what is no account stands as it is."""
    full_name = full_names.get(username, username)
    return username if full_name == username else f"{full_name} ({username})"


def reseal_all(session: Session, *, keyring: Keyring) -> int:
    """Seal addresses, numbers and secrets with the newest key; return of how many users."""
    users = session.scalars(select(User).order_by(User.id).with_for_update()).all()
    for user in users:
        user.email_sealed = keyring.reseal(user.email_sealed)
        user.phone_sealed = keyring.reseal(user.phone_sealed) if user.phone_sealed else None
        user.totp_secret_sealed = keyring.reseal(user.totp_secret_sealed)
    session.flush()
    return len(users)


def _problems(
    username: str, full_name: str, email: str, phone: str | None, roles: Sequence[Role]
) -> Iterator[dict[str, str]]:
    if not USERNAME.fullmatch(username):
        message = "3 to 32 small letters, digits, dots, dashes; a letter first."
        yield {"place": "username", "message": message}
    if not full_name.strip():
        yield {"place": "full_name", "message": "Accounts belong to one named person."}
    if not EMAIL.fullmatch(email):
        yield {"place": "email", "message": "This is not an e-mail address."}
    if phone is not None and not E164.fullmatch(phone):
        message = "A phone number has its country code, as in +8613800138000."
        yield {"place": "phone", "message": message}
    if not roles or set(roles) - STAFF_ROLES:
        yield {"place": "roles", "message": "At least one staff role, and no other."}

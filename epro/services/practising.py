"""Inside a training room: the people of the site come in as themselves, among invented ones.

Called with a session of the room's own database only. A person's copy has her own password and
one-time code, so that she practises signing as she will sign, and no address: what would have been
sent to her is kept in the room.
"""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role, system_actor
from epro.crypto import Keyring
from epro.models import Delegation, Site, SiteMembership, Task, User
from epro.services import delegation, journal, sessions
from epro.services.delegation import NewDelegation
from epro.services.journal import Subject
from epro.services.sessions import SignedIn
from epro.services.training import Person
from notifications.messages import DevelopmentMessage

DOOR = system_actor("training room")
INVENTED = "invented."
PRINCIPAL = f"{INVENTED}principal"
# No telephone network has this country code, and no mail goes to this domain (RFC 2606).
NO_PHONE, NO_MAIL = "+99900002", "training.invalid"


def let_in(
    session: Session,
    person: Person,
    *,
    keyring: Keyring,
    client: str,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Let a person of the site in, with the roles and password she has in the trial today.

    Whatever task her role may be given is delegated to her by the invented principal investigator.
    """
    site = session.scalars(select(Site)).one()
    user = session.get(User, person.id) or _newcomer(session, person, site, keyring=keyring)
    user.full_name, user.password_hash = person.full_name, person.password_hash
    user.totp_secret_sealed = person.totp_secret_sealed
    user.totp_last_step = max(user.totp_last_step or 0, person.totp_last_step)
    _give_roles(session, user, site, person.roles)
    session.flush()
    journal.record(
        session, DOOR, "user.let_in",
        Subject(entity_type="user", entity_id=user.username, site_code=site.code, site_id=site.id),
        after={"username": user.username, "roles": list(person.roles)}, now=now,
    )  # fmt: skip
    _delegate(session, site, user, now=now)
    return sessions.start(session, user, client=client, now=now, wall_now=wall_now)


def _give_roles(session: Session, user: User, site: Site, roles: Collection[Role]) -> None:
    """Have somebody hold exactly these roles inside."""
    for held in list(user.memberships):
        if held.role not in roles:
            user.memberships.remove(held)
            session.delete(held)
    known = {held.role for held in user.memberships}
    user.memberships += [
        SiteMembership(site_id=site.id, role=role) for role in roles if role not in known
    ]


def texts_of(session: Session) -> dict[str, str]:
    """Return what each message would have said, by its id."""
    rows = session.execute(select(DevelopmentMessage.message_id, DevelopmentMessage.body))
    return {str(message_id): body for message_id, body in rows}


def _newcomer(session: Session, person: Person, site: Site, *, keyring: Keyring) -> User:
    number = len(session.scalars(select(User.id)).all())
    user = User(
        id=person.id,
        username=person.username,
        full_name=person.full_name,
        email_sealed=keyring.seal(f"{person.username}@{NO_MAIL}"),
        phone_sealed=keyring.seal(f"{NO_PHONE}{number:03}"),
        password_hash=person.password_hash,
        totp_secret_sealed=person.totp_secret_sealed,
        totp_last_step=person.totp_last_step,
        created_at=person.created_at,
    )
    session.add(user)
    return user


def _delegate(session: Session, site: Site, user: User, *, now: datetime) -> None:
    roles = {one.role for one in user.memberships}
    held = set(session.scalars(select(Delegation.task).where(Delegation.user_id == user.id)))
    principal = session.scalars(select(User).where(User.username == PRINCIPAL)).one()
    actor = Actor(
        kind=ActorKind.USER, id=principal.id, name=principal.username,
        grants=tuple(Grant(one.role, one.site_id) for one in principal.memberships),
    )  # fmt: skip
    for task in Task:
        if task in held or not roles & delegation.ROLES_FOR[task]:
            continue
        new = NewDelegation(
            site=site.code, person=user.username, task=task,
            from_on=now.astimezone(ZoneInfo(site.zone)).date(),
        )  # fmt: skip
        delegation.invent(session, actor, new, now=now)

"""Training rooms as the trial knows them: that there are some, whose, and who may go in.

What happens inside is in a database of its own (docs/decisions/0021-training.md), which nothing in
this module reads or writes. To clear a room is to close it and open the next: no row is deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import PERMISSIONS_OF, Actor, Permission, Role
from epro.errors import NotFound, NotSignedIn
from epro.models import JournalKind, Site, TrainingRoom, User
from epro.models.training import RoomState
from epro.services import journal
from epro.services.journal import Subject
from epro.services.sites import TRAINING_LETTERS

# What nobody may do inside: take data away, look after the system, open a room in the room.
OUT_OF_PLACE = frozenset(
    {
        Permission.EXPORT_DATA,
        Permission.READ_SYSTEM,
        Permission.WATCH_FEED,
        Permission.READ_FEED,
        Permission.ACKNOWLEDGE_FEED,
        Permission.WRITE_FROM_EDC,
        Permission.RECONCILE_EVENTS,
        Permission.KEEP_ACCOUNTS,
        Permission.PRACTISE,
        Permission.KEEP_TRAINING_ROOM,
    }
)
INSIDE_MAY = frozenset(Permission) - OUT_OF_PLACE
# Whoever has begun to fill a room and is not done by then has died over it.
LONGEST_FILLING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the site as she is known inside: her own proof of who she is, no address."""

    id: UUID
    username: str
    full_name: str
    password_hash: str
    totp_secret_sealed: str
    totp_last_step: int
    created_at: datetime
    roles: tuple[Role, ...]


def open_room(session: Session, actor: Actor, site: Site, *, now: datetime) -> TrainingRoom:
    """Open the training room of a site, for the worker to fill; again is harmless."""
    _lock(session)
    standing = room_of(session, site)
    return standing or _open(session, actor, site, "training_room.opened", None, now=now)


def clear(session: Session, actor: Actor, site: Site, *, now: datetime) -> TrainingRoom:
    """Close the room of a site with all that was done in it, and open another to be filled.

    Whoever is inside is outside with the next press. Raises NotFound where no room is open.
    """
    _lock(session)
    standing = room_of(session, site)
    if standing is None:
        raise NotFound
    standing.closed_at = now
    session.flush()
    return _open(session, actor, site, "training_room.cleared", standing, now=now)


def claim(session: Session, room_id: UUID, *, now: datetime) -> bool:
    """Tell whether the room is to be filled by the caller; nobody else is told so for a while."""
    room = session.get_one(TrainingRoom, room_id, with_for_update=True)
    is_taken = room.filling_at is not None and now - room.filling_at < LONGEST_FILLING
    if room.state is not RoomState.BEING_FILLED or is_taken:
        return False
    room.filling_at = now
    session.flush()
    return True


def note_filled(session: Session, actor: Actor, room: TrainingRoom, *, now: datetime) -> None:
    """Note that a room can be entered."""
    room.filled_at, room.fault = now, None
    _note(session, actor, room, "training_room.filled", now=now)


def note_fault(
    session: Session, actor: Actor, room: TrainingRoom, fault: str, *, now: datetime
) -> None:
    """Note why a room could not be filled; clearing it tries again."""
    room.fault = fault
    _note(session, actor, room, "training_room.not_filled", now=now)


def note_entered(session: Session, actor: Actor, room: TrainingRoom, *, now: datetime) -> None:
    """Note that somebody went in to practise."""
    site = session.get_one(Site, room.site_id)
    journal.record(
        session, actor, "training_room.entered", _subject(room, site),
        after={"number": room.number, "code": room.code}, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip


def note_removed(session: Session, actor: Actor, room: TrainingRoom, *, now: datetime) -> None:
    """Note that the database of a closed room is gone."""
    room.removed_at = now
    _note(session, actor, room, "training_room.removed", now=now)


def room_of(session: Session, site: Site) -> TrainingRoom | None:
    """Return the room of a site that stands, in whatever state."""
    return session.scalars(
        select(TrainingRoom).where(
            TrainingRoom.site_id == site.id, TrainingRoom.closed_at.is_(None)
        )
    ).first()


def rooms(session: Session) -> Sequence[TrainingRoom]:
    """Return every room whose database there is, or is to be; the oldest first."""
    return session.scalars(
        select(TrainingRoom)
        .where(TrainingRoom.removed_at.is_(None))
        .order_by(TrainingRoom.opened_at, TrainingRoom.id)
    ).all()


def open_rooms(session: Session) -> Sequence[TrainingRoom]:
    """Return the rooms that can be entered."""
    return [room for room in rooms(session) if room.state is RoomState.OPEN]


def site_for(session: Session, actor: Actor, site_id: UUID, permission: Permission) -> Site:
    """Return a site where the actor has the permission. Raises NotFound."""
    site = session.get(Site, site_id)
    if site is None or not actor.may_at(permission, site.id):
        raise NotFound
    return site


def entered(session: Session, room_id: UUID, user_id: UUID | None) -> TrainingRoom:
    """Return the room that a session inside belongs to; with `user_id`, of staff.

    Raises NotSignedIn once the room is closed, and for a person whose account or part in the site
    has ended in the trial, whatever the room remembers of it.
    """
    room = session.get(TrainingRoom, room_id)
    if room is None or room.state is not RoomState.OPEN:
        raise NotSignedIn
    if user_id is not None:
        user = session.get(User, user_id)
        if user is None or user.deactivated_at is not None or not _roles(user, room.site_id):
            raise NotSignedIn
    return room


def person(session: Session, actor: Actor, site: Site) -> Person:
    """Return the actor as she is let into the room of a site. Raises NotFound."""
    if not actor.may_at(Permission.PRACTISE, site.id):
        raise NotFound
    user = session.get_one(User, actor.id)
    return Person(
        id=user.id,
        username=user.username,
        full_name=user.full_name,
        password_hash=user.password_hash,
        totp_secret_sealed=user.totp_secret_sealed,
        totp_last_step=user.totp_last_step,
        created_at=user.created_at,
        roles=_roles(user, site.id),
    )


def _roles(user: User, site_id: UUID) -> tuple[Role, ...]:
    """Return what somebody is at a site, of the roles that practise."""
    held = {one.role for one in user.memberships if one.site_id in (site_id, None)}
    return tuple(role for role in Role if role in held and _practises(role))


def _practises(role: Role) -> bool:
    return Permission.PRACTISE in PERMISSIONS_OF[role]


def _lock(session: Session) -> None:
    """Have rooms opened one after the other: each site gets a code that no other room has."""
    session.execute(select(Site.id).order_by(Site.id).with_for_update())


def _open(
    session: Session,
    actor: Actor,
    site: Site,
    verb: str,
    closed: TrainingRoom | None,
    *,
    now: datetime,
) -> TrainingRoom:
    earlier = session.scalars(
        select(TrainingRoom)
        .where(TrainingRoom.site_id == site.id)
        .order_by(TrainingRoom.number.desc())
    ).first()
    room = TrainingRoom(
        site_id=site.id,
        number=earlier.number + 1 if earlier else 1,
        code=earlier.code if earlier else _new_code(session),
        opened_at=now,
        opened_by=actor.name,
    )
    session.add(room)
    session.flush()
    journal.record(
        session, actor, verb, _subject(room, site), after=room.facts,
        before={"number": closed.number} if closed else None, now=now,
    )  # fmt: skip
    return room


def _new_code(session: Session) -> str:
    taken = session.scalars(select(TrainingRoom.code).distinct()).all()
    return f"{TRAINING_LETTERS}{len(taken) + 1:02}"


def _note(session: Session, actor: Actor, room: TrainingRoom, verb: str, *, now: datetime) -> None:
    session.flush()
    site = session.get_one(Site, room.site_id)
    journal.record(session, actor, verb, _subject(room, site), after=room.facts, now=now)


def _subject(room: TrainingRoom, site: Site) -> Subject:
    return Subject(
        entity_type="training_room", entity_id=str(room.id), site_code=site.code, site_id=site.id
    )

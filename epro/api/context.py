"""What a view needs from the composed application: doors to the database, time, who is asking."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import current_app, g, request
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.api import whose, wording
from epro.api.blueprint import note_guard
from epro.clock import wall_clock_now
from epro.crypto import Keyring
from epro.errors import NotPermitted, NotSignedIn
from epro.models import TrainingRoom
from epro.parts import Parts
from epro.rooms import Rooms
from epro.services import (
    edc_clients,
    journal,
    phone_sessions,
    rehearsal,
    revealing,
    sessions,
    training,
)
from questionnaires.catalogue import Catalogue
from questionnaires.licensing import EntryMode

View = TypeVar("View", bound=Callable[..., Any])
MAX_CLIENT_LENGTH = 200
ROOM_CLAIM = "room"


# Set by the door of the training rooms (epro/api/training_door.py) on what comes in by it.
TRAINING_DOOR = "epro.training"


@dataclass(frozen=True, slots=True)
class Room:
    """The training room that a request is inside of."""

    room: TrainingRoom
    parts: Parts


def trial_parts() -> Parts:
    """Return the parts of the running application; what is asked inside a room is not for them."""
    return cast("Parts", current_app.extensions["epro"])


def parts() -> Parts:
    """Return the parts that this request works with: the trial's, or those of a training room.

    Raises NotSignedIn for a page of a room before somebody was let in: never the trial instead.
    """
    if (room := current_room()) is not None:
        return room.parts
    if is_in_training():
        raise NotSignedIn
    return trial_parts()


def is_in_training() -> bool:
    """Tell whether the request came in by the door of the training rooms, or is inside one."""
    return TRAINING_DOOR in request.environ or current_room() is not None


def current_room() -> Room | None:
    """Return the training room that the request is inside of."""
    return cast("Room | None", g.get("room"))


def enter_room(room_id: UUID, *, user_id: UUID | None = None) -> None:
    """Have the rest of this request work inside a room. Raises NotSignedIn once it is closed.

    With `user_id`, of staff: also for whoever has no part in the site any more.
    """
    with trial_parts().database.reading() as session:
        room = training.entered(session, room_id, user_id)
    g.room = Room(room, rooms().parts_of(room))


def rooms() -> Rooms:
    """Return the ways into the training rooms."""
    return cast("Rooms", current_app.extensions["epro_rooms"])


@contextmanager
def transaction() -> Iterator[Session]:
    """Open the writing door; commits at the end of the block.

    What staff typed is looked through first: raises MayReveal until they have confirmed words that
    might tell who received what, which is then on record with the change.
    """
    with parts().database.transaction() as session:
        confirmed = wording.look_through(catalogue(session)) if wording.is_due() else None
        yield session
        if confirmed is not None:
            revealing.note_confirmed(
                session, current_actor(), confirmed, where=wording.place(), now=now()
            )


def reading() -> AbstractContextManager[Session]:
    """Open the reading door."""
    return parts().database.reading()


@contextmanager
def sequenced_reading() -> Iterator[Session]:
    """Open the reading door on a journal in which everything committed so far has its place."""
    with transaction() as session:
        journal.sequence(session)
    with reading() as session:
        yield session


def now() -> datetime:
    """Return trial time: one instant for the whole request."""
    if "now" not in g:
        g.now = trial_parts().clock.now()
    return cast("datetime", g.now)


def wall_now() -> datetime:
    """Return wall-clock time, for what the outside world counts: tokens, one-time passwords."""
    return wall_clock_now()


def keyring() -> Keyring:
    """Return the keys of this deployment."""
    return trial_parts().keyring


def catalogue(session: Session) -> Catalogue:
    """Return the questionnaires and study versions that are published."""
    return parts().studies.catalogue(session)


def current_actor() -> Actor:
    """Return who is asking; only in a view that `requires` guards."""
    return cast("Actor", g.actor)


def client_name() -> str:
    """Return what the client says it is, cut to a length that fits the record."""
    printable = "".join(c for c in request.headers.get("User-Agent", "") if c.isprintable())
    return printable[:MAX_CLIENT_LENGTH]


def client_address() -> str:
    """Return the address the request came from, as far as the trusted proxies tell."""
    return request.remote_addr or "unknown"


def follow_rehearsal_clock() -> None:
    """Before each request of a rehearsal: move this process's clock to the shared offset.

    Health is asked without: it must answer while there is no database.
    """
    if request.blueprint == "health":
        return
    with trial_parts().database.reading() as session:
        trial_parts().clock.move_to_offset(rehearsal.offset(session))


def requires(permission: Permission) -> Callable[[View], View]:
    """Guard a view: signed in, session not revoked, and a role that holds the permission.

    At which sites it holds is for the service to narrow; a site out of reach looks absent.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            g.actor = _signed_in_actor()
            if not g.actor.holds(permission):
                raise NotPermitted
            return view(*args, **kwargs)

        note_guard(guarded, permission)
        return cast("View", guarded)

    return guard


def public(view: View) -> View:
    """Mark a view that anybody may call; a test lists them all."""
    note_guard(view, None)
    return view


def _signed_in_actor() -> Actor:
    claims = whose.claims()
    if "scope" in claims:
        return _signed_in_client(claims)
    try:
        person_id, device_session_id = UUID(claims["sub"]), UUID(claims["sid"])
    except (KeyError, ValueError) as error:
        raise NotSignedIn from error
    enter_claimed_room(claims)
    if whose.BEHALF_CLAIM not in claims:
        with parts().database.asking() as connection:
            participant = phone_sessions.participant_on(
                connection, person_id, device_session_id, client=client_name()
            )
        if participant is not None:
            whose.refuse_another(participant)
            return participant
    with reading() as session:
        actor = sessions.actor_of(
            session, person_id, device_session_id, client=client_name(), wall_now=wall_now()
        )
        if whose.BEHALF_CLAIM in claims:
            actor = sessions.actor_on_behalf(
                session, actor, UUID(claims[whose.BEHALF_CLAIM]), EntryMode(claims["mode"]),
                wall_now=wall_now(),
            )  # fmt: skip
        whose.refuse_another(actor)
        is_touch_due = sessions.is_touch_due(session, actor, wall_now=wall_now())
    if is_touch_due:
        with transaction() as session:
            sessions.touch(session, actor, wall_now=wall_now())
    return actor


def enter_claimed_room(claims: Mapping[str, Any]) -> None:
    """Go into the room that a participant's token is for; one without is for the trial.

    Staff work inside by pages alone, whose cookie says nothing that is understood here.
    """
    if claims.get(ROOM_CLAIM) is None:
        return
    try:
        room_id = UUID(claims[ROOM_CLAIM])
    except (TypeError, ValueError) as error:
        raise NotSignedIn from error
    enter_room(room_id)


def room_claim() -> dict[str, str]:
    """Return what a token says that is handed out inside a room; nothing in the trial."""
    room = current_room()
    return {} if room is None else {ROOM_CLAIM: str(room.room.id)}


def _signed_in_client(claims: dict[str, Any]) -> Actor:
    """Return the machine behind a token; looked up each time, so that revoking works at once."""
    with reading() as session:
        return edc_clients.actor_of(
            session, UUID(claims["sub"]), claims["scope"].split(),
            address=client_address(), client_name=client_name(),
        )  # fmt: skip

"""Sealing what is in training rooms anew, after the key was changed."""

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from epro.access import Actor
from epro.crypto import UnreadableSecret
from epro.models import TrainingRoom
from epro.models.training import RoomState
from epro.parts import Parts
from epro.rooms import NoPlaceForRooms, Rooms
from epro.services import key_rotation, training

# Nobody gets into these any more, and what they hold is removed.
OVER = frozenset({RoomState.CLOSED, RoomState.FAILED})


def reseal_rooms(trial: Parts, actor: Actor) -> Iterator[tuple[TrainingRoom, bool]]:
    """Seal what is in each room anew, each in a transaction of its own; tell of each if it was.

    A room that is just being filled is not, nor one that cannot be opened.
    """
    rooms = Rooms(trial)
    with trial.database.reading() as session:
        kept = [room for room in training.rooms(session) if room.state not in OVER]
    try:
        for room in kept:
            yield room, room.state is RoomState.OPEN and _reseal(trial, rooms, room, actor)
    finally:
        rooms.close()


def _reseal(trial: Parts, rooms: Rooms, room: TrainingRoom, actor: Actor) -> bool:
    try:
        with rooms.bring_up_to_date(room).database.transaction() as session:
            key_rotation.reseal_all(session, actor, keyring=trial.keyring, now=trial.clock.now())
    except (NoPlaceForRooms, UnreadableSecret, SQLAlchemyError):
        return False
    return True

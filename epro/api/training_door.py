"""Where training rooms are entered from: pages by their own address, phones by code or token.

The address says for every page which world it is of, so that a tab of the trial and a tab of a room
can be open beside each other and neither becomes the other.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from epro.api.context import TRAINING_DOOR, enter_room, keyring, rooms, trial_parts
from epro.rooms import PREFIX, NoPlaceForRooms
from epro.services import activation, sites, training

logger = logging.getLogger(__name__)

# Only the console is inside; phones say by their token where they are.
PAGES = f"{PREFIX}/console"

Wsgi = Callable[..., Iterable[bytes]]


class TrainingDoor:
    """Serves the same pages under /training/console, marked so that they work inside a room."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == PAGES or path.startswith(f"{PAGES}/"):
            environ[TRAINING_DOOR] = True
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}{PREFIX}"
            environ["PATH_INFO"] = path[len(PREFIX) :]
        return self._app(environ, start_response)


def enter_by_activation_code(code: str) -> None:
    """Go into the room that an activation code is of, if the trial does not know it.

    A room that cannot be asked is passed over: what is wrong with it is no matter of the trial,
    where the code that nobody knows is counted against whoever typed it.
    """
    lookup = activation.activation_lookup(code, keyring=keyring())
    with trial_parts().database.reading() as session:
        if activation.is_known(session, lookup):
            return
        standing = training.open_rooms(session)
    for room in standing:
        try:
            with rooms().parts_of(room).database.reading() as session:
                is_of_room = activation.is_known(session, lookup)
        except (NoPlaceForRooms, SQLAlchemyError) as error:
            logger.warning("Training room %s cannot be asked: %s.", room.name, type(error).__name__)
            continue
        if is_of_room:
            enter_room(room.id)
            return


def enter_by_subject_number(code: str) -> None:
    """Go into the room that a participant's code is of; one of the trial's leads nowhere else."""
    if not sites.is_of_training(code.upper()):
        return
    with trial_parts().database.reading() as session:
        standing = training.open_rooms(session)
    for room in standing:
        if code.upper().startswith(f"{room.code}-"):
            enter_room(room.id)

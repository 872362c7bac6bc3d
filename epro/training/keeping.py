"""What the worker does for training rooms: fill new ones, live in open ones, remove closed ones.

What goes wrong inside is logged and never told to anybody: a room alarms nobody.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from epro.access import system_actor
from epro.errors import DomainError
from epro.jobs.tasks import JOBS, Job
from epro.models import Site, TrainingRoom
from epro.models.training import RoomState
from epro.parts import Parts
from epro.rooms import NoPlaceForRooms, Rooms
from epro.services import training
from epro.training import filling

logger = logging.getLogger(__name__)

KEEPER = system_actor("training rooms")
EVERY = timedelta(seconds=5)
# They look after the running of the system itself, or serve machines that no room lets in.
NOT_INSIDE = frozenset({"watchdog", "watch_feed", "make_snapshots"})
INSIDE = tuple(job for job in JOBS if job.name not in NOT_INSIDE)


def job(trial: Parts) -> Job:
    """Return the worker's line for training rooms; it opens each room once for its process."""
    keeper = Keeper(trial)
    return Job(
        name="training_rooms", every=EVERY, run=lambda _trial: keeper.look_after_all(),
        leads_to_more=False,
    )  # fmt: skip


class Keeper:
    """Looks after the rooms of one trial, and remembers when which job ran in which room."""

    def __init__(self, trial: Parts, *, only: Collection[int] | None = None) -> None:
        """Fill rooms with all invented participants, or with `only` some of them."""
        self._trial, self._only, self.rooms = trial, only, Rooms(trial)
        self._told: set[tuple[UUID, type[Exception]]] = set()
        self._ran_at: dict[tuple[UUID, str], datetime] = {}

    def look_after_all(self) -> int:
        """Look after every room once; return how many were filled or removed."""
        with self._trial.database.reading() as session:
            kept = training.rooms(session)
        return sum(self._look_after(room) for room in kept)

    def _look_after(self, room: TrainingRoom) -> int:
        try:
            match room.state:
                case RoomState.BEING_FILLED:
                    return self.fill(room.id)
                case RoomState.OPEN:
                    self._live(room)
                case RoomState.CLOSED:
                    return _remove(self._trial, self.rooms, room)
        except Exception as error:
            # Neither another room nor any job of the trial may suffer from this one. Told once:
            # it is looked after every few seconds.
            if (room.id, type(error)) not in self._told:
                self._told.add((room.id, type(error)))
                logger.exception("Training room %s cannot be looked after.", room.name)
        return 0

    def fill(self, room_id: UUID) -> int:
        """Fill a room that was opened and note that it can be entered, or why not.

        Returns 1, or 0 where somebody else is at it.
        """
        trial, rooms = self._trial, self.rooms
        now = trial.clock.now()
        with trial.database.transaction() as session:
            if not training.claim(session, room_id, now=now):
                return 0
            room = session.get_one(TrainingRoom, room_id)
            site = session.get_one(Site, room.site_id)
        fault = None
        try:
            package = filling.study_at(trial, site, now=now)
            # What an attempt that was cut short has left is no room.
            rooms.remove(room)
            filling.fill(rooms.bring_up_to_date(room), room.code, site, package, only=self._only)
        except (DomainError, NoPlaceForRooms) as refusal:
            fault = str(refusal)
        except Exception as error:
            logger.exception("Training room %s cannot be filled.", room.name)
            fault = type(error).__name__
        with trial.database.transaction() as session:
            room = session.get_one(TrainingRoom, room_id, with_for_update=True)
            if room.state is RoomState.CLOSED:
                rooms.remove(room)
                return 0
            if fault is None:
                training.note_filled(session, KEEPER, room, now=now)
            else:
                training.note_fault(session, KEEPER, room, fault, now=now)
        return 1

    def _live(self, room: TrainingRoom) -> None:
        """Do inside what is done outside: remind, climb the ladder, keep what would be sent."""
        parts, now = self.rooms.bring_up_to_date(room), self._trial.clock.now()
        for one in INSIDE:
            ran_at = self._ran_at.get((room.id, one.name))
            if ran_at is None or now - ran_at >= one.every:
                self._ran_at[room.id, one.name] = now
                one.run(parts)


def _remove(trial: Parts, rooms: Rooms, room: TrainingRoom) -> int:
    rooms.remove(room)
    with trial.database.transaction() as session:
        gone = session.get_one(TrainingRoom, room.id, with_for_update=True)
        training.note_removed(session, KEEPER, gone, now=trial.clock.now())
    return 1

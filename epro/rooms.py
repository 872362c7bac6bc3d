"""The ways into training rooms: each has parts of its own, and none of them leads outside.

A room's parts are the trial's with another database, and without anybody who could carry a message:
whatever runs with them can neither see the trial nor reach a person.
"""

import threading
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import make_url, text

from epro.db import Database
from epro.migrate import current_revision, head_revision, upgrade
from epro.models import TrainingRoom
from epro.parts import Parts, build_parts
from epro.settings import Settings

# Where the pages of a room are; a message of the room leads there too.
PREFIX = "/training"


class NoPlaceForRooms(Exception):
    """The operator has not said where training rooms are kept."""


class Rooms:
    """The training rooms as one process knows them, each opened once."""

    def __init__(self, trial: Parts) -> None:
        self._trial = trial
        self._opened: dict[UUID, Parts] = {}
        self._codes: dict[UUID, str] = {}
        self._up_to_date: set[UUID] = set()
        self._lock = threading.Lock()

    def parts_of(self, room: TrainingRoom) -> Parts:
        """Return the parts to work inside a room with."""
        with self._lock:
            if room.id not in self._opened:
                self._forget_others(room)
                self._opened[room.id] = build_parts(
                    settings_of(room, self._trial.settings),
                    keyring=self._trial.keyring, clock=self._trial.clock,
                )  # fmt: skip
                self._codes[room.id] = room.code
            return self._opened[room.id]

    def bring_up_to_date(self, room: TrainingRoom) -> Parts:
        """Make the room's database, or bring it to this code's revision; return its parts."""
        parts = self.parts_of(room)
        if room.id in self._up_to_date:
            return parts
        if parts.database.is_postgresql:
            self._execute(f"CREATE SCHEMA IF NOT EXISTS {room.name}")
        if current_revision(parts.database.engine) != head_revision():
            upgrade(parts.database.url)
        self._up_to_date.add(room.id)
        return parts

    def remove(self, room: TrainingRoom) -> None:
        """Throw the database of a closed room away; one that is gone already is fine."""
        parts = self.parts_of(room)
        self.forget(room.id)
        if parts.database.is_postgresql:
            self._execute(f"DROP SCHEMA IF EXISTS {room.name} CASCADE")
            return
        file = make_url(parts.database.url).database or ""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)

    def forget(self, room_id: UUID) -> None:
        """Close what this process holds open of a room."""
        with self._lock:
            parts = self._opened.pop(room_id, None)
            self._up_to_date.discard(room_id)
        if parts is not None:
            parts.database.engine.dispose()

    def _forget_others(self, room: TrainingRoom) -> None:
        """Close what is held open of the site's earlier rooms: nobody comes for them any more."""
        for room_id in [one for one in self._opened if self._codes[one] == room.code]:
            self._opened.pop(room_id).database.engine.dispose()

    def _execute(self, statement: str) -> None:
        database = Database(_place(self._trial.settings))
        try:
            with database.engine.begin() as connection:
                connection.execute(text(statement))
        finally:
            database.engine.dispose()

    def close(self) -> None:
        """Close what this process holds open of any room."""
        for room_id in list(self._opened):
            self.forget(room_id)


def settings_of(room: TrainingRoom, trial: Settings) -> Settings:
    """Return what a room runs with: its own database, nobody who carries messages.

    Raises NoPlaceForRooms.
    """
    place = make_url(_place(trial))
    if place.get_backend_name() == "sqlite":
        file = Path(place.database or "")
        own = place.set(database=str(file.with_name(f"{file.stem}-{room.name}{file.suffix}")))
    else:
        own = place.update_query_dict({"options": f"-csearch_path={room.name}"})
    return replace(
        trial,
        database_url=own.render_as_string(hide_password=False),
        public_url=f"{trial.public_url.rstrip('/')}{PREFIX}",
        mail=None,
        sms=None,
        gateway=None,
    )


def _place(trial: Settings) -> str:
    if trial.training_url is None:
        raise NoPlaceForRooms("EPRO_TRAINING_DATABASE_URL is not set.")
    return trial.training_url

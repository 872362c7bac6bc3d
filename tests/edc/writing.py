"""Made-up changes put on the journal, several versions of each entity, as fast as a test needs."""

import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from uuid import uuid4

from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.db import Database
from epro.services import journal
from epro.services.journal import Subject
from tests.clock import START

WRITER = system_actor("writer")


class Abandoned(Exception):
    """A transaction that ends without a commit."""


def change(
    session: Session, entity_id: str, *, version: int = 1, entity_type: str = "anchor"
) -> str:
    """Put one version of an entity on record, without the entity; return its change id."""
    made = journal.entry(
        WRITER, "anchor.recorded",
        Subject(entity_type=entity_type, entity_id=entity_id, version=version,
                participant_code="SZ01-001", site_code="SZ01"),
        after={"event": "INF1", "version": version},
        before={"version": version - 1} if version > 1 else None, now=START,
    )  # fmt: skip
    journal.record_all(session, [made])
    return str(made["change_id"])


@dataclass
class Writers:
    """What several writers have committed, as they know it themselves."""

    database: Database
    committed: set[str] = field(default_factory=set)
    versions: Counter[str] = field(default_factory=Counter)
    abandoned_count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def write(self, seed: int, *, transactions: int) -> None:
        """Commit changes of one's own entities; hesitate before, and abandon one in ten."""
        # On SQLite everybody waits for whoever hesitates.
        longest_s = 0.1 if self.database.is_postgresql else 0.01
        chance, mine = Random(seed), [str(uuid4()) for _ in range(4)]
        for _ in range(transactions):
            written = {}
            try:
                with self.database.transaction() as session:
                    for entity_id in chance.sample(mine, k=2):
                        version = self.versions[entity_id] + 1
                        written[entity_id] = change(session, entity_id, version=version)
                    time.sleep(chance.uniform(0, longest_s))
                    _perhaps_abandon(chance)
            except Abandoned:
                with self._lock:
                    self.abandoned_count += 1
                continue
            with self._lock:
                self.committed.update(written.values())
                self.versions.update(written.keys())


def _perhaps_abandon(chance: Random) -> None:
    if chance.random() < 0.1:
        raise Abandoned

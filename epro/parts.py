"""The parts of a running process, put together once from its settings; without Flask."""

from dataclasses import dataclass

from epro.clock import Clock
from epro.crypto import Keyring
from epro.db import Database
from epro.messaging import Messaging, build_messaging
from epro.services.studies import Studies
from epro.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a request, a job or a command works with; one set per process."""

    settings: Settings
    database: Database
    clock: Clock
    keyring: Keyring
    studies: Studies
    messaging: Messaging


def build_parts(
    settings: Settings, *, keyring: Keyring | None = None, clock: Clock | None = None
) -> Parts:
    """Put the parts together; nothing is read from the environment and no connection opened."""
    database, clock, studies = Database(settings.database_url), clock or Clock(), Studies()
    keyring = keyring or Keyring(field_keys=settings.field_keys, lookup_key=settings.lookup_key)
    return Parts(
        settings=settings,
        database=database,
        clock=clock,
        keyring=keyring,
        studies=studies,
        messaging=build_messaging(
            settings, database=database, clock=clock, keyring=keyring, studies=studies
        ),
    )

"""The console as a browser without script sees it, in one trial for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.api.world import World, Worlds
from tests.databases import DatabaseKind, DatabaseShelf


@pytest.fixture(scope="session")
def console_worlds(database_shelf: DatabaseShelf) -> Iterator[Worlds]:
    with Worlds(database_shelf) as worlds:
        yield worlds


@pytest.fixture
def world(console_worlds: Worlds, database_kind: DatabaseKind) -> World:
    return console_worlds[database_kind]

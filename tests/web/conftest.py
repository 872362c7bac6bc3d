"""The console as a browser without script sees it, in one trial for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.api.world import World, Worlds
from tests.databases import DatabaseKind, DatabaseShelf


@pytest.fixture(scope="module")
def worlds(database_shelf: DatabaseShelf) -> Iterator[Worlds]:
    with Worlds(database_shelf) as worlds:
        yield worlds


@pytest.fixture
def world(worlds: Worlds, database_kind: DatabaseKind) -> World:
    return worlds[database_kind]

"""The running systems that black-box tests share: one for each kind of database, and one each
whose messages leave.

A test enrols participants of its own; it may move the clock ahead, and kill what it starts again.
"""

from collections.abc import Iterator

import pytest

from tests.blackbox.line import Line, LineShelf
from tests.blackbox.story import Story
from tests.blackbox.system import System, SystemShelf, rest_when_left
from tests.databases import DatabaseKind, DatabaseShelf


@pytest.fixture(scope="session")
def systems(
    tmp_path_factory: pytest.TempPathFactory, database_shelf: DatabaseShelf
) -> Iterator[SystemShelf]:
    shelf = SystemShelf(tmp_path_factory.mktemp("systems"), database_shelf)
    yield shelf
    shelf.close()


@pytest.fixture
def system(
    systems: SystemShelf, database_kind: DatabaseKind, request: pytest.FixtureRequest
) -> System:
    system = systems.running(database_kind)
    rest_when_left(request, system)
    return system


@pytest.fixture(scope="session")
def played() -> dict[DatabaseKind, Story]:
    """The story is played once on each kind of database; several tests look at it."""
    return {}


@pytest.fixture
def story(played: dict[DatabaseKind, Story], system: System, database_kind: DatabaseKind) -> Story:
    if database_kind not in played:
        played[database_kind] = Story.play(system)
    return played[database_kind]


@pytest.fixture(scope="session")
def lines(
    tmp_path_factory: pytest.TempPathFactory, database_shelf: DatabaseShelf
) -> Iterator[LineShelf]:
    shelf = LineShelf(tmp_path_factory.mktemp("lines"), database_shelf)
    yield shelf
    shelf.close()


@pytest.fixture
def line(lines: LineShelf, database_kind: DatabaseKind, request: pytest.FixtureRequest) -> Line:
    """A system whose messages leave, with nothing of an earlier test going on."""
    line = lines.quiet(database_kind)
    rest_when_left(request, line.system)
    return line

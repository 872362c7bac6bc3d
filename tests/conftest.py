"""Fixtures for every test. A test that asks for a database runs on each kind, or takes turns.

Which one to take:

- `session`: one transaction, rolled back at the end. The right one for nearly every service test.
- `database`: a `Database` shared by the whole run. Never leave anything committed in it.
- `fresh_database`, `fresh_database_url`: an empty one of one's own, for tests that commit, use
  several connections or start processes.
- `empty_database_url`: not even migrated.
- `clock`: stands still until it is moved.
"""

import gc
from collections.abc import Iterator
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from epro.db import Database
from tests.clock import FrozenClock
from tests.databases import DatabaseKind, DatabaseShelf

pytest_plugins = ["tests.trace", "tests.validation"]

# A shared machine may pause for a second; a property is not false for that.
settings.register_profile(
    "epro", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("epro")


# What is sent to the database is tested on both kinds below them: here every other test takes one.
TAKING_TURNS = ("tests/api/", "tests/web/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=[*DatabaseKind, "both", "turns"],
        default="turns",
        help="the kind of database that tests run on; both: each test once on each; turns (the "
        "default): the same, but those of routes and pages each on one of the two",
    )
    parser.addoption("--long", action="store_true", help="also run the tests marked `long`")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        kinds = [kind for kind in DatabaseKind if chosen in (kind, "both", "turns")]
        name = metafunc.definition.nodeid
        if chosen == "turns" and name.startswith(TAKING_TURNS):
            kinds = [kinds[crc32(name.encode()) % len(kinds)]]
        metafunc.parametrize("database_kind", kinds, ids=str, scope="session")


# Tests that share running systems or a furnished world, built once in each process that needs them.
SHARING = (
    "tests/archive/test_archive",
    "tests/blackbox/",
    "tests/browser/",
    "tests/rehearsal/",
    "tests/training/",
    "tests/api/test_access_matrix",
    "tests/api/test_contract_fuzz",
    "demonstration",  # the fixture of tests/cli
)
# Fixtures that are built once for the tests of a file: these run in one process as well.
OF_A_FILE = frozenset({"package", "worlds"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tests that share something costly, on one kind of database, in one xdist process.

    What is marked `long` stays out unless it is asked for.
    """
    if not config.getoption("--long"):
        items[:] = [item for item in items if item.get_closest_marker("long") is None]
    for item in items:
        asked_for = getattr(item, "fixturenames", ())
        places = (one for one in SHARING if item.nodeid.startswith(one) or one in asked_for)
        of_a_file = None if OF_A_FILE.isdisjoint(asked_for) else item.nodeid.partition("::")[0]
        place = next(places, of_a_file)
        if place is not None:
            callspec = getattr(item, "callspec", None)
            kind = callspec.params.get("database_kind") if callspec else None
            item.add_marker(pytest.mark.xdist_group(f"{place} on {kind}"))


# What is collected stays until the end, and a test leaves little that only a search would find.
OBJECTS_BEFORE_A_SEARCH = 100_000


def pytest_configure() -> None:
    """Have no search for garbage go over all that is only just being collected."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Search again, but seldom, and not through what is there before the first test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_A_SEARCH, *gc.get_threshold()[1:])
    gc.enable()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture(scope="session")
def database_shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseShelf]:
    with DatabaseShelf(tmp_path_factory.mktemp("databases")) as shelf:
        yield shelf


@pytest.fixture(scope="session")
def database(database_shelf: DatabaseShelf, database_kind: DatabaseKind) -> Database:
    return database_shelf.shared(database_kind)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.engine.connect() as connection, connection.begin() as outer:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        outer.rollback()


@pytest.fixture
def fresh_database_url(database_shelf: DatabaseShelf, database_kind: DatabaseKind) -> Iterator[str]:
    url = database_shelf.new(database_kind)
    yield url
    database_shelf.discard(url)


@pytest.fixture
def fresh_database(fresh_database_url: str) -> Iterator[Database]:
    database = Database(fresh_database_url)
    yield database
    database.engine.dispose()


@pytest.fixture
def empty_database_url(database_shelf: DatabaseShelf, database_kind: DatabaseKind) -> Iterator[str]:
    url = database_shelf.new_empty(database_kind)
    yield url
    database_shelf.discard(url)

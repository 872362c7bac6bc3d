"""The demonstration, seeded once in each process that looks at it: nobody may write to it."""

from dataclasses import dataclass

import pytest

from tests.cli.test_commands import Give, commands_on
from tests.databases import DatabaseKind, DatabaseShelf


@dataclass(frozen=True)
class Demonstration:
    """Where it lies, and the commands that see it."""

    url: str
    give: Give


@pytest.fixture(scope="session")
def demonstration(
    database_shelf: DatabaseShelf,
    database_kind: DatabaseKind,
    tmp_path_factory: pytest.TempPathFactory,
) -> Demonstration:
    url = database_shelf.new(database_kind)
    give = commands_on(url, tmp_path_factory.mktemp("demonstration"))
    seeded = give("demo", "seed")
    assert seeded.exit_code == 0, seeded.output
    return Demonstration(url, give)

"""A trial with a training room beside it, filled once for all tests that only look or practise."""

from collections.abc import Iterator

import pytest

from tests.databases import DatabaseKind, DatabaseShelf
from tests.training.schooling import Schooling

# Of the invented participants those whom the tests ask for; one is enough to be cleared away.
PRACTISED_ON, CLEARED = {1, 3, 4, 5}, {4}


class Schoolings(dict[tuple[DatabaseKind, str], Schooling]):
    """Each made when it is asked for, closed together."""

    def __init__(self, shelf: DatabaseShelf) -> None:
        super().__init__()
        self._shelf = shelf

    def get_or_make(self, kind: DatabaseKind, name: str, only: set[int]) -> Schooling:
        if (kind, name) not in self:
            self[kind, name] = Schooling(
                self._shelf.new(kind), self._shelf.new_empty(kind), only=only
            )
        return self[kind, name]


@pytest.fixture(scope="session")
def schoolings(database_shelf: DatabaseShelf) -> Iterator[Schoolings]:
    opened = Schoolings(database_shelf)
    yield opened
    for one in opened.values():
        one.close()


@pytest.fixture
def school(schoolings: Schoolings, database_kind: DatabaseKind) -> Schooling:
    return schoolings.get_or_make(database_kind, "school", PRACTISED_ON)


@pytest.fixture
def bare(schoolings: Schoolings, database_kind: DatabaseKind) -> Schooling:
    return schoolings.get_or_make(database_kind, "bare", CLEARED)

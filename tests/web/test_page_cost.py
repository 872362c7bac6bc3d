"""What a page costs follows from what it shows, not from how large the trial has grown.

Counted are statements and the rows that they return, on PostgreSQL, whose cursors tell: times would
depend on the machine.
"""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from epro.access import Role
from tests.api.world import HERE, World
from tests.databases import DatabaseKind, DatabaseShelf
from tests.many import FIRST_NUMBER, add_many
from tests.web.pages import CONSOLE

# More messages of a day than a page of the log is read from, so that it is full either way.
FEW, MANY, DAYS = 120, 360, 4
FAILED_OF = 2
HERS = f"{HERE}-{FIRST_NUMBER}"
PAGES = (
    "/today", "/participants", "/participants?sort=compliance&down=1", f"/participants/{HERS}",
    f"/participants/{HERS}/timeline", "/compliance", "/compliance?sort=code", "/messages",
    "/messages?outcome=failed", "/messages?outcome=sent", "/reviews", "/reviews?all=1",
    "/contacts", "/corrections", "/flags",
)  # fmt: skip


@pytest.fixture(scope="module")
def large_world(database_shelf: DatabaseShelf) -> Iterator[World]:
    """A trial on PostgreSQL with more participants than a page shows."""
    with World(database_shelf.new(DatabaseKind.POSTGRESQL)) as world:
        add_many(world, FEW, days=DAYS, failed_of=FAILED_OF)
        yield world


def cost_of(world: World, browser: FlaskClient, path: str) -> tuple[int, int]:
    """Return how many statements a page takes, and how many rows come back in all."""
    rows: list[int] = []

    def note(_connection: object, cursor: object, *_rest: object) -> None:
        rows.append(max(cursor.rowcount, 0))  # type: ignore[attr-defined]

    event.listen(world.database.engine, "after_cursor_execute", note)
    try:
        answer = browser.get(f"{CONSOLE}{path}")
    finally:
        event.remove(world.database.engine, "after_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    return len(rows), sum(rows)


@pytest.mark.req("C-01", "C-02", "C-06", "P-10")
def test_three_times_the_participants_cost_a_page_nothing_more(large_world: World) -> None:
    browser = large_world.sign_in_to_console(Role.COORDINATOR)
    costs = {path: cost_of(large_world, browser, path) for path in PAGES}

    add_many(large_world, MANY - FEW, days=DAYS, first=FIRST_NUMBER + FEW, failed_of=FAILED_OF)
    grown = {path: cost_of(large_world, browser, path) for path in PAGES}

    assert grown == costs
    assert max(statements for statements, _ in costs.values()) <= 40

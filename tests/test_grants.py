"""The database user of docs/operations.md can work, and cannot rewrite what is on record."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.db import Database
from epro.services import journal
from epro.services.journal import Subject
from tests.databases import DatabaseKind, DatabaseShelf

OPERATIONS = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)


@pytest.fixture
def database_of_the_processes(database_shelf: DatabaseShelf) -> Iterator[Database]:
    url = database_shelf.new(DatabaseKind.POSTGRESQL)
    owner = Database(url)
    with owner.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS epro_app"))
        for statement in _documented_statements():
            connection.exec_driver_sql(statement)
    restricted = Database(
        make_url(url)
        .set(username="epro_app", password="made-up")
        .render_as_string(hide_password=False)
    )
    yield restricted
    restricted.engine.dispose()
    with owner.engine.begin() as connection:
        connection.execute(text("DROP OWNED BY epro_app"))
        connection.execute(text("DROP ROLE epro_app"))
    owner.engine.dispose()
    database_shelf.discard(url)


@pytest.mark.req("T-02")
def test_the_processes_can_write_and_link_entries(database_of_the_processes: Database) -> None:
    with database_of_the_processes.transaction() as session:
        _record(session)

    with database_of_the_processes.transaction() as session:
        assert journal.sequence(session) == 1


@pytest.mark.req("T-02")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET body = '{}'",
        "DELETE FROM journal_entry",
        "TRUNCATE journal_entry CASCADE",
        "UPDATE journal_link SET hash = ''",
        "UPDATE quarantine SET body = ''",
        "ALTER TABLE journal_entry DISABLE TRIGGER ALL",
        "DROP TABLE journal_link",
        "SET session_replication_role = replica",
    ],
)
def test_the_processes_cannot_rewrite_what_is_on_record(
    database_of_the_processes: Database, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        database_of_the_processes.engine.begin() as connection,
    ):
        connection.exec_driver_sql(statement)


def _documented_statements() -> list[str]:
    block = re.search(r"```sql\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.S)
    assert block, "docs/operations.md shows how to grant"
    sql = block[1].replace("'…'", "'made-up'")
    return [statement.strip() for statement in sql.split(";") if statement.strip()]


def _record(session: Session) -> None:
    journal.record(
        session, system_actor("test"), "site.added", Subject(entity_type="site", entity_id="SZ01"),
        after={"code": "SZ01"}, now=NOW,
    )  # fmt: skip

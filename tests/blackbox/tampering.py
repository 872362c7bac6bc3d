"""A forger with full rights over the database, who switches off what keeps the journal as it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from epro.db import make_engine

TRIGGER = "journal_entry_no_update"


@contextmanager
def one_byte_changed(database_url: str, seq: int, *, old: str, new: str) -> Iterator[str]:
    """Change one byte in the text of the entry with that number, and put it back at the end.

    Lends the id of the entry's row.
    """
    row_id = _forge(database_url, seq, old, new)
    try:
        yield row_id
    finally:
        _forge(database_url, seq, new, old)


def _forge(database_url: str, seq: int, old: str, new: str) -> str:
    engine = make_engine(database_url)
    try:
        with engine.begin() as connection, _triggers_off(connection):
            row_id, body = connection.execute(
                text(
                    "SELECT id, body FROM journal_entry JOIN journal_link ON entry_id = id "
                    "WHERE seq = :seq"
                ),
                {"seq": seq},
            ).one()
            forged = body.replace(old, new, 1)
            assert _changed_bytes(body, forged) == 1
            connection.execute(
                text("UPDATE journal_entry SET body = :body WHERE id = :id"),
                {"body": forged, "id": row_id},
            )
    finally:
        engine.dispose()
    return str(row_id)


@contextmanager
def _triggers_off(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        return
    definition = connection.execute(
        text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": TRIGGER}
    ).scalar_one()
    connection.execute(text(f"DROP TRIGGER {TRIGGER}"))
    yield
    connection.exec_driver_sql(definition)


def _changed_bytes(before: str, after: str) -> int:
    pairs = zip(before.encode(), after.encode(), strict=True)
    return sum(old != new for old, new in pairs)

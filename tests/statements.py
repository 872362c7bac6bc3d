"""What is asked of a database, heard where it is asked: for tests about how often."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session


@contextmanager
def heard_by(engine: Engine) -> Iterator[list[str]]:
    """Lend a list that every statement is added to until the block ends; many rows are one."""
    statements: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def engine_of(session: Session) -> Engine:
    """Return what a session asks its database through."""
    engine = session.get_bind().engine
    assert isinstance(engine, Engine)
    return engine

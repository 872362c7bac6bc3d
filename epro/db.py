"""Base class, column types and the two doors to the database: `transaction()` and `reading()`."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    Table,
    Text,
    collate,
    create_engine,
    event,
    literal_column,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

from epro.errors import RecordedRefusal

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLITE_BUSY_TIMEOUT_MS = 15_000
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # Without them INSERT OR REPLACE would remove rows that are only ever added to.
    "recursive_triggers=ON",
    f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
)
# A writer that dies while a provider or a network thinks must not hold back the journal's horizon.
POSTGRESQL_OPTIONS = (
    "-c timezone=UTC -c idle_in_transaction_session_timeout=60s -c lock_timeout=20s"
)

UNTESTED_FOR_S = 1.0  # nobody restarts a database within it


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: naive values are refused, UTC is stored, aware UTC comes back, also on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant without a time zone cannot be stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only for a column that is exactly INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Tables of the whole product; enums are stored by value in plain text columns."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it from the class
        str: Text(),
        datetime: UtcDateTime(),
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=40,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


class Database:
    """One engine with two doors; which one is used says what the caller is about to do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        reading_engine = self.engine.execution_options(epro_reading=True)
        if self.is_postgresql:
            reading_engine = reading_engine.execution_options(postgresql_readonly=True)
        # SQLite's driver never begins one by itself, see below.
        self._askers = (
            self.engine.execution_options(isolation_level="AUTOCOMMIT")
            if self.is_postgresql
            else self.engine
        )
        self._writers = sessionmaker(self.engine, expire_on_commit=False)
        self._readers = sessionmaker(reading_engine, expire_on_commit=False, autoflush=False)

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open one writing transaction; commit at the end, roll back on any error.

        A RecordedRefusal commits first: what it leaves behind (a counted attempt, a body in
        quarantine, a flag) is the point of it.
        """
        with self._writers() as session:
            try:
                yield session
            except RecordedRefusal:
                session.commit()
                raise
            session.commit()

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """Lend a connection for one kept question: no transaction is begun for it, or ended."""
        with self._askers.connect() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open one transaction that cannot write."""
        with self._readers() as session:
            yield session


def make_engine(url: str) -> Engine:
    """Create the engine for SQLite or PostgreSQL with the settings a clinical record deserves."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    # A URL may name a schema of its own, as those of training rooms do.
    own = make_url(url).query.get("options", "")
    engine = create_engine(
        # The one given back last is lent first: it needs no test, see below.
        url, pool_size=10, max_overflow=20, pool_use_lifo=True,
        connect_args={"options": f"{POSTGRESQL_OPTIONS} {own}".rstrip(), "connect_timeout": 10},
    )  # fmt: skip
    _test_connections_that_rested(engine)
    return engine


def _test_connections_that_rested(engine: Engine) -> None:
    """Have a connection tested before it is lent, unless it was in use a moment ago.

    Without any test the first request after a restart of the database is refused; a test of each
    connection costs two round trips a request.
    """

    @event.listens_for(engine, "checkin")
    def _note(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _test(
        connection: DBAPIConnection, entry: ConnectionPoolEntry, _lent: PoolProxiedConnection
    ) -> None:
        rests_since = entry.info.get("rests_since")  # nothing, where it has only just been opened
        if rests_since is None or time.monotonic() - rests_since < UNTESTED_FOR_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # All that are older are given up with it, and the lender opens a new one.
            raise InvalidatePoolError from error


def _sqlite_engine(url: str) -> Engine:
    file = make_url(url).database
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver must not begin transactions by itself: savepoints would be lost.
        sqlite: Any = connection
        sqlite.isolation_level = None
        for pragma in SQLITE_PRAGMAS:
            sqlite.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that later writes fails at once instead of waiting for its turn.
        is_reading = connection.get_execution_options().get("epro_reading", False)
        if connection.info.get("is_reading") is not is_reading:
            connection.exec_driver_sql(f"PRAGMA query_only={'ON' if is_reading else 'OFF'}")
            connection.info["is_reading"] = is_reading
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine


def insert_if_absent(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert one row unless a unique constraint already holds one; tell whether it was inserted.

    Unlike a caught violation it leaves the transaction usable on PostgreSQL.
    """
    statement = unless_there(table, session.get_bind().dialect.name)
    # Only a row that comes back was inserted: the count of rows may be unknown, which is true too.
    return session.execute(statement, dict(values)).first() is not None


def by_code_point(session: Session, column: Any) -> ColumnElement[str]:
    """Return a column of text to sort by as Python sorts, whatever the database's language."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return collate(column, "C" if is_postgresql else "BINARY")


def erase_everything(engine: Engine) -> None:
    """Delete every table with all it holds, in one transaction; only a table's owner can.

    Triggers that refuse to change rows go with their tables. Nothing but a decommissioning calls
    this: there is no way to delete a part of the record.
    """
    found = MetaData()
    with engine.begin() as connection:
        found.reflect(connection)
        found.drop_all(connection)


def write_file_anew(engine: Engine) -> bool:
    """Write SQLite's file anew: what was deleted stays readable in it until then.

    Return whether that could be done; not while somebody else reads it, or on a full disk.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy, *_ = cursor.fetchone() or (True,)
    except sqlite3.OperationalError:
        return False
    finally:
        raw.close()
    return not is_busy


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that go past the ORM."""
    return cast("Table", model.__table__)


@cache
def unless_there(model: type[Base], dialect: str) -> ReturningInsert[int]:
    """Return the statement for any one row; cached: building it costs more than sending."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table_of(model)).on_conflict_do_nothing().returning(literal_column("1", Integer))

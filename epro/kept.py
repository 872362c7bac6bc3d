"""Statements that are sent with every answer: compiled once, then handed to the driver itself.

SQLAlchemy makes each execution anew, with a context and a result of its own, which for one row of a
few columns takes twice the time of driver and network. Here its text and the conversions of its
types are kept, for either kind of database; only what surrounds an execution is left out. What is
sent is heard by whoever listens to the engine, and errors are SQLAlchemy's own.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Insert,
    Table,
    bindparam,
    insert,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler

from epro.db import Base, table_of, unless_there

# So many rows go out in one statement; of more, each count would be a statement of its own.
A_FEW = 4
CURSOR = "kept_cursor"
Conversion = Callable[[Any], Any]
# What makes a statement that differs between databases, from the name of the dialect.
Maker = Callable[[str], Executable]


class KeptStatement:
    """A statement on tables, never on mapped classes; its values come by `bindparam`.

    It knows no `default` of a column: an insert names every column.
    """

    def __init__(self, statement: Executable | Maker) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, asked: Session | Connection, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows found, each with its columns by name. Raises what SQLAlchemy raises.

        On a connection, from `Database.asking`, no transaction is begun.
        """
        connection = asked if isinstance(asked, Connection) else asked.connection()
        compiled = self._for(connection.dialect)
        cursor = _send(connection, compiled, compiled.parameters(values))
        return [compiled.row(one, cursor, connection.dialect) for one in cursor.fetchall()]

    def run(self, session: Session, values: Mapping[str, Any]) -> None:
        """Execute the statement. Raises what SQLAlchemy raises."""
        connection = session.connection()
        compiled = self._for(connection.dialect)
        _send(connection, compiled, compiled.parameters(values))

    def run_many(self, session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute the statement with each of `rows`, sent together."""
        connection = session.connection()
        compiled = self._for(connection.dialect)
        parameters = [compiled.parameters(values) for values in rows]
        _send(connection, compiled, parameters, is_many=True)

    def _for(self, dialect: Dialect) -> "_Compiled":
        if (compiled := self._compiled.get(dialect.name)) is None:
            made = self._statement
            statement = made if isinstance(made, Executable) else made(dialect.name)
            compiled = self._compiled[dialect.name] = _compile(statement, dialect)
        return compiled


class KeptInsert:
    """An insert of rows that name every column but a number that the database gives.

    `always` are values that the database works out, by the name of its dialect.
    """

    def __init__(
        self, table: Table, always: Callable[[str], dict[str, Any]] = lambda _dialect: {}
    ) -> None:
        self._table, self._always = table, always
        self._of_rows: dict[int, KeptStatement] = {}

    def run(self, session: Session, *rows: Mapping[str, Any]) -> None:
        """Insert rows in their order, a few by one statement. Raises what SQLAlchemy raises."""
        if len(rows) > A_FEW:
            self._of(1).run_many(session, (_numbered(0, row) for row in rows))
        elif rows:
            values = {
                name: value
                for number, row in enumerate(rows)
                for name, value in _numbered(number, row).items()
            }
            self._of(len(rows)).run(session, values)

    def _of(self, count: int) -> KeptStatement:
        if count not in self._of_rows:
            self._of_rows[count] = KeptStatement(partial(self._statement, count))
        return self._of_rows[count]

    def _statement(self, count: int, dialect: str) -> Insert:
        always = self._always(dialect)
        rows = [_every_column(self._table, number) | always for number in range(count)]
        return insert(self._table).inline().values(rows)


def insert_unless_there(model: type[Base]) -> KeptStatement:
    """Return what inserts one row unless a unique constraint holds one: `rows` are none then."""
    values = _every_column(table_of(model))
    return KeptStatement(lambda dialect: unless_there(model, dialect).values(values))


def _every_column(table: Table, number: int | None = None) -> dict[str, Any]:
    return {
        one.name: bindparam(one.name if number is None else f"{one.name}_{number}", type_=one.type)
        for one in table.columns
        if one is not table.autoincrement_column
    }


def _numbered(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}_{number}": value for name, value in row.items()}


@dataclass(slots=True)
class _Compiled:
    """A statement for one kind of database, and what its values go through.

    `given` names the values of each execution, in the text and by the caller; `fixed` are those
    that stand in the statement. `order` is None where the text names its values.
    """

    text: str
    given: tuple[tuple[str, str, Conversion | None], ...]
    fixed: Mapping[str, Any]
    order: tuple[str, ...] | None
    columns: tuple[ColumnElement[Any], ...]
    _read: Conversion | None = None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        named = dict(self.fixed)
        for name, key, convert in self.given:
            named[name] = values[key] if convert is None else convert(values[key])
        return named if self.order is None else [named[name] for name in self.order]

    def row(self, found: Sequence[Any], cursor: Any, dialect: Dialect) -> Any:
        """Return what the driver found as a row. How is known only once it says its types."""
        if self._read is None:
            names = " ".join(str(one.key) for one in self.columns)
            make = namedtuple("Row", names, rename=True)._make  # type: ignore[attr-defined]
            conversions = [
                one.type.dialect_impl(dialect).result_processor(dialect, told[1])
                for one, told in zip(self.columns, cursor.description, strict=True)
            ]
            self._read = _converting(make, conversions) if any(conversions) else make
        return self._read(found)


def _converting(make: Conversion, conversions: Sequence[Conversion | None]) -> Conversion:
    due = [(place, one) for place, one in enumerate(conversions) if one is not None]

    def read(found: Iterable[Any]) -> Any:
        values = list(found)
        for place, convert in due:
            values[place] = convert(values[place])
        return make(values)

    return read


def _compile(statement: Executable, dialect: Dialect) -> _Compiled:
    compiled = cast("SQLCompiler", statement.compile(dialect=dialect))  # type: ignore[attr-defined]
    if compiled.post_compile_params:
        raise TypeError("A text that varies with its values cannot be kept.")
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError("A kept statement names every column that has a default.")
    given, fixed = {}, {}
    for parameter, name in compiled.bind_names.items():
        convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if parameter.required:
            given[name] = (name, parameter.key, convert)
        else:
            value = parameter.effective_value
            fixed[name] = convert(value) if convert else value
    order = compiled.positiontup
    return _Compiled(
        text=str(compiled),
        given=tuple(given.values()),
        fixed=fixed,
        order=None if order is None else tuple(order),
        columns=tuple(getattr(statement, "exported_columns", ())),
    )


def _send(
    connection: Connection, compiled: _Compiled, parameters: Any, *, is_many: bool = False
) -> Any:
    """Hand a statement to the driver, and return its cursor."""
    text, dialect, heard = compiled.text, connection.dialect, connection.engine.dispatch
    lent = connection.connection
    try:
        cursor = _cursor_of(lent)
        for note in heard.before_cursor_execute:
            note(connection, cursor, text, parameters, None, is_many)
        (cursor.executemany if is_many else cursor.execute)(text, parameters)
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, lent, None)
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            text, None, error, dialect.loaded_dbapi.Error,
            hide_parameters=True, connection_invalidated=is_lost, dialect=dialect,
        ) from error  # fmt: skip
    for note in heard.after_cursor_execute:
        note(connection, cursor, text, parameters, None, is_many)
    return cursor


def _cursor_of(lent: PoolProxiedConnection) -> Any:
    """Return the one cursor of a connection: what it found is fetched before it is asked again."""
    cursor = lent.info.get(CURSOR)
    if cursor is None:
        cursor = lent.info[CURSOR] = lent.cursor()
    return cursor

"""Migrated databases of both kinds: each migrated once for a whole run, then only copied."""

import shutil
from contextlib import ExitStack
from enum import StrEnum
from functools import cached_property
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

from epro.db import Database
from epro.migrate import upgrade
from tests.postgres import PostgresServer, running_postgres

TEMPLATE = "template_epro"


class DatabaseKind(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class DatabaseShelf:
    """Hands out empty databases at the newest migration; nothing is started before it is asked for.

    One shelf serves one test process. Under xdist every worker has its own, server included.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._opened = ExitStack()
        self._shared: dict[DatabaseKind, Database] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()

    def new(self, kind: DatabaseKind) -> str:
        """Return the URL of a migrated, empty database that nobody else uses."""
        name = f"epro_{next(self._numbers)}"
        if kind is DatabaseKind.POSTGRESQL:
            return self._server.create_database(name, template=TEMPLATE)
        return _sqlite_url(Path(shutil.copy(self._sqlite_template, self._sqlite_file(name))))

    def shared(self, kind: DatabaseKind) -> Database:
        """Return the one database that tests with a rolled back transaction share.

        It stays open when the next test has another kind: whatever it has compiled would be lost.
        """
        if kind not in self._shared:
            url = self.new(kind)
            self._shared[kind] = database = Database(url)
            self._opened.callback(database.engine.dispose)
        return self._shared[kind]

    def new_empty(self, kind: DatabaseKind) -> str:
        """Return the URL of a database without any table, for the migrations' own tests."""
        name = f"bare_{next(self._numbers)}"
        if kind is DatabaseKind.POSTGRESQL:
            return self._bare_server.create_database(name)
        return _sqlite_url(self._sqlite_file(name))

    def discard(self, url: str) -> None:
        """Delete a database, whoever still holds a connection to it."""
        name = make_url(url).database or ""
        if url.startswith("sqlite"):
            for file in Path(name).parent.glob(f"{Path(name).name}*"):
                file.unlink()
        else:
            self._bare_server.drop_database(name)

    def _sqlite_file(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite"

    @cached_property
    def _bare_server(self) -> PostgresServer:
        return self._opened.enter_context(running_postgres())

    @cached_property
    def _server(self) -> PostgresServer:
        upgrade(self._bare_server.create_database(TEMPLATE))
        return self._bare_server

    @cached_property
    def _sqlite_template(self) -> Path:
        file = self._sqlite_file(TEMPLATE)
        upgrade(_sqlite_url(file))
        return file


def _sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"

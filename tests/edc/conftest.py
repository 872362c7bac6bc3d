"""A small trial whose changes are pulled; the application listens where an importer needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.api.world import World, Worlds
from tests.databases import DatabaseKind, DatabaseShelf


@pytest.fixture(scope="module")
def worlds(database_shelf: DatabaseShelf) -> Iterator[Worlds]:
    with Worlds(database_shelf) as worlds:
        yield worlds


@pytest.fixture
def world(worlds: Worlds, database_kind: DatabaseKind) -> World:
    """A trial that the tests of a file share: they may add to it, never undo."""
    return worlds[database_kind]


@pytest.fixture
def own_world(fresh_database_url: str) -> Iterator[World]:
    """A trial of one's own, to break."""
    with World(fresh_database_url) as world:
        yield world


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """Serve the application on this machine; yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The web server's own process: what it leaves to the garbage collector."""

import gc
from collections.abc import Iterator

import pytest

from epro.serving import WebServer
from tests.databases import DatabaseKind, DatabaseShelf
from tests.settings import make_settings


@pytest.fixture
def nothing_frozen() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.req("C-01")
@pytest.mark.usefixtures("nothing_frozen")
def test_the_collector_passes_over_what_a_web_process_has_loaded(
    database_shelf: DatabaseShelf,
) -> None:
    settings = make_settings(database_shelf.new(DatabaseKind.SQLITE))

    app = WebServer(settings, host="127.0.0.1", port=0, processes=1).load()

    app.extensions["epro"].database.engine.dispose()  # type: ignore[attr-defined]
    watched = gc.get_objects()
    assert not any(one is app.view_functions for one in watched)  # type: ignore[attr-defined]
    assert len(watched) < gc.get_freeze_count() / 10

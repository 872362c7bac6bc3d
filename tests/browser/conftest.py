"""A real browser before a real system: Debian's Chromium, driven from outside.

The system is started once, on SQLite: what a browser shows does not depend on the database. Every
page is watched: what its content policy refused, what its scripts threw, and what went wrong on
the way fail the test that opened it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.blackbox.system import SystemShelf, rest_when_left
from tests.browser.desk import CHROMIUM, FLAGS, Desk
from tests.browser.filling import Filling
from tests.browser.gallery import Gallery
from tests.browser.handset import Somebody, handset, let_go
from tests.databases import DatabaseKind, DatabaseShelf

# Nothing here is about speed: on a machine that does much else a page may take its time.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def playwright_running() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright_running: Playwright) -> Iterator[Browser]:
    browser = playwright_running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def desk(
    tmp_path_factory: pytest.TempPathFactory, database_shelf: DatabaseShelf, chromium: Browser
) -> Iterator[Desk]:
    """A site with its coordinator, and a participant whose answer raised a flag."""
    shelf = SystemShelf(tmp_path_factory.mktemp("desk"), database_shelf)
    desk = Desk.open(shelf.running(DatabaseKind.SQLITE), chromium)
    yield desk
    desk.close()
    shelf.close()


@pytest.fixture(autouse=True)
def awake(request: pytest.FixtureRequest) -> None:
    """Have the system of the desk whole and free of others' people; rest after the last test."""
    if "desk" in request.fixturenames:
        desk: Desk = request.getfixturevalue("desk")
        if not desk.system.is_whole:
            desk.system.mend()
        let_go(desk.system)
        rest_when_left(request, desk.system)


@pytest.fixture
def gallery(pictures: Path, pytestconfig: pytest.Config) -> Gallery:
    """How closely the phone's screens are looked at."""
    return Gallery(pictures, is_thorough=bool(pytestconfig.getoption("--long")))


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path:
    """Where pictures of pages are kept for people to look at."""
    folder = request.config.rootpath / "var" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def filling(desk: Desk, chromium: Browser) -> Iterator[Filling]:
    """The app's forms in one page, nobody signed in."""
    with handset(desk.system, chromium, Somebody("", {})) as phone:
        yield Filling(phone.page)
        assert phone.watched.faults == []

"""The training room in a real browser: entered beside the trial, and none of it reaches anybody.

It has a system of its own: a room lives on whenever the trial's clock is moved.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.blackbox.system import SystemShelf, wait_for
from tests.browser.desk import Desk
from tests.browser.hands import say, speak
from tests.browser.test_console_roles import looked_at
from tests.databases import DatabaseKind, DatabaseShelf

pytestmark = pytest.mark.blackbox
BREATHLESS = "XX01-003"  # as docs/training.md says
DOOR = "/console/training"
FILLED_WITHIN_S = 300.0  # a trial is played for it; until then nothing is judged


def enter(page: Page, language: str) -> None:
    """Go in by the page of one's own; where no room stands, open it and wait until it is filled."""
    page.goto(DOOR)
    button = page.get_by_role("button", name=say("training.open", language))
    if button.count():
        button.click()
    entry = page.get_by_role("button", name=say("training.enter", language))

    def is_filled() -> bool:
        page.get_by_role("link", name=say("nav.training", language)).click()
        return entry.count() == 1

    wait_for(is_filled, "the training room is filled", timeout_s=FILLED_WITHIN_S)
    entry.click()
    page.wait_for_url("**/training/console/**")


def trial_of(desk: Desk) -> tuple[Any, Any]:
    """Return what the site's safety inbox holds, and every message that left."""
    sent = desk.system.http.get("/dev/inbox", headers={"Accept": "application/json"})
    return desk.system.read("/flags"), sent.json()


@pytest.fixture
def desk(tmp_path: Path, database_shelf: DatabaseShelf, chromium: Browser) -> Iterator[Desk]:
    shelf = SystemShelf(tmp_path, database_shelf)
    desk = Desk.open(shelf.running(DatabaseKind.SQLITE), chromium)
    yield desk
    desk.close()
    shelf.close()


@pytest.mark.req("C-06", "B-03")
def test_a_flag_is_taken_in_the_training_room_and_the_trial_knows_nothing_of_it(
    desk: Desk, pictures: Path
) -> None:
    before = trial_of(desk)
    for language, has_script in (("zh", True), ("en", False)):
        with desk.desktop(java_script_enabled=has_script) as watched:
            page = watched.page
            speak(page, language, DOOR)
            enter(page, language)
            expect(page.get_by_role("complementary", name="TRAINING")).to_be_visible()
            looked_at(watched, pictures, "training-today", language)

            page.goto("/training/console/flags")
            looked_at(watched, pictures, "training-inbox", language)
            red = page.get_by_role("row", name=BREATHLESS).filter(has_text="RED")
            red.get_by_role("link").first.click()
            looked_at(watched, pictures, "training-flag", language)
            assert all(
                str(link).startswith(("/training/", "#"))
                for link in page.locator("#menu ul a").evaluate_all(
                    "all => all.map(a => a.getAttribute('href'))"
                )
            )
            acknowledge = page.get_by_role("button", name=say("inbox.acknowledge", language))
            if has_script:
                assert watched.findings() == []
                acknowledge.click()
            expect(acknowledge).to_have_count(0)

            page.get_by_role("link", name=say("training.back", language)).click()
            page.wait_for_url(f"**{DOOR}")
            assert page.locator("aside.training").count() == 0
        assert watched.faults == []

    assert trial_of(desk) == before

"""The page of a record in a real browser: open, signed off, locked, unlocked, on a phone."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from epro.web.console.words import WORDS
from questionnaires.definition import Language
from tests.blackbox.people import enrolled_phone
from tests.blackbox.system import PASSWORD
from tests.browser.desk import Desk, Watched
from tests.browser.test_console import fits

pytestmark = pytest.mark.blackbox
CHIEF = "record.chief"
SIZES = ((360, 740), (1280, 900))


def say(key: str, language: str) -> str:
    return WORDS[key].in_language(Language(language))


@pytest.mark.req("T-08", "P-10", "P-11", "X-05")
def test_a_record_is_signed_off_locked_and_unlocked_on_a_page_that_is_sound(
    desk: Desk, pictures: Path
) -> None:
    """Each state is looked at by axe in one language by turns, at both sizes, and kept."""
    with_flag = desk.complaint(urgent=("limb",)).code
    code = enrolled_phone(desk.system).code
    desk.secrets[CHIEF] = desk.system.add_staff(
        CHIEF, "陈主任 Chen", "principal_investigator", phone="+8613900136001"
    )
    found: list[str] = []
    with desk.browser() as watched:
        page = watched.page
        desk.sign_in(page, CHIEF)

        page.goto(f"/console/participants/{with_flag}/record")
        expect(page.locator("section ul a")).to_have_count(1)
        found += looked_at(watched, pictures, "open", "zh")

        page.goto(f"/console/participants/{code}/record")
        press(page.locator("[aria-labelledby=sign-off]"), desk, password="not hers")
        expect(page.get_by_role("alert")).to_be_focused()
        found += looked_at(watched, pictures, "refused", "zh")

        press(page.locator("[aria-labelledby=sign-off]"), desk, password=PASSWORD)
        expect(page.locator(".signature")).to_contain_text(say("act.signature.holds", "zh"))
        page.get_by_role("button", name=say("sealing.lock", "zh"), exact=True).click()
        expect(page.locator("[name=reason]")).to_be_visible()
        found += looked_at(watched, pictures, "locked", "en", to=page.url)

        page.fill("[name=reason]", "a form was forgotten")
        page.get_by_role("button", name=say("sealing.unlock", "en"), exact=True).click()
        expect(page.get_by_text("a form was forgotten")).to_be_visible()
        found += looked_at(watched, pictures, "unlocked", "en")
        page.goto("/console/language/zh?to=/console/flags")

    assert found == []
    assert [one for one in watched.faults if "403" not in one] == []


def press(section: Locator, desk: Desk, *, password: str) -> None:
    section.locator("[name=password]").fill(password)
    section.locator("[name=totp]").fill(desk.fresh_code(CHIEF))
    section.get_by_role("button").click()


def looked_at(
    watched: Watched, pictures: Path, state: str, language: str, *, to: str | None = None
) -> list[str]:
    """Return what is wrong with the page as it stands, at both sizes; keep pictures of it."""
    page: Page = watched.page
    if to is not None:
        page.goto(f"/console/language/{language}?to={urlsplit(to).path}")
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{state} {width}: {one}" for one in watched.findings()]
        if not fits(page, width):
            found.append(f"{state} {width}: scrolls sideways")
        page.screenshot(path=pictures / f"record-{state}-{language}-{width}.png", full_page=True)
    return found

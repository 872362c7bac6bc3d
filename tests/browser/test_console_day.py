"""One day of each role in a real browser: every page of the menu, and the acts of a coordinator."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from epro.access import STAFF_ROLES
from epro.web.console.navigation import ENTRIES
from epro.web.console.words import WORDS
from questionnaires.definition import Language
from tests.blackbox.people import ZONE
from tests.blackbox.system import SITE
from tests.browser.desk import Desk
from tests.browser.test_console import PAGES, fits

pytestmark = pytest.mark.blackbox
DESK, PHONE = (1280, 900), (360, 740)


def say(key: str, language: str) -> str:
    return WORDS[key].in_language(Language(language))


def pages_of(page: Page) -> list[str]:
    """Return where the menu leads."""
    links = page.locator("#menu ul a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return [str(link) for link in links]


def speak(page: Page, language: str, to: str) -> None:
    page.goto(f"/console/language/{language}?to={to}")


@pytest.mark.req("P-06", "P-10", "P-11", "X-05")
def test_each_role_finds_every_page_of_its_menu_sound(
    desk: Desk, pictures: Path, pytestconfig: pytest.Config
) -> None:
    """Each page fits a phone and is sound to axe, in one language by turns.

    With --long each is looked at in both languages, at the desk too, and pictures are kept.
    """
    is_thorough = bool(pytestconfig.getoption("--long"))
    desk.complaint(urgent=("breathing",), breathing=("at-rest",))
    audited: set[tuple[str, str, int]] = set()
    found: list[str] = []
    offered: set[str] = set()
    for number, role in enumerate(sorted(STAFF_ROLES)):
        name = f"day.{number}"
        desk.secrets[name] = desk.system.add_staff(
            name, f"一天 Day {number}", role.value, phone=f"+8613900137{number:03}"
        )
        with desk.browser() as watched:
            page = watched.page
            desk.sign_in(page, name, to="/console/phones")
            paths = pages_of(page)
            offered |= set(paths)
            for place, path in enumerate(paths):
                by_turns = ("zh", "en")[place % 2]
                looks = [("zh", DESK), ("zh", PHONE), ("en", PHONE)] if is_thorough else []
                for language, (width, height) in looks or [(by_turns, PHONE)]:
                    look = (path, language if is_thorough else "", width)
                    if look in audited:
                        continue
                    audited.add(look)
                    page.set_viewport_size({"width": width, "height": height})
                    speak(page, language, path)
                    where = f"{role} {path} {language}"
                    expect(page.locator("h1")).to_be_visible()
                    if is_thorough or path not in PAGES:  # those are looked at already
                        found += [f"{where}: {one}" for one in watched.findings()]
                    if not fits(page, width):
                        found.append(f"{where}: scrolls sideways")
                    if is_thorough:
                        picture = f"day-{path.strip('/').replace('/', '-')}-{language}-{width}.png"
                        page.screenshot(path=pictures / picture, full_page=True)
        found += [f"{role}: {one}" for one in watched.faults]

    assert found == []
    assert {path for path, _, _ in audited} == offered
    assert len(offered) == len(ENTRIES)


@pytest.mark.req("S-04", "P-02", "C-03")
@pytest.mark.parametrize(("language", "has_script"), [("zh", True), ("en", False)])
def test_a_coordinators_day_from_enrolment_to_a_corrected_infusion(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    code = f"{SITE}-{'881' if has_script else '882'}"
    begun = desk.system.now().astimezone(ZONE)
    with desk.desktop(java_script_enabled=has_script) as watched:
        page = watched.page
        speak(page, language, "/console/participants")
        page.get_by_role("link", name=say("people.enrol", language)).click()
        page.fill("[name=code]", code)
        page.fill("[name=year_of_birth]", "1968")
        page.fill("[name=phone]", "+8613800138777")
        page.check(f"[name=language][value={language}]")
        for kind in ("trial", "sensitive_data", "partial_answers"):
            page.check(f"[name=consents][value={kind}]")
        page.fill("[name=document_version]", "2.0")
        page.fill("[name=given_at]", f"{begun:%Y-%m-%dT%H:%M}")
        page.fill("[name=paper_location]", "binder 1")
        page.get_by_role("button", name=say("enrol.do", language)).click()
        expect(page.locator(".secret")).to_be_visible()
        expect(page.locator(".qr svg")).to_be_visible()
        page.screenshot(path=pictures / f"sheet-{language}.png", full_page=True)
        page.pdf(path=pictures / f"sheet-{language}.pdf", prefer_css_page_size=True)

        desk.later(days=3)
        record(page, language, code, at=begun + timedelta(hours=1), reason=None)
        desk.later(days=1)
        record(page, language, code, at=begun + timedelta(hours=20), reason="ward notes")

        expect(page.get_by_text("ward notes")).to_be_visible()
        page.goto("/console/today")
        page.get_by_role("row", name=code).get_by_role("link").last.click()  # the first click
        page.check("[name=outcome][value=reached]")
        page.get_by_role("button", name=say("act.save", language)).click()
        page.goto(f"/console/participants/{code}/timeline")
        expect(page.get_by_text(say("reached.reached", language)).first).to_be_visible()
    assert watched.faults == []


def record(page: Page, language: str, code: str, *, at: object, reason: str | None) -> None:
    """Record or correct the infusion, after a look at what would move."""
    page.goto(f"/console/participants/{code}")
    page.select_option("#anchor-event", "INF1")
    page.fill("#anchor-occurred_at", f"{at:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name=say("anchors.preview", language)).click()
    expect(page.get_by_text(say("preview.nothing_yet", language))).to_be_visible()
    if reason:
        page.fill("[name=reason]", reason)
    page.get_by_role(
        "button", name=say("preview.correct" if reason else "preview.record", language)
    ).click()
    page.wait_for_url("**/participants/*")

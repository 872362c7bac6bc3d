"""One day of each role in a real browser: every page of the menu, and the acts of a coordinator."""

from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Page, expect

from epro.access import STAFF_ROLES
from epro.web.console.navigation import ENTRIES
from tests.blackbox.people import PIN, ZONE, Phone, assessments_of, responses_of
from tests.blackbox.system import API, SITE
from tests.browser.desk import Desk
from tests.browser.hands import Hands, say, speak, turned_to
from tests.browser.test_console import PAGES, RED, fits

pytestmark = pytest.mark.blackbox
DESK, PHONE = (1280, 900), (360, 740)
YEAR_OF_BIRTH = 1968
BOTH = pytest.mark.parametrize(("language", "has_script"), [("zh", True), ("en", False)])

# Each word of a table, letter for letter, that begins on one line and ends on another.
BROKEN_WORDS = """() => {
  const found = [];
  for (const table of document.querySelectorAll("table")) {
    const walker = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const isRead = node.parentElement.checkVisibility() && !node.parentElement.closest(".hidden");
      const head = node.parentElement.closest("thead");
      if (!isRead || (head && head.getBoundingClientRect().height < 2)) continue;
      for (const word of node.data.matchAll(/[A-Za-z0-9][A-Za-z0-9-]{0,20}/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.top)));
        if (lines.size > 1) found.push(word[0]);
      }
    }
  }
  return found;
}"""


def pages_of(page: Page) -> list[str]:
    """Return where the menu leads."""
    links = page.locator("#menu ul a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return [str(link) for link in links]


def hidden_orders(page: Page) -> list[str]:
    """Return the columns whose link to sort by them cannot be seen, on a card or at the desk."""
    links = page.locator("thead th.by a").evaluate_all(
        "all => all.filter(a => a.closest('th').getBoundingClientRect().height < 24)"
        ".map(a => a.textContent)"
    )
    return [str(link) for link in links]


@pytest.mark.req("P-06", "P-10", "P-11", "X-05", "C-01")
def test_each_role_finds_every_page_of_its_menu_sound(
    desk: Desk, pictures: Path, pytestconfig: pytest.Config
) -> None:
    """Each page fits a phone and is sound to axe: once, whoever finds it, in a language by turns.

    With --long each is looked at in both languages, at the desk too, and pictures are kept.
    """
    is_thorough = bool(pytestconfig.getoption("--long"))
    desk.complaint(urgent=("breathing",), breathing=("at-rest",))
    looks = [("zh", DESK), ("en", DESK), ("zh", PHONE), ("en", PHONE)] if is_thorough else []
    found: list[str] = []
    seen: set[str] = set()
    for number, role in enumerate(sorted(STAFF_ROLES)):
        name = f"day.{number}"
        desk.add_staff(name, f"一天 Day {number}", role)
        with desk.browser_of(name) as watched:
            page = watched.page
            page.goto("/console/phones")
            new = [path for path in pages_of(page) if path not in seen]
            seen.update(new)
            for place, path in enumerate(new):
                by_turns = [(("zh", "en")[place % 2], PHONE)]
                for language, (width, height) in looks or by_turns:
                    page.set_viewport_size({"width": width, "height": height})
                    speak(page, language, path)
                    where = f"{role} {path} {language} {width}"
                    expect(page.locator("h1")).to_be_visible()
                    if is_thorough or path not in PAGES:  # those are looked at already
                        found += [f"{where}: {one}" for one in watched.findings()]
                    found += [f"{where}: no way to sort by {one}" for one in hidden_orders(page)]
                    if not fits(page, width):
                        found.append(f"{where}: scrolls sideways")
                    if is_thorough:
                        picture = f"day-{path.strip('/').replace('/', '-')}-{language}-{width}.png"
                        page.screenshot(path=pictures / picture, full_page=True)
        found += [f"{role}: {one}" for one in watched.faults]

    assert found == []
    assert len(seen) == len(ENTRIES)


@pytest.mark.req("P-10", "P-11", "C-01")
def test_no_word_of_a_list_is_broken_in_two_at_the_desk(desk: Desk) -> None:
    desk.complaint(**RED)
    broken: list[str] = []
    with desk.desktop() as watched:
        page = watched.page
        for path, width in (
            ("/console/flags", 760), ("/console/flags", 1130), ("/console/flags", 1280),
            ("/console/today", 1280), ("/console/messages?days=30", 1280),
        ):  # fmt: skip
            page.set_viewport_size({"width": width, "height": 900})
            speak(page, "en", path)
            expect(page.locator("table").first).to_be_visible()
            where = f"{path} {width}"
            broken += [f"{where}: {one}" for one in page.evaluate(BROKEN_WORDS)]
            if not fits(page, width):
                broken.append(f"{where}: scrolls sideways")

    assert broken == []


@pytest.mark.req("P-10", "P-11")
def test_what_clears_a_filter_stands_on_one_line_on_a_phone(desk: Desk) -> None:
    """A link that is broken over lines beside a button reads as three words, and is hard to hit."""
    lists = ("reviews?participant=X", "corrections?code=X", "transcriptions?participant=X",
             "data-requests?code=X", "delegations?holds=1", "contacts?of=X")  # fmt: skip
    broken: list[str] = []
    with desk.desktop(width=360) as watched:
        page = watched.page
        for language in ("zh", "en"):
            speak(page, language, "/console/phones")
            for path in lists:
                page.goto(f"/console/{path}")
                link = page.get_by_role("link", name=say("inbox.clear", language))
                height, line = link.evaluate(
                    "one => [one.offsetHeight, parseFloat(getComputedStyle(one).lineHeight)]"
                )
                if height > 1.5 * line or not fits(page, 360):
                    broken.append(f"{path} {language}")

    assert broken == []


@pytest.mark.req("S-04", "P-02", "C-03", "T-06")
@BOTH
def test_a_coordinators_day_from_enrolment_to_a_corrected_infusion(
    desk: Desk, pictures: Path, language: str, has_script: bool
) -> None:
    """Eight fields and two presses to a printed sheet; a late infusion is recorded and corrected.

    What she answered meanwhile stays as it is: nothing is lost, and nothing moves to another day.
    """
    code = f"{SITE}-{'881' if has_script else '882'}"
    begun = desk.system.now().astimezone(ZONE)
    with desk.desktop(java_script_enabled=has_script) as watched:
        page = watched.page
        hands = Hands(page, language)
        speak(page, language, "/console/participants")
        page.get_by_role("link", name=say("people.enrol", language)).click()
        hands.fill("code", code)
        hands.fill("year_of_birth", str(YEAR_OF_BIRTH))
        hands.fill("phone", "+8613800138777")
        hands.tick("language", language)
        hands.tick("consents", "trial", "sensitive_data", "partial_answers")
        hands.fill("document_version", "2.0")
        hands.fill("given_at", f"{begun:%Y-%m-%dT%H:%M}")
        hands.fill("paper_location", "binder 1")
        hands.press("enrol.do")
        expect(page.locator(".secret")).to_be_visible()
        expect(page.locator(".qr svg")).to_be_visible()
        if has_script:
            page.evaluate("window.print = () => { window.isPrinted = true }")
            hands.press("sheet.print")
            assert page.evaluate("window.isPrinted")
        else:
            hands.presses += 1  # the browser's own menu: a page cannot print without script
        page.screenshot(path=pictures / f"sheet-{language}.png", full_page=True)
        page.pdf(path=pictures / f"sheet-{language}.pdf", prefer_css_page_size=True)
        assert len(hands.fields) <= 8
        assert hands.presses <= 2
        phone = activated(desk, code, page.locator(".secret").inner_text())

        desk.later(days=3)
        at = begun + timedelta(hours=1)
        assert record(page, language, code, at=at, reason=None) == (2, 2)
        answered = fill_in_what_is_open(desk, phone)
        desk.later(days=1)
        before = responses_of(phone)
        at = begun + timedelta(hours=20)
        assert record(page, language, code, at=at, reason="ward notes") == (3, 2)

        assert answered
        assert responses_of(phone) == before
        kept = {one["id"] for one in assessments_of(phone) if one["state"] == "completed"}
        assert kept >= answered
        expect(page.get_by_text("ward notes")).to_be_visible()
        page.goto("/console/today")
        turned_to(page, "open", code).get_by_role("link").last.click()  # the first click
        page.check("[name=outcome][value=reached]")
        page.get_by_role("button", name=say("act.save", language)).click()
        page.goto(f"/console/participants/{code}/timeline")
        expect(page.get_by_text(say("reached.reached", language)).first).to_be_visible()
    assert watched.faults == []


def activated(desk: Desk, code: str, secret: str) -> Phone:
    """Have her activate her phone with what stands on the sheet."""
    typed = {"code": secret, "year_of_birth": YEAR_OF_BIRTH, "pin": PIN}
    answer = desk.system.http.post(f"{API}/sessions/activation", json=typed)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    return Phone(desk.system, code, tokens["access_token"], tokens["refresh_token"])


def fill_in_what_is_open(desk: Desk, phone: Phone) -> set[str]:
    """Have her answer the next form that opens; return what is completed by that."""
    now = desk.system.now().isoformat()
    waiting = [one for one in assessments_of(phone) if one["state"] in {"scheduled", "open"}]
    due = min(waiting, key=lambda one: str(one["opens_at"]))
    if due["opens_at"] > now:
        desk.system.move_to(datetime.fromisoformat(due["opens_at"]) + timedelta(minutes=1))
    sheet = phone.fill_in(due, answered_at=desk.system.now())
    assert phone.send(sheet, now=desk.system.now()).status_code == 201
    return {due["id"]}


def record(
    page: Page, language: str, code: str, *, at: datetime, reason: str | None
) -> tuple[int, int]:
    """Record or correct the infusion after a look at what would move; return fields and presses.

    How long the machine takes is printed, not asserted: under a minute is for the person's part.
    """
    begun = monotonic()
    page.goto(f"/console/participants/{code}")
    hands = Hands(page, language)
    page.select_option("#anchor-event", "INF1")
    hands.fields.add("event")
    page.fill("#anchor-occurred_at", f"{at:%Y-%m-%dT%H:%M}")
    hands.fields.add("occurred_at")
    hands.press("anchors.preview")
    expect(page.get_by_text(say("preview.nothing_yet", language))).to_be_visible()
    if reason:
        hands.fill("reason", reason)
    hands.press("preview.correct" if reason else "preview.record")
    page.wait_for_url("**/participants/*")
    did = "corrected" if reason else "recorded"
    print(f"\ninfusion {did} ({language}): {monotonic() - begun:.1f} s of machine")  # noqa: T201
    return len(hands.fields), hands.presses

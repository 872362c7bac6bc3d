"""What forms are made of on a phone: kinds of questions, what is asked back, what is chosen."""

from random import Random

import pytest
from playwright.sync_api import expect

from tests.browser.filling import NOW, Filling, as_form, by_chance
from tests.browser.gallery import TEXT_SIZES, Gallery
from tests.browser.handset import Handset
from tests.questionnaires.forms import form as form_of
from tests.questionnaires.forms import item, shipped, shipped_form, temperature

pytestmark = pytest.mark.blackbox

GALLERY = form_of(
    item("rating", "nrs"), item("line", "vas"),
    item("many", "multi", codes="a b c d e f none!"), item("one", codes="x y z", kind="choice"),
    item("yes", "boolean"), temperature(), item("words", "text", optional=True),
    item("day", "date"), item("instant", "datetime"), item("clock", "time"),
    item("list", "info"), item("cough", group="list"), item("rash", group="list"),
)  # fmt: skip


@pytest.mark.req("P-11")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_question_passes_at_every_size(
    filling: Filling, gallery: Gallery, language: str
) -> None:
    phone = Handset.of(filling.page)
    answers = by_chance(GALLERY, Random(5), now=NOW)
    values = {one["link_id"]: one.get("value") for one in answers} | {
        "rating": 7, "line": 40, "many": ["a", "c"], "one": "x", "yes": True, "temp": 36.6,
        "words": "还好", "day": "2026-10-01", "instant": "2026-10-01T08:00+08:00",
        "clock": "08:00", "cough": True, "rash": False,
    }  # fmt: skip
    found: list[str] = []
    filling.open(as_form(GALLERY), language)
    looked_at = {"rating", "line", "many", "temp", "words", "instant"}
    for screen in ("rating", "line", "many", "one", "yes", "temp", "words", "day", "instant",
                   "clock"):  # fmt: skip
        if screen in looked_at:
            found += phone.glance(f"form-{screen}", gallery)
        filling.step(**{screen: values[screen]})
    found += phone.glance("form-list", gallery)
    filling.step(cough=True, rash=False)
    found += phone.glance("form-review", gallery)

    assert found == []


@pytest.mark.req("P-11", "A-05")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_asked_back_and_advised_passes_at_every_size(
    filling: Filling, gallery: Gallery, language: str
) -> None:
    page, phone = filling.page, Handset.of(filling.page)
    found: list[str] = []
    filling.open(as_form(shipped_form("daily"), shipped().rules), language)
    page.locator(".bar button.main").click()
    found += phone.glance("form-missing", gallery)
    page.fill("input[inputmode=decimal]", "385")
    page.locator(".bar button.main").click()
    found += phone.glance("form-offer", gallery)
    page.fill("input[inputmode=decimal]", "45")
    page.locator(".bar button.main").click()
    found += phone.glance("form-range", gallery)
    page.fill("input[inputmode=decimal]", "36.6")
    page.locator(".bar button.main").click()
    filling.step(pain=2)
    filling.step(fatigue=2)
    found += phone.glance("form-urgent", gallery)
    filling.step(urgent=["breathing"])
    expect(page.locator(".frame")).to_be_visible()
    found += phone.glance("form-advice", gallery)

    assert found == []


# The figures themselves, as they stand: lines of text in a cell, and whether they stay within it.
CELLS = """() => [...document.querySelectorAll('.cells label')].map((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell.querySelector('span'));
  const [{ left, right, top, bottom }, ...more] = range.getClientRects();
  const box = cell.getBoundingClientRect();
  return {
    text: range.toString(), lines: 1 + more.length, width: Math.round(box.width),
    height: Math.round(box.height), top: Math.round(box.top),
    isInside: left > box.left && right < box.right && top > box.top && bottom < box.bottom,
  };
})"""
COLOURS = """() => [...document.querySelectorAll('.cells span')].map(
  (cell) => getComputedStyle(cell).backgroundColor)"""
MARKS = """() => [...document.querySelectorAll('.cells span')].map(
  (cell) => getComputedStyle(cell, '::after').content)"""
UNDER_THE_BAR = """() => {
  const [one, bar] = [document.activeElement, document.querySelector('.bar')];
  const place = (one.closest('label') || one).getBoundingClientRect();
  const hidden = !bar.contains(one) && place.bottom > bar.getBoundingClientRect().top + 0.5;
  return [one.type || one.tagName, hidden || place.top < -0.5];
}"""
# What Chromium before 105 and Safari before 15.4 make of it: a rule they cannot read is none.
WITHOUT_HAS = """() => {
  for (const sheet of document.styleSheets) {
    for (let at = sheet.cssRules.length - 1; at >= 0; at -= 1) {
      if (sheet.cssRules[at].cssText.includes(':has(')) sheet.deleteRule(at);
    }
  }
}"""


@pytest.mark.req("P-11")
def test_ten_stands_on_one_line_and_its_neighbours_are_as_wide(filling: Filling) -> None:
    page = filling.page
    filling.open(as_form(GALLERY))
    for size in TEXT_SIZES:
        page.evaluate("(size) => { document.documentElement.dataset.text = size; }", size)
        for width in (320, 340, 360, 412):
            page.set_viewport_size({"width": width, "height": 740})
            cells = page.evaluate(CELLS)
            assert [(one["text"], one["lines"]) for one in cells] == [
                (str(number), 1) for number in range(11)
            ], (size, width)
            assert all(one["isInside"] for one in cells), (size, width)
            assert len({one["width"] for one in cells}) == 1, (size, width)
            # Eleven beside each other; below each other where that would be too narrow.
            is_column = size == "largest" or width < (380 if size == "large" else 340)
            assert len({one["top"] for one in cells}) == (11 if is_column else 1), (size, width)
            assert {one["height"] for one in cells} == {48 if is_column else 64}, (size, width)
            # What 0 and 10 mean is never below what does not fit on the screen.
            meaning = page.locator(".ends").bounding_box()
            assert meaning is not None
            assert (meaning["y"] < cells[0]["top"]) is is_column, (size, width)
    page.evaluate("() => { document.documentElement.dataset.text = 'standard'; }")


@pytest.mark.req("P-11", "Q-03")
def test_what_is_chosen_on_a_scale_is_seen_where_styles_of_today_are_unknown(
    filling: Filling,
) -> None:
    page = filling.page
    filling.open(as_form(GALLERY))
    before = page.evaluate(COLOURS)
    page.locator(".cells label").nth(7).click()
    page.wait_for_function("document.querySelectorAll('.cells input')[7].checked")
    page.evaluate(WITHOUT_HAS)

    after = page.evaluate(COLOURS)

    page.emulate_media(forced_colors="active")
    marks = page.evaluate(MARKS)
    page.emulate_media(forced_colors="none")

    assert len(set(before)) == 1
    assert [number for number, colour in enumerate(after) if colour != before[0]] == [7]
    assert [number for number, mark in enumerate(marks) if "✓" in mark] == [7]


@pytest.mark.req("P-11")
def test_what_has_the_focus_is_never_under_the_bar(filling: Filling) -> None:
    page = filling.page
    page.set_viewport_size({"width": 320, "height": 568})
    filling.open(as_form(GALLERY))
    filling.step(rating=7)
    filling.step(line=40)
    page.locator("h1").focus()
    for wanted in [*["checkbox"] * 7, "button", "button"]:
        page.keyboard.press("Tab")
        what, is_hidden = page.evaluate(UNDER_THE_BAR)
        assert (what, is_hidden) == (wanted, False)

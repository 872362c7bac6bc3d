"""Somebody at the desk: fills in, ticks and presses, and it is counted what that takes."""

from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from epro.web.console.words import WORDS
from questionnaires.definition import Language


def say(key: str, language: str) -> str:
    """Return a text of the console."""
    return WORDS[key].in_language(Language(language))


def speak(page: Page, language: str, to: str) -> None:
    """Choose the language, and go on to a page."""
    page.goto(f"/console/language/{language}?to={to}")


def turned_to(page: Page, section: str, code: str) -> Locator:
    """Turn the pages of one list of a page until a participant's line stands there; return it."""
    section_of = page.locator(f"section[aria-labelledby={section}]")
    line = section_of.get_by_role("row", name=code)
    onward = section_of.locator("a[rel=next]")
    expect(section_of).to_be_visible()
    while not line.count() and onward.count():
        with page.expect_navigation():
            onward.click()
    expect(line).to_be_visible()
    return line


@dataclass
class Hands:
    """What a person does on one page after the other; a group of ticks is one field."""

    page: Page
    language: str
    fields: set[str] = field(default_factory=set)
    presses: int = 0

    def fill(self, name: str, value: str) -> None:
        self.page.fill(f"[name={name}]", value)
        self.fields.add(name)

    def choose(self, name: str, value: str) -> None:
        self.page.select_option(f"[name={name}]", value)
        self.fields.add(name)

    def tick(self, name: str, *values: str) -> None:
        for value in values:
            self.page.check(f"[name={name}][value={value}]")
        self.fields.add(name)

    def press(self, key: str) -> None:
        """Press the one button that says this."""
        self.page.get_by_role("button", name=say(key, self.language)).click()
        self.presses += 1

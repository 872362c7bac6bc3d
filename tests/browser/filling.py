"""Forms answered in the page: by chance, or up to the screen that a test wants to look at."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import Page

from questionnaires.branching import visible
from questionnaires.definition import AnswerValue, Item, ItemType, Questionnaire, SafetyRule
from questionnaires.recalls import filled
from tests.blackbox.people import ZONE

NOW = datetime(2026, 11, 22, 18, 5, tzinfo=ZONE)
DRIVER = (Path(__file__).parent / "form_driver.js").read_text("utf-8")
DECLINES = 0.15
NUMBERS = {
    "emergency_number": "120", "site_phone": "0755-55500100", "study_phone": "0755-55500199",
}  # fmt: skip
WORDS = ("有点累", "三天前开始，一直没好", "I slept badly.\nTwice.", "第 1 天 <b>&amp;</b>")


def as_form(questionnaire: Questionnaire, rules: tuple[SafetyRule, ...] = ()) -> dict[str, Any]:
    """Return a form as the server gives it to a phone."""
    named = datetime(2026, 11, 20).date()  # noqa: DTZ001  only its day
    form = {
        "questionnaire": asdict(filled(questionnaire, named)),
        "rules": [_with_numbers(rule) for rule in rules], "last_entry_on": named.isoformat(),
        "study_version": "1.0.0", "latest_infusion_at": None,
        "thermometer_route": "axillary", "default_route": "axillary",
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(json.dumps(form))
    return plain


def _with_numbers(rule: SafetyRule) -> dict[str, Any]:
    words = {
        language: text.format_map(NUMBERS)
        for language, text in (("zh", rule.advice.zh), ("en", rule.advice.en))
    }
    return asdict(rule) | {"advice": words}


def by_chance(
    questionnaire: Questionnaire, chance: Random, *, now: datetime
) -> list[dict[str, Any]]:
    """Answer every item that applies, by chance and validly; some are declined.

    `now` is aware, in the zone of the phone; days and instants lie in the month before.
    """
    answers: list[dict[str, Any]] = []
    for item in questionnaire.items:
        values = {one["link_id"]: one.get("value") for one in answers}
        if not item.takes_answer or item.link_id not in visible(questionnaire, values):
            continue
        if item.skippable and not item.optional and chance.random() < DECLINES:
            answers.append({"link_id": item.link_id, "declined": True})
            continue
        value = _value(item, chance, now=now)
        answer = {"link_id": item.link_id, "value": value}
        is_odd = item.type is ItemType.NUMBER and not _is_usual(item, value)
        answers.append(answer | ({"confirmed": True} if is_odd else {}))
    return answers


def _value(item: Item, chance: Random, *, now: datetime) -> Any:
    at = (now - timedelta(minutes=chance.randint(1, 40_000))).replace(second=0, microsecond=0)
    if item.type is ItemType.MULTI:
        return _ticked(item, chance)
    values: Mapping[ItemType, Any] = {
        ItemType.NRS: chance.randint(0, 10),
        ItemType.VAS: chance.randint(0, 100),
        ItemType.BOOLEAN: chance.random() < 0.5,
        ItemType.CHOICE: chance.choice(item.codes or ("",)),
        ItemType.NUMBER: _number(item, chance),
        ItemType.TEXT: chance.choice(WORDS),
        ItemType.DATE: at.date().isoformat(),
        ItemType.TIME: at.strftime("%H:%M"),
        ItemType.DATETIME: at.isoformat(),
    }
    return values[item.type]


def _ticked(item: Item, chance: Random) -> list[str]:
    alone = [one.code for one in item.choices if one.exclusive]
    together = [one.code for one in item.choices if not one.exclusive]
    if alone and chance.random() < 0.3:
        return [chance.choice(alone)]
    chosen = set(chance.sample(together, chance.randint(1, len(together))))
    return [code for code in item.codes if code in chosen]


def _number(item: Item, chance: Random) -> float:
    low, high = item.hard_min or 0.0, 100.0 if item.hard_max is None else item.hard_max
    number = round(chance.uniform(low, high), item.decimals)
    return number if item.decimals else int(number)


def _is_usual(item: Item, value: AnswerValue) -> bool:
    assert isinstance(value, int | float)
    low, high = item.soft_min, item.soft_max
    return (low is None or low <= value) and (high is None or value <= high)


class Filling:
    """The driver at work in one page of the app."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.goto("/p/")
        page.wait_for_selector("#code")  # the app has started, and draws nothing by itself any more
        page.evaluate(DRIVER)

    def open(self, form: Mapping[str, Any], language: str = "zh") -> None:
        """Draw a form at its first question."""
        self.page.evaluate("([form, language]) => driver.mount(form, language)", [form, language])

    def step(self, **answers: Any) -> str:
        """Answer the question that is shown and go on; returns its heading."""
        given = {name: {"value": value} for name, value in answers.items()}
        heading: str = self.page.evaluate("(answers) => driver.step(answers)", given)
        return heading

    def answer(self, answers: list[dict[str, Any]], look: str = "() => []") -> dict[str, Any]:
        """Answer a form to its end; returns the body that it would send.

        `look` is a function in the page that says what is wrong with the screen as it stands.
        """
        by_item = {one["link_id"]: one for one in answers}
        sent: dict[str, Any] = self.page.evaluate(
            f"(answers) => driver.answer(answers, {look})", by_item
        )
        return sent

    def wrong(self) -> list[str]:
        """Return what was wrong with the screens of the form that was answered last."""
        found: list[str] = self.page.evaluate("driver.wrong")
        return found

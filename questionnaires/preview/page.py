"""One self-contained page of a study for those who have to approve it: no script, nothing fetched.

It shows every form in both languages with its branching in words, the rule table with its advice,
when things are due, what is sent, versions and SHA-256, and lines to sign on. Whatever it has no
words of its own for is shown as it is written, so that nothing of the package is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from questionnaires import canonical
from questionnaires.definition import (
    Behavior,
    Item,
    ItemType,
    Questionnaire,
    StudyPackage,
    Translated,
)
from questionnaires.effort import good_day
from questionnaires.preview.clauses import Words
from questionnaires.schedule import Block, ClockTime, OffsetDay, SinceAnchor, days_after_anchor
from questionnaires.tiers import Tier

_SAID_OF_ITEM = {
    "link_id", "type", "text", "hint", "skip_text", "choices", "enable_when", "enable_behavior",
    "ends", "unit", "decimals", "hard_min", "hard_max", "soft_min", "soft_max",
}  # fmt: skip
_SAID_OF_QUESTIONNAIRE = {"code", "version", "title", "intro", "items", "kind", "minutes"}
_SAID_OF_BLOCK = {
    "code", "questionnaire", "anchor", "first", "last", "opens", "due", "closes", "late_until",
}  # fmt: skip
_SAID_OF_RULE = {"id", "tier", "tonight", "possible_serious", "title", "advice", "triggers"}
_SAID_OF_PACKAGE = {
    "code", "version", "title", "questionnaires", "schedule", "block_titles", "reminders", "rules",
    "texts", "languages", "zone",
}  # fmt: skip
_MARKS = {Tier.RED_A: "◆", Tier.RED_B: "◆", Tier.ORANGE: "▲", Tier.YELLOW: "●"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of the package under its name, in one line."""

    name: str
    value: str


def page_of(package: StudyPackage) -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    words = Words.of_package(package)
    environment.globals |= {
        "range_of": _range_of, "facts_of_item": lambda item: _facts(item, _SAID_OF_ITEM),
        "facts_of_form": lambda form: _facts(form, _SAID_OF_QUESTIONNAIRE),
        "facts_of_block": lambda block: _facts(block, _SAID_OF_BLOCK),
        "shown_if": _shown_if, "when": _when, "day": lambda ref: _day(package, ref),
        "trigger": lambda one: words.clauses(one.clauses, Behavior.ALL),
        "sha256": lambda one: canonical.sha256(canonical.to_text(one)),
        "facts_of_rule": lambda rule: _facts(rule, _SAID_OF_RULE),
        "effort": good_day, "mark": _MARKS.__getitem__,
        "steps": lambda block: _steps(package, block),
    }  # fmt: skip
    return environment.get_template("page.html").render(
        package=package,
        facts=[*_facts(package, _SAID_OF_PACKAGE), *_facts(package.schedule, {"blocks"}),
               *_facts(package.reminders, {"steps"})],
        titles={one.block: one.title for one in package.block_titles},
    )  # fmt: skip


def _facts(record: object, said: set[str]) -> list[Fact]:
    """Return the fields that the page has no words for, nested ones by their whole name."""
    plain = canonical.to_plain(record)
    left = {name: value for name, value in plain.items() if name not in said}
    return [fact for name, value in left.items() for fact in _flat(name, value)]


def _flat(name: str, value: Any) -> Iterator[Fact]:
    if isinstance(value, dict) and value.keys() == {"zh", "en"} and isinstance(value["zh"], str):
        yield Fact(name, f"{value['zh']} / {value['en']}")
    elif isinstance(value, dict) and value.keys() == {"days", "minute"}:
        yield Fact(name, _clock(ClockTime(value["days"], value["minute"])))
    elif isinstance(value, dict):
        for inner, one in value.items():
            yield from _flat(f"{name}.{inner}", one)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for number, one in enumerate(value, start=1):
            yield from _flat(f"{name}[{number}]", one)
    elif isinstance(value, list):
        yield Fact(name, ", ".join(str(one) for one in value))
    elif value is not None:
        yield Fact(name, str(value))


def _shown_if(questionnaire: Questionnaire, item: Item) -> Translated | None:
    if not item.enable_when:
        return None
    words = Words.of_questionnaire(questionnaire)
    return words.clauses(item.enable_when, item.enable_behavior)


def _range_of(item: Item) -> Translated | None:
    """Return what may be entered, and from where on it has to be confirmed."""
    if item.type is not ItemType.NUMBER:
        return None
    unit = f" {item.unit}" if item.unit else ""
    hard = f"{_number(item, item.hard_min)} – {_number(item, item.hard_max)}{unit}"
    low, high = item.soft_min, item.soft_max
    if low is None and high is None:
        return Translated(f"可填 {hard}", f"takes {hard}")
    soft = f"{_number(item, low or item.hard_min)} – {_number(item, high or item.hard_max)}{unit}"
    return Translated(
        f"可填 {hard}；不在 {soft} 之内时请再确认", f"takes {hard}; asks again outside {soft}"
    )


def _number(item: Item, value: float | None) -> str:
    return "…" if value is None else f"{value:.{item.decimals}f}"


def _day(package: StudyPackage, ref: Any) -> str:
    days = days_after_anchor(ref, infusion_day_number=package.infusion_day_number)
    label = f"{days:+d}" if isinstance(ref, OffsetDay) else f"D{ref.number} ({days:+d})"
    return label.replace("-", "−")


def _when(time: Any) -> str:
    if isinstance(time, SinceAnchor):
        return f"+{time.minutes // 60} h {time.minutes % 60:02d}"
    return _clock(time) if isinstance(time, ClockTime) else "–"


def _clock(time: ClockTime) -> str:
    days = f"{time.days:+d} d " if time.days else ""
    return f"{days}{time.minute // 60:02d}:{time.minute % 60:02d}"


def _steps(package: StudyPackage, block: Block) -> list[str]:
    steps = [step for step in package.reminders.steps if step.block == block.code]
    return [f"{_when(getattr(step, 'at', None))} {step.template}" for step in steps]

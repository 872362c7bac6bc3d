"""Reads the reviewed table of rules: what meets each, what nearly does, and the tier it has.

One line of `vectors/truth_table.csv` is one case of one rule. `answers` are what a form is
answered with, all else as on a calm day: `a=x+y` ticks two, `-` declines, `~` stands for a space.
`hours` count from the infusion to the answers (`none`: before any), `before` are earlier entries by
the day they are about, counted from the infusion day. The near miss keeps what it does not change.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from questionnaires.definition import AnswerValue, ItemType, Questionnaire
from tests.questionnaires.forms import shipped, shipped_form

TABLE = Path(__file__).parent / "vectors" / "truth_table.csv"
FEVERS = Path(__file__).parent / "vectors" / "fever_table.csv"

Told = Mapping[str, AnswerValue | None]


@dataclass(frozen=True, slots=True)
class Earlier:
    """An entry of an earlier day, counted from the infusion day (before it: negative)."""

    day: int
    form: Questionnaire
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Answers to one form; `hours` is None before any infusion."""

    rule: str
    form: Questionnaire
    hours: float | None
    earlier: Sequence[Earlier]
    told: Told

    @property
    def since_infusion(self) -> timedelta:
        """Return when it is answered; what is before any infusion, two days before the first."""
        return timedelta(days=-2) if self.hours is None else timedelta(hours=self.hours)

    @property
    def days_since(self) -> int:
        """Return the local day, where the infusion began at 10:00."""
        return (timedelta(hours=10) + self.since_infusion).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A case that meets a rule, beside one that does not."""

    name: str
    case: Case
    tier: str
    near: Case
    near_tier: str


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV, without those that begin with a #."""
    text = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in text if not line.startswith("#")))


@cache
def lines() -> tuple[Line, ...]:
    return tuple(_line(row) for row in rows_of(TABLE))


def day_of(days_since: int) -> date:
    return date(2026, 3, 1) + timedelta(days=days_since)


def _line(row: dict[str, str]) -> Line:
    form, earlier = shipped_form(row["form"]), _earlier(row["before"])
    case, near = (
        Case(rule=row["rule"], form=form, hours=_hours(hours), earlier=earlier,
             told=_told(form, answers))
        for hours, answers in (
            (row["hours"], row["answers"]),
            (row["near_hours"] or row["hours"], row["near_answers"]),
        )
    )  # fmt: skip
    return Line(
        name=f"{row['rule']} {row['part']}", case=case, tier=row["tier"],
        near=near, near_tier=row["near_tier"],
    )  # fmt: skip


def _hours(text: str) -> float | None:
    return None if text == "none" else float(text)


def _earlier(text: str) -> tuple[Earlier, ...]:
    made = []
    for part in filter(None, text.split("|")):
        day, answers = part.split(": ")
        form = shipped_form("baseline" if answers.startswith("usual") else "daily")
        made.append(Earlier(int(day), form, _told(form, answers)))
    return tuple(made)


def _told(form: Questionnaire, text: str) -> dict[str, AnswerValue | None]:
    told: dict[str, AnswerValue | None] = {}
    for part in text.split():
        link_id, value = part.split("=")
        item = form.item(link_id)
        assert item is not None, f"{form.code} does not ask {link_id}"
        if value == "-":
            told[link_id] = None
        elif item.type is ItemType.MULTI:
            told[link_id] = tuple(value.split("+"))
            assert set(value.split("+")) <= set(item.codes), part
        elif item.type is ItemType.BOOLEAN:
            told[link_id] = value == "yes"
        elif item.type in {ItemType.NUMBER, ItemType.NRS}:
            told[link_id] = float(value) if item.decimals else int(value)
        else:
            assert item.type is ItemType.TEXT or value in item.codes, part
            told[link_id] = value.replace("~", " ")
    return told


def on_rules() -> set[str]:
    return {rule.id for rule in shipped().rules if rule.is_on}

"""Small questionnaires, the shipped package, and what a test needs to change them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import questionnaires
from questionnaires.definition import (
    Choice,
    Clause,
    Ends,
    Item,
    ItemType,
    Operator,
    Questionnaire,
    QuestionnaireKind,
    StudyPackage,
    ThermometerRoute,
    Translated,
)
from questionnaires.reading import read_package
from questionnaires.rules import MetRule, Surroundings, inputs_of, met_rules

STUDY = Path(questionnaires.__file__).parent / "studies" / "bk-sle-i-01"
BOTH = Translated("中文", "English")


def clause(question: str, operator: str, answer: bool | int | float | str) -> Clause:
    return Clause(question, Operator(operator), answer)


def item(link_id: str, kind: str = "boolean", *, codes: str = "", **kwargs: Any) -> Item:
    """Make an item; of `codes` ("a b none!") the one with the mark is exclusive."""
    choices = tuple(
        Choice(code.rstrip("!"), BOTH, exclusive=code.endswith("!")) for code in codes.split()
    )
    if kind in {"nrs", "vas"}:
        kwargs.setdefault("ends", Ends(BOTH, BOTH))
    return Item(link_id=link_id, type=ItemType(kind), text=BOTH, choices=choices, **kwargs)


def temperature(**kwargs: Any) -> Item:
    limits = {"hard_min": 34.0, "hard_max": 43.0, "soft_min": 35.0, "soft_max": 40.4}
    return item("temp", "number", unit="°C", decimals=1, **(limits | kwargs))


def form(*items: Item, kind: str = "daily", code: str = "form") -> Questionnaire:
    return Questionnaire(
        code=code,
        version="1.0.0",
        kind=QuestionnaireKind(kind),
        title=BOTH,
        minutes=1,
        items=items,
    )


@cache
def shipped() -> StudyPackage:
    return read_package(STUDY)


def shipped_form(code: str) -> Questionnaire:
    found = shipped().questionnaire(code)
    assert found is not None
    return found


def with_items(*items: Item, code: str = "daily") -> StudyPackage:
    """Return the shipped package with items added to the end of one questionnaire."""
    package = shipped()
    changed = tuple(
        replace(one, items=(*one.items, *items)) if one.code == code else one
        for one in package.questionnaires
    )
    return replace(package, questionnaires=changed)


ANSWERED_AT = datetime(2026, 3, 4, 13, tzinfo=UTC)


def surroundings(hours: float | None = None, route: ThermometerRoute | None = None) -> Surroundings:
    """Return answers given so many hours after an infusion, or before any."""
    infusion_at = None if hours is None else ANSWERED_AT - timedelta(hours=hours)
    return Surroundings(
        answered_at=ANSWERED_AT, latest_infusion_at=infusion_at, thermometer_route=route
    )


def met_by(answers: Mapping[str, object], *, hours: float | None = None) -> tuple[MetRule, ...]:
    """Return the shipped rules that answers meet."""
    route = shipped().thermometer_route
    return met_rules(shipped().rules, inputs_of(answers, surroundings(hours), default_route=route))


def rules_met(answers: Mapping[str, object], *, hours: float | None = None) -> set[str]:
    """Return the ids of the shipped rules that answers meet."""
    return {met.rule.id for met in met_by(answers, hours=hours)}

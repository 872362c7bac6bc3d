"""Works out scores: numbers that follow from the answers of one response, and from nothing else.

Equal answers give equal scores, on any machine: figures are added as decimals, halves are rounded
up. What is missing gives no score and is named; it never counts as zero.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from questionnaires.definition import AnswerValue, Item, ItemType, Questionnaire
from questionnaires.scores import Response, Score, ScoreMethod
from questionnaires.validation import SCALES

TABLES = Path(__file__).parent / "tables"
# Goes up when code here comes to give another number for the same answers.
ENGINE_VERSION = 1
PRESENT, ABSENT, NOT_ASSESSED = "present", "absent", "not-assessed"
ATTRIBUTES = ("frequency", "severity", "interference", "amount")


class NoScore(StrEnum):
    """Why there is no number."""

    TOO_FEW_ANSWERED = "too_few_answered"
    ATTRIBUTE_MISSING = "attribute_missing"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult:
    """A number, or why there is none; `missing` names what had no answer that counts.

    `derived` holds the levels of questions that were not asked because the one before them was
    answered with "none": 0 follows from that answer. The raw answer stays missing.
    """

    code: str
    version: str
    value: int | float | None = None
    reason: NoScore | None = None
    missing: tuple[str, ...] = ()
    derived: Mapping[str, int]

    def to_plain(self) -> dict[str, Any]:
        """Return it as it is stored and handed over, with the version of the code that made it."""
        return {
            "code": self.code,
            "version": f"{self.version}+{ENGINE_VERSION}",
            "value": self.value,
            "reason": self.reason.value if self.reason else None,
            "missing": list(self.missing),
            "derived": dict(self.derived),
        }


def score(
    questionnaire: Questionnaire, values: Mapping[str, AnswerValue], *, hidden: Collection[str] = ()
) -> tuple[ScoreResult, ...]:
    """Return all scores of a questionnaire, in the order in which it names them.

    `values` are the judged answers by link_id; what was declined or left blank is not among them.
    `hidden` names the items that branching left out.
    """
    results: dict[str, ScoreResult] = {}
    for one in questionnaire.scores:
        if one.method is ScoreMethod.PROCTCAE_COMPOSITE:
            results[one.code] = _composite(questionnaire, one, values, hidden)
        elif one.method is ScoreMethod.SLEDAI2K:
            results[one.code] = _sledai2k(one, values)
        else:
            results[one.code] = _sum_or_mean(questionnaire, one, values, results)
    return tuple(results.values())


def level_of(item: Item, value: AnswerValue | None) -> Decimal | None:
    """Return what an answer counts in a score, or None where it counts as missing."""
    if item.type is ItemType.CHOICE:
        value = next((choice.score for choice in item.choices if choice.code == value), None)
    if isinstance(value, bool):
        return Decimal(int(value))
    return Decimal(str(value)) if isinstance(value, int | float) else None


def bounds_of(item: Item) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest level an item can have, if it has any."""
    levels: list[float] = []
    if item.type is ItemType.CHOICE:
        levels = [choice.score for choice in item.choices if choice.score is not None]
    elif item.type in SCALES:
        levels = [0, SCALES[item.type]]
    elif item.type is ItemType.BOOLEAN:
        levels = [0, 1]
    elif item.type is ItemType.NUMBER:
        levels = [one for one in (item.hard_min, item.hard_max) if one is not None]
    return (Decimal(str(min(levels))), Decimal(str(max(levels)))) if levels else None


def change(baseline: float | None, later: float | None) -> int | float | None:
    """Return later minus baseline, or None where either is missing."""
    if baseline is None or later is None:
        return None
    return _number(Decimal(str(later)) - Decimal(str(baseline)))


def responded(response: Response, baseline: float | None, later: float | None) -> bool | None:
    """Tell whether the score went down by the points asked for; None where either is missing.

    The raw comparison: what else was given in between stands beside it and does not change it.
    """
    fallen = change(later, baseline)
    return None if fallen is None else fallen >= response.points_down


@cache
def sledai2k_weights() -> Mapping[str, int]:
    """Return the weight of each descriptor by its link_id."""
    weights: dict[str, int] = _table("sledai2k")["weights"]
    return weights


def attributes_of(one: Score) -> dict[str, str]:
    """Return the link_ids of a PRO-CTCAE term by attribute, in the order of the gate."""
    given = {name: getattr(one, name) for name in ATTRIBUTES}
    return {name: link_id for name, link_id in given.items() if link_id is not None}


def composite_table(attributes: Collection[str]) -> Any:
    """Return the published table for a set of attributes, or None where there is none."""
    return _table("proctcae_composite").get("_".join(attributes))


# --- one function for each method -----------------------------------------------------------------


def _sum_or_mean(
    questionnaire: Questionnaire,
    one: Score,
    values: Mapping[str, AnswerValue],
    earlier: Mapping[str, ScoreResult],
) -> ScoreResult:
    levels: dict[str, Decimal] = {}
    for name in one.items:
        level = _level(questionnaire, name, values, earlier)
        if level is not None and name in one.reversed_items:
            item = questionnaire.item(name)
            low, high = (bounds_of(item) if item else None) or (Decimal(0), Decimal(0))
            level = low + high - level
        if level is not None:
            levels[name] = level
    missing = tuple(name for name in one.items if name not in levels)
    needed = len(one.items) if one.min_answered is None else one.min_answered
    if not levels or len(levels) < needed:
        return _none(one, NoScore.TOO_FEW_ANSWERED, missing)
    total = sum(levels.values(), Decimal(0))
    if one.method is ScoreMethod.MEAN:
        total /= len(levels)
    elif one.prorated:
        total = total * len(one.items) / len(levels)
    return _some(one, total, missing)


def _level(
    questionnaire: Questionnaire,
    name: str,
    values: Mapping[str, AnswerValue],
    earlier: Mapping[str, ScoreResult],
) -> Decimal | None:
    if name in earlier:
        value = earlier[name].value
        return None if value is None else Decimal(str(value))
    item = questionnaire.item(name)
    return None if item is None else level_of(item, values.get(name))


def _composite(
    questionnaire: Questionnaire,
    one: Score,
    values: Mapping[str, AnswerValue],
    hidden: Collection[str],
) -> ScoreResult:
    """Look the grade up; if the first attribute is 0, so is the grade, and the rest is not asked.

    Basch et al., Clin Trials 2021;18(1):104-114. Any other attribute that is missing: no grade.
    """
    levels: dict[str, int] = {}
    missing: list[str] = []
    attributes = attributes_of(one)
    for name, link_id in attributes.items():
        level = _level(questionnaire, link_id, values, {})
        if level is None:
            missing.append(link_id)
        else:
            levels[name] = int(level)
    first = next(iter(attributes))
    if levels.get(first) == 0:
        derived = {link_id: 0 for link_id in missing if link_id in hidden}
        return _some(one, Decimal(0), tuple(missing), derived)
    if missing:
        return _none(one, NoScore.ATTRIBUTE_MISSING, tuple(missing))
    *keys, last = levels.values()  # all but the last are keys of the table; it counts into a row
    row = composite_table(attributes)
    for key in keys:
        row = row[str(key)]
    return _some(one, Decimal(row[last]))


def _sledai2k(one: Score, values: Mapping[str, AnswerValue]) -> ScoreResult:
    """Add the weights of what is present; a total only when every descriptor was assessed."""
    weights = sledai2k_weights()
    missing = tuple(name for name in weights if values.get(name) not in {PRESENT, ABSENT})
    if missing:
        return _none(one, NoScore.NOT_ASSESSED, missing)
    total = sum(weight for name, weight in weights.items() if values[name] == PRESENT)
    return _some(one, Decimal(total))


def _some(
    one: Score,
    value: Decimal,
    missing: tuple[str, ...] = (),
    derived: Mapping[str, int] | None = None,
) -> ScoreResult:
    rounded = value.quantize(Decimal(1).scaleb(-one.decimals), rounding=ROUND_HALF_UP)
    return ScoreResult(
        code=one.code, version=one.version, value=_number(rounded), missing=missing,
        derived=derived or {},
    )  # fmt: skip


def _none(one: Score, reason: NoScore, missing: tuple[str, ...]) -> ScoreResult:
    return ScoreResult(
        code=one.code, version=one.version, reason=reason, missing=missing, derived={}
    )


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


@cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8"))
    return table

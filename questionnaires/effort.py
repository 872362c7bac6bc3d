"""What a questionnaire costs a tired person: screens and taps, counted from its definition.

Counted are one screen for each item that is shown; for each a tap on "next" and the taps that
answer it: one for a scale, a choice or yes/no, one for each row that is ticked, and for a typed
answer one on the field and one for each character. The review screen is no question: it adds the
tap that says who answered and the tap that sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from questionnaires.definition import Item, ItemType, Questionnaire
from questionnaires.invented import calm_answers

_TAPS_OF_REVIEW = 2
_TYPED = {ItemType.NUMBER, ItemType.TEXT}
_SOME_TIME = datetime(2026, 3, 4, 13, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Effort:
    """How many questions are shown, and how many taps it takes to answer and send them."""

    screens: int
    taps: int


def good_day(questionnaire: Questionnaire) -> Effort:
    """Count a day on which nothing is wrong: mild ratings, "none of these", no help needed."""
    answers = calm_answers(questionnaire, answered_at=_SOME_TIME, chance=Random(0))  # noqa: S311 — invented answers
    return effort(questionnaire, {str(one["link_id"]): one["value"] for one in answers})


def effort(questionnaire: Questionnaire, values: Mapping[str, Any]) -> Effort:
    """Count what giving these answers, those of all items shown, costs."""
    shown = [item for item in questionnaire.items if item.link_id in values]
    taps = sum(_taps(item, values[item.link_id]) + 1 for item in shown)
    return Effort(screens=len(shown), taps=taps + _TAPS_OF_REVIEW)


def _taps(item: Item, value: Any) -> int:
    if item.type in _TYPED:
        return 1 + len(str(value))
    return len(value) if item.type is ItemType.MULTI else 1

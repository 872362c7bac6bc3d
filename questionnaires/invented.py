"""Invented answers for demonstrations, rehearsals and tests: valid, and chosen by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random
from types import MappingProxyType

from questionnaires.branching import visible
from questionnaires.definition import AnswerValue, Item, ItemType, Questionnaire
from questionnaires.validation import Answer

NOTHING: Mapping[str, AnswerValue] = MappingProxyType({})
NORMAL_TEMPERATURES = (36.2, 36.4, 36.5, 36.6, 36.7, 36.9)


def calm_answers(
    questionnaire: Questionnaire,
    *,
    answered_at: datetime,
    chance: Random,
    but: Mapping[str, AnswerValue | None] = NOTHING,
) -> list[dict[str, object]]:
    """Answer as on a good day: mild ratings, "none of these", no help needed; follow branching.

    `answered_at` is aware and in her zone; date and time items are answered with it. `but` answers
    these items otherwise, None declines one. Returned in the shape of the wire, complete and valid.
    """
    answers: list[Answer] = []
    for item in questionnaire.items:
        values = {answer.link_id: answer.value for answer in answers}
        if item.takes_answer and item.link_id in visible(questionnaire, values):
            calm = _calm_value(item, answered_at=answered_at, chance=chance)
            value = but.get(item.link_id, calm)
            answers.append(Answer(link_id=item.link_id, value=value, declined=value is None))
    return [answer.to_plain() for answer in answers]


def _calm_value(item: Item, *, answered_at: datetime, chance: Random) -> AnswerValue:
    values: dict[ItemType, Callable[[], AnswerValue]] = {
        ItemType.NRS: lambda: chance.choice((0, 1, 1, 2, 2, 3)),
        ItemType.VAS: lambda: chance.randint(0, 20),
        ItemType.BOOLEAN: lambda: False,
        ItemType.NUMBER: lambda: _calm_number(item, chance=chance),
        ItemType.CHOICE: lambda: item.codes[0],
        ItemType.MULTI: lambda: (_none_of_these(item),),
        ItemType.DATE: lambda: answered_at.date().isoformat(),
        ItemType.TIME: lambda: answered_at.strftime("%H:%M"),
        ItemType.DATETIME: lambda: answered_at.isoformat(timespec="seconds"),
        ItemType.TEXT: lambda: "还好。",
    }
    return values[item.type]()


def _none_of_these(item: Item) -> str:
    return next((choice.code for choice in item.choices if choice.exclusive), item.codes[0])


def _calm_number(item: Item, *, chance: Random) -> AnswerValue:
    if item.link_id == "temp":
        return chance.choice(NORMAL_TEMPERATURES)
    lowest = next((low for low in (item.soft_min, item.hard_min) if low is not None), 0.0)
    return round(lowest, item.decimals) if item.decimals else int(lowest)

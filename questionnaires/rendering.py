"""A response in words, as it was seen: the questions of its own edition, and each answer or state.

What has no answer says why: declined, hidden, cleared, not reached and left blank are five things,
and none of them looks like "no" or zero.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from questionnaires.branching import visible
from questionnaires.definition import (
    AnswerValue,
    Item,
    ItemType,
    Language,
    Questionnaire,
    Translated,
)
from questionnaires.validation import Answer

_LIST_SIGN = Translated(zh="；", en="; ")
_YES_NO = {True: Translated("是", "Yes"), False: Translated("否", "No")}
_NO_BREAK = "\u00a0"


class ItemState(StrEnum):
    """What became of one item of a response."""

    ANSWERED = "answered"
    DECLINED = "declined"
    LEFT_BLANK = "left_blank"
    HIDDEN = "hidden"
    CLEARED = "cleared"
    NOT_REACHED = "not_reached"
    SHOWN = "shown"


STATES: Mapping[ItemState, Translated] = {
    ItemState.ANSWERED: Translated("已回答", "Answered"),
    ItemState.DECLINED: Translated("不想回答", "Declined to answer"),
    ItemState.LEFT_BLANK: Translated("没有填写", "Left blank"),
    ItemState.HIDDEN: Translated("不适用，没有问到", "Did not apply, was not asked"),
    ItemState.CLEARED: Translated(
        "答过，后来因更改别的回答而不再适用",
        "Answered first, then no longer applied after another answer changed",
    ),
    ItemState.NOT_REACHED: Translated("还没有填到", "Not reached"),
    ItemState.SHOWN: Translated("已显示", "Shown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenItem:
    """One question and what became of it, in one language; `answer` is None where there is none."""

    link_id: str
    question: str
    state: ItemState
    state_in_words: str
    answer: str | None
    is_confirmed: bool


def as_seen(
    questionnaire: Questionnaire,
    answers: Collection[Answer],
    *,
    cleared: Collection[str],
    is_finished: bool,
    language: Language,
) -> tuple[SeenItem, ...]:
    """Return every item in the order asked. The day of the last entry must stand in the texts."""
    given = {answer.link_id: answer for answer in answers}
    shown = set(visible(questionnaire, {name: one.value for name, one in given.items()}))
    seen = []
    for item in questionnaire.items:
        answer = given.get(item.link_id)
        state = _state(item, answer, shown, cleared, is_finished=is_finished)
        value = answer.value if answer else None
        seen.append(
            SeenItem(
                link_id=item.link_id,
                question=item.text.in_language(language),
                state=state,
                state_in_words=STATES[state].in_language(language),
                answer=None if value is None else answer_in_words(item, value, language),
                is_confirmed=answer is not None and answer.confirmed,
            )
        )
    return tuple(seen)


def in_short(questionnaire: Questionnaire, answers: Collection[Answer]) -> Translated | None:
    """Return what a report is about: what was chosen first, or the words that were written to it.

    None where it begins otherwise.
    """
    values = {one.link_id: one.value for one in answers if one.value is not None}
    shown = set(visible(questionnaire, values)) & set(values)
    answered = [one for one in questionnaire.items if one.link_id in shown]
    if not answered or answered[0].type is not ItemType.CHOICE:
        return None
    if len(answered) > 1 and answered[1].type is ItemType.TEXT:
        words = str(values[answered[1].link_id])
        return Translated(words, words)
    chosen = values[answered[0].link_id]
    return next((one.text for one in answered[0].choices if one.code == chosen), None)


def answer_in_words(item: Item, value: AnswerValue, language: Language) -> str:
    """Return an answer as it was read: the words of a choice, a number with its unit."""
    if item.type in {ItemType.CHOICE, ItemType.MULTI}:
        codes = value if isinstance(value, tuple) else (value,)
        texts = {choice.code: choice.text.in_language(language) for choice in item.choices}
        return _LIST_SIGN.in_language(language).join(texts[str(code)] for code in codes)
    if isinstance(value, bool):
        return _YES_NO[value].in_language(language)
    if item.type is ItemType.NUMBER and isinstance(value, int | float):
        number = f"{value:.{item.decimals}f}"
        return f"{number}{_NO_BREAK}{item.unit}" if item.unit else number
    return str(value)


def _state(
    item: Item,
    answer: Answer | None,
    shown: Collection[str],
    cleared: Collection[str],
    *,
    is_finished: bool,
) -> ItemState:
    if item.link_id not in shown:
        return ItemState.CLEARED if item.link_id in cleared else ItemState.HIDDEN
    if not item.takes_answer:
        return ItemState.SHOWN
    if answer is not None:
        return ItemState.DECLINED if answer.declined else ItemState.ANSWERED
    return ItemState.LEFT_BLANK if is_finished else ItemState.NOT_REACHED

"""Finds answers under which clauses hold, to prove that an item or a safety rule can be reached."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from questionnaires.branching import applies, holds, visible
from questionnaires.definition import (
    AnswerValue,
    Behavior,
    Clause,
    Derivation,
    Item,
    ItemType,
    Operator,
    Questionnaire,
)
from questionnaires.validation import SCALES


def answers_for(
    questionnaire: Questionnaire,
    clauses: Sequence[Clause],
    *,
    beyond: Collection[str] = (Derivation.HOURS_SINCE_INFUSION,),
) -> dict[str, AnswerValue] | None:
    """Return answers of visible items under which all clauses hold, or None if there are none.

    A clause on the temperature derivation is met by mouth. What lies `beyond` one entry (hours
    since infusion, trends, lexicons) may be anything, so the answers say nothing about it, but
    clauses on it that exclude each other meet with None.
    """
    wanted = tuple(_asked_of_items(clause) for clause in clauses)
    for needs in _with_gates(questionnaire, wanted):
        answers = _satisfying(questionnaire, needs)
        if answers is None:
            continue
        shown = visible(questionnaire, answers)
        answers = {link_id: value for link_id, value in answers.items() if link_id in shown}
        mine = [clause for clause in wanted if clause.question not in beyond]
        if applies(mine, Behavior.ALL, answers):
            return answers
    return None


def _asked_of_items(clause: Clause) -> Clause:
    if clause.question != Derivation.TEMPERATURE_TENTHS_ORAL:
        return clause
    if isinstance(clause.answer, bool | str):
        return Clause("temp", clause.operator, clause.answer)
    return Clause("temp", clause.operator, clause.answer / 10)


def _with_gates(
    questionnaire: Questionnaire, needs: tuple[Clause, ...], done: frozenset[str] = frozenset()
) -> Iterator[tuple[Clause, ...]]:
    """Add what has to hold for the items in question to be visible; one way for each "any"."""
    for clause in needs:
        item = questionnaire.item(clause.question)
        if item is None or item.link_id in done or not _wants_answer(clause):
            continue
        is_any = item.enable_behavior is Behavior.ANY and item.enable_when
        for gate in [(one,) for one in item.enable_when] if is_any else [item.enable_when]:
            yield from _with_gates(questionnaire, (*needs, *gate), done | {item.link_id})
        return
    yield needs


def _wants_answer(clause: Clause) -> bool:
    if clause.operator is Operator.EXISTS:
        return clause.answer is True
    return clause.operator is not Operator.NOT_EQUAL


def _satisfying(
    questionnaire: Questionnaire, needs: Sequence[Clause]
) -> dict[str, AnswerValue] | None:
    answers: dict[str, AnswerValue] = {}
    for question, group in groupby(sorted(needs, key=_question), key=_question):
        clauses = list(group)
        item = questionnaire.item(question)
        for value in (*_candidates(item, clauses), None):
            if all(holds(clause, {question: value}) for clause in clauses):
                if value is not None:
                    answers[question] = value
                break
        else:
            return None
    return answers


def _question(clause: Clause) -> str:
    return clause.question


def _candidates(item: Item | None, clauses: Sequence[Clause]) -> Iterator[AnswerValue]:
    """Values around what the clauses name; enough to decide any set of clauses on one item."""
    named = [clause.answer for clause in clauses if clause.operator is not Operator.EXISTS]
    if item is None and any(isinstance(one, bool) for one in named):
        yield from (True, False)
    elif item is None:
        yield from _numbers(named, decimals=0, low=0, high=float("inf"))
    elif item.type in {ItemType.CHOICE, ItemType.MULTI}:
        is_multi = item.type is ItemType.MULTI
        if is_multi:
            equal = {clause.answer for clause in clauses if clause.operator is Operator.EQUAL}
            together = tuple(
                one.code for one in item.choices if one.code in equal and not one.exclusive
            )
            yield from [together] if together else []
        yield from ((code,) if is_multi else code for code in item.codes)
    elif item.type is ItemType.BOOLEAN:
        yield from (True, False)
    elif item.type in SCALES:
        yield from range(SCALES[item.type] + 1)
    elif item.type is ItemType.NUMBER:
        low, high = item.hard_min or 0.0, item.hard_max or 0.0
        yield from _numbers([*named, low, high], decimals=item.decimals, low=low, high=high)
    elif item.type is ItemType.DATE:
        for day in map(_day, (*named, "2026-01-01")):
            yield from ((day + timedelta(days=shift)).isoformat() for shift in (0, 1, -1))
    else:
        example = "12:00" if item.type is ItemType.TIME else "2026-01-01T12:00+08:00"
        yield from (*(one for one in named if isinstance(one, str)), example)


def _day(named: object) -> date:
    try:
        return date.fromisoformat(str(named))
    except ValueError:  # linted elsewhere; any day will do
        return date(2026, 1, 1)


def _numbers(
    named: Sequence[object], *, decimals: int, low: float, high: float
) -> Iterator[AnswerValue]:
    step = 10**-decimals
    for one in named:
        if isinstance(one, int | float) and not isinstance(one, bool):
            for near in (one, one + step, one - step):
                if low <= round(near, decimals) <= high:
                    yield round(near, decimals)
    if not named:
        yield 0

"""Which items apply: FHIR `enableWhen` and `enableBehavior`, nothing else.

The phone has a twin of this module; tests/questionnaires/vectors hold both to the same meaning:
no answer is absent, None, "" or [], while 0 and False are answers; types never convert.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from questionnaires.words import Behavior, Clause, Operator

if TYPE_CHECKING:  # `definition` is made of trends, which hold clauses to answers by this module
    from questionnaires.definition import Questionnaire

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IN_ORDER: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def holds(clause: Clause, answers: Mapping[str, object]) -> bool:
    """Tell whether one clause holds.

    `exists` compares presence; `=` asks for at least one equal answer; `!=` for none, so it holds
    when unanswered; an ordering asks for at least one comparable answer in that order.
    """
    answer = answers.get(clause.question)
    given = () if answer is None else _given(answer)
    if not given:  # as most: a form asks little of what all rules read
        return clause.operator is Operator.NOT_EQUAL or (
            clause.operator is Operator.EXISTS and clause.answer is False
        )
    if clause.operator is Operator.EXISTS:
        return bool(given) is clause.answer
    if clause.operator is Operator.EQUAL:
        return any(_equal(one, clause.answer) for one in given)
    if clause.operator is Operator.NOT_EQUAL:
        return not any(_equal(one, clause.answer) for one in given)
    return any(_in_order(one, clause.operator, clause.answer) for one in given)


def applies(clauses: Sequence[Clause], behavior: Behavior, answers: Mapping[str, object]) -> bool:
    """Tell whether clauses together hold; without any, they always do."""
    is_any = behavior is Behavior.ANY
    for clause in clauses:
        if holds(clause, answers) is is_any:  # this one decides
            return is_any
    return not is_any or not clauses


def visible(questionnaire: Questionnaire, answers: Mapping[str, object]) -> tuple[str, ...]:
    """Return the link_ids of the items that apply, walking once in order.

    The answer to an item that does not apply counts as none for the items after it.
    """
    seen: dict[str, object] = {}
    for item in questionnaire.items:
        if applies(item.enable_when, item.enable_behavior, seen):
            seen[item.link_id] = answers.get(item.link_id)
    return tuple(seen)


def _given(answer: object) -> Sequence[object]:
    several = answer if isinstance(answer, list | tuple) else [answer]
    return [one for one in several if one is not None and one != ""]


def _equal(one: object, other: object) -> bool:
    return _kind(one) is not None and _kind(one) is _kind(other) and one == other


def _in_order(one: object, how: Operator, other: object) -> bool:
    comparable = (_is_number(one) and _is_number(other)) or (_is_date(one) and _is_date(other))
    return comparable and _IN_ORDER[how](one, other)


def _kind(value: object) -> type | None:
    if isinstance(value, bool):  # before int: True is no 1
        return bool
    if isinstance(value, int | float):
        return float
    return str if isinstance(value, str) else None


def _is_number(value: object) -> bool:
    return _kind(value) is float


def _is_date(value: object) -> bool:
    return isinstance(value, str) and _ISO_DATE.fullmatch(value) is not None

"""Checks what rules read beside answers: trends over earlier entries, lexicons, questions first.

Each fault is a code for machines, the place, and a reason for people.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from questionnaires.definition import (
    Clause,
    Derivation,
    ItemType,
    Operator,
    SafetyRule,
    StudyPackage,
)
from questionnaires.lexicon import Lexicon, find
from questionnaires.trends import OF_SEVERAL_DAYS, WITH_QUESTION, Trend, TrendKind

Fault: TypeAlias = tuple[str, str, str]

MOST_DAYS = 28
_ID = re.compile(r"[a-z][a-z0-9_]{0,47}")
_NUMBERS = {ItemType.NRS, ItemType.NUMBER}


def find_screening_faults(package: StudyPackage) -> Iterator[Fault]:
    """Yield what cannot be meant in the trends, the lexicons and the questions that rules ask."""
    yield from _names(package)
    for trend in package.trends:
        yield from _trend(package, trend)
    for lexicon in package.lexicons:
        yield from _lexicon(lexicon)
    lexicons = {lexicon.name for lexicon in package.lexicons}
    for rule in package.rules:
        yield from _rule(rule, lexicons)


def derived_clause_fault(package: StudyPackage, clause: Clause) -> str | None:
    """Return what a clause on a derivation compares with wrongly, or None."""
    if clause.operator is Operator.EXISTS:
        return None if isinstance(clause.answer, bool) else "with neither true nor false"
    if clause.question in {lexicon.name for lexicon in package.lexicons}:
        return "as if it were one value; a lexicon is asked by exists: true"
    truths = {one.name for one in package.trends if one.kind is TrendKind.HELD_AT_BASELINE}
    if clause.question in truths:
        is_equality = clause.operator in {Operator.EQUAL, Operator.NOT_EQUAL}
        return (
            None
            if is_equality and isinstance(clause.answer, bool)
            else "with neither true nor false"
        )
    return "with no number" if isinstance(clause.answer, bool | str) else None


def _names(package: StudyPackage) -> Iterator[Fault]:
    own = [one.name for one in package.trends] + [one.name for one in package.lexicons]
    taken = {item.link_id for one in package.questionnaires for item in one.items}
    taken |= set(Derivation)
    for name, count in Counter(own).items():
        place = f"derivation '{name}'"
        if count > 1:
            yield "duplicate", place, f"is there {count} times"
        if name in taken:
            yield "duplicate", place, "has the name of an item or of another derivation"
        if not _ID.fullmatch(name):
            yield "bad_id", place, "must be a-z, 0-9 and _, at most 48, a-z first"


def _trend(package: StudyPackage, trend: Trend) -> Iterator[Fault]:
    place = f"trend '{trend.name}'"
    if (trend.kind in WITH_QUESTION) != (trend.question is not None):
        yield "question", place, f"of the kind {trend.kind} needs a question, or must have none"
    if (trend.kind in WITH_QUESTION) == bool(trend.when):
        yield "when", place, f"of the kind {trend.kind} needs clauses under `when`, or no clauses"
    if trend.question is not None and not _is_number(package, trend.question):
        yield "no_order", place, f"reads '{trend.question}', which is no number"
    is_levels = trend.kind is TrendKind.LEVELS_FROM_BASELINE
    if is_levels != bool(trend.level_from) or list(trend.level_from) != sorted(trend.level_from):
        yield "levels", place, "needs rising `level_from`, if and only if it counts levels"
    if trend.kind in OF_SEVERAL_DAYS and not 1 <= trend.days <= MOST_DAYS:
        yield "days", place, f"must look at 1 to {MOST_DAYS} days"
    several = {one.name for one in package.trends if not one.is_of_one_entry}
    own = {one.name for one in package.trends} if trend.is_of_one_entry else several
    own |= {lexicon.name for lexicon in package.lexicons}
    for clause in trend.when:
        if clause.question in own:
            yield "circular", place, f"reads '{clause.question}', which is worked out after it"


def _is_number(package: StudyPackage, question: str) -> bool:
    asked = (one.item(question) for one in package.questionnaires)
    is_item = any(item is not None and item.type in _NUMBERS for item in asked)
    return is_item or question in list(Derivation)


def _lexicon(lexicon: Lexicon) -> Iterator[Fault]:
    place = f"lexicon '{lexicon.name}'"
    for phrase in (*lexicon.phrases.zh, *lexicon.phrases.en):
        if not phrase.replace("*", "").strip():
            yield "phrase", place, "has an empty phrase"
        elif "*" not in phrase and not find(lexicon, phrase):
            yield "exception", place, f"never finds '{phrase}', which lies inside an exception"
    if not lexicon.phrases.zh or not lexicon.phrases.en:
        yield "phrase", place, "has no phrases in one of the languages"


def _rule(rule: SafetyRule, lexicons: set[str]) -> Iterator[Fault]:
    place = f"rule '{rule.id}'"
    for trigger in rule.triggers:
        for clause in trigger.clauses:
            is_absence = clause.question in lexicons and clause.answer is not True
            if is_absence and clause.operator is Operator.EXISTS:
                yield "suppresses", place, "would be held back by what somebody writes"
    if rule.asks_first is not None and not 1 <= rule.asks_first.minutes <= 60:
        yield "minutes", place, "must wait 1 to 60 minutes for an answer"

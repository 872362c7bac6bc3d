"""Checks what a questionnaire says about its scores; a score that cannot be right is refused.

Each fault is a code for machines, the place, and a reason for people.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

from questionnaires.definition import Item, ItemType, Questionnaire, Recall
from questionnaires.scores import Score, ScoreMethod
from questionnaires.scoring import (
    ABSENT,
    ATTRIBUTES,
    NOT_ASSESSED,
    PRESENT,
    attributes_of,
    bounds_of,
    composite_table,
    level_of,
    sledai2k_weights,
)

Fault: TypeAlias = tuple[str, str, str]

_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_LEVELS = {Decimal(level) for level in range(5)}
_ADDING = {ScoreMethod.SUM, ScoreMethod.MEAN}


def find_score_faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Yield what cannot be meant in the scores of a questionnaire."""
    known: set[str] = set()
    for one in questionnaire.scores:
        place = f"{questionnaire.code} score '{one.code}'"
        if one.code in known or questionnaire.item(one.code) is not None:
            yield "duplicate", place, "has a name that is taken"
        if not _ID.fullmatch(one.code) or not _VERSION.fullmatch(one.version):
            yield "bad_id", place, "needs a name of a-z, 0-9 and _, and a version like 1.0.0"
        for code, reason in _one(questionnaire, one, known):
            yield code, place, reason
        for link_id in one.response.beside if one.response else ():
            if questionnaire.item(link_id) is None:
                yield "unknown_question", place, f"names '{link_id}', which is not asked"
        known.add(one.code)


def _one(questionnaire: Questionnaire, one: Score, known: set[str]) -> Iterator[tuple[str, str]]:
    adds = one.method in _ADDING
    if not adds and (one.items or one.reversed_items or one.min_answered or one.prorated):
        yield "score_words", "has words that only a sum or a mean has"
    if one.method is not ScoreMethod.PROCTCAE_COMPOSITE and attributes_of(one):
        yield "score_words", "has attributes, which only a PRO-CTCAE term has"
    if not 0 <= one.decimals <= 6:
        yield "score_words", "can have 0 to 6 decimals"
    asked = one.response
    if asked and (asked.points_down <= 0 or asked.week < 1 or asked.within_days < 0):
        yield "score_words", "needs points_down above 0, a week from 1 and days from 0"
    if adds:
        yield from _adding(questionnaire, one, known)
    elif one.method is ScoreMethod.SLEDAI2K:
        yield from _sledai2k(questionnaire)
    else:
        yield from _composite(questionnaire, one)


def _adding(questionnaire: Questionnaire, one: Score, known: set[str]) -> Iterator[tuple[str, str]]:
    if not one.items:
        yield "score_items", "is made of nothing"
    for name, count in Counter(one.items).items():
        if count > 1:
            yield "score_items", f"counts '{name}' {count} times"
        item = questionnaire.item(name)
        if name not in known and (item is None or not _counts(item)):
            yield "score_items", f"is made of '{name}', which has no number"
        if name in one.reversed_items and (item is None or bounds_of(item) is None):
            yield "score_items", f"reverses '{name}', which has no lowest and highest number"
    if extra := set(one.reversed_items) - set(one.items):
        yield "score_items", f"reverses '{min(extra)}', which does not count"
    if one.min_answered is not None and not 1 <= one.min_answered <= len(one.items):
        yield "score_items", f"needs min_answered of 1 to {len(one.items)}"
    if one.prorated and one.method is not ScoreMethod.SUM:
        yield "score_words", "can be prorated only if it is a sum"


def _counts(item: Item) -> bool:
    return bounds_of(item) is not None


def _sledai2k(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    for link_id in sledai2k_weights():
        item = questionnaire.item(link_id)
        if item is None or item.type is not ItemType.CHOICE:
            yield "score_items", f"needs the descriptor '{link_id}', a choice"
        elif set(item.codes) != {PRESENT, ABSENT, NOT_ASSESSED}:
            yield "score_items", f"needs '{link_id}' to be {PRESENT}, {ABSENT} or {NOT_ASSESSED}"


def _composite(questionnaire: Questionnaire, one: Score) -> Iterator[tuple[str, str]]:
    attributes = attributes_of(one)
    if not attributes or composite_table(attributes) is None:
        yield "score_items", f"has no published table for: {', '.join(attributes) or 'nothing'}"
    for name in ATTRIBUTES:
        link_id = attributes.get(name)
        if link_id is None:
            continue
        item = questionnaire.item(link_id)
        levels = {level_of(item, code) for code in item.codes} if item else set()
        if item is None or item.type is not ItemType.CHOICE or levels != _LEVELS:
            yield "score_items", f"needs '{link_id}' to be a choice with the scores 0 to 4"
        elif item.recall is not Recall.PAST_7_DAYS:
            yield "recall_changed", f"asks '{link_id}' about another time than the past 7 days"

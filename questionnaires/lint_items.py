"""Checks single items: names, choices, limits, ends, groups, and the recall period.

Each fault is a code for machines, the place, and a reason for people.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from questionnaires.definition import Derivation, Item, ItemType, Language, Questionnaire
from questionnaires.recalls import find_recall_faults

Fault: TypeAlias = tuple[str, str, str]

_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_CHOICE_CODE = re.compile(r"[a-z0-9_-]{1,32}")
_WITH_CHOICES = {ItemType.CHOICE, ItemType.MULTI}
_WITH_ENDS = {ItemType.NRS, ItemType.VAS}


def find_item_faults(questionnaire: Questionnaire, item: Item, place: str) -> Iterator[Fault]:
    """Yield what cannot be meant in one item, whatever stands around it."""
    if not _ID.fullmatch(item.link_id):
        yield "bad_id", place, "must be a-z, 0-9 and _, at most 32, a-z first"
    if item.link_id in list(Derivation):
        yield "bad_id", place, "has the name of a derivation"
    yield from _choices(item, place)
    if (item.type in _WITH_ENDS) != (item.ends is not None):
        yield "ends", place, "needs the meaning of both ends, if and only if it is an nrs or a vas"
    if item.hides_value and item.type is not ItemType.VAS:
        yield "hides_value", place, "can hide its number only if it is a vas"
    yield from _limits(item, place)
    if item.group is not None:
        yield from _group(questionnaire, item, place)
    for code, reason in find_recall_faults(questionnaire, item):
        yield code, place, reason


def _choices(item: Item, place: str) -> Iterator[Fault]:
    for code, count in Counter(item.codes).items():
        if count > 1:
            yield "duplicate", f"{place} choice '{code}'", f"is there {count} times"
        if not _CHOICE_CODE.fullmatch(code):
            yield "bad_code", f"{place} choice '{code}'", "must be a-z, 0-9, _ and -"
    for alike, count in Counter(re.sub("[_-]", "", code) for code in set(item.codes)).items():
        if count > 1:
            reason = f"has choices that differ in nothing but _ and -: '{alike}'"
            yield "ambiguous_code", place, reason
    for language in Language:
        words = Counter(choice.text.in_language(language).strip() for choice in item.choices)
        if same := [text for text, count in words.items() if count > 1]:
            yield "ambiguous_code", place, f"has two choices that both say '{same[0]}'"
    if (item.type in _WITH_CHOICES) != bool(item.choices):
        yield "choices", place, "of this type needs choices, or must have none"
    if item.type is not ItemType.MULTI and any(choice.exclusive for choice in item.choices):
        yield "choices", place, "has an exclusive choice where only one is ticked anyway"


def _limits(item: Item, place: str) -> Iterator[Fault]:
    limits = (item.hard_min, item.soft_min, item.soft_max, item.hard_max)
    given = [limit for limit in limits if limit is not None]
    if item.type is not ItemType.NUMBER:
        if given or item.decimals:
            yield "limits", place, "has limits or decimals, which only a number has"
        return
    if item.hard_min is None or item.hard_max is None or given != sorted(given):
        yield "limits", place, "needs hard_min ≤ soft_min ≤ soft_max ≤ hard_max"
    if not 0 <= item.decimals <= 6:
        yield "limits", place, "can have 0 to 6 decimals"
    elif any(round(limit, item.decimals) != limit for limit in given):
        yield "limits", place, f"has a limit with more than {item.decimals} decimals"


def _group(questionnaire: Questionnaire, item: Item, place: str) -> Iterator[Fault]:
    link_ids = [one.link_id for one in questionnaire.items]
    head = questionnaire.item(item.group or "")
    if head is None or head.type is not ItemType.INFO:
        yield "group", place, f"stands in the check list '{item.group}', which is no info item"
        return
    rows = questionnaire.items[link_ids.index(head.link_id) + 1 : link_ids.index(item.link_id)]
    if head.link_id not in link_ids[: link_ids.index(item.link_id)] or any(
        one.group != item.group for one in rows
    ):
        yield "group", place, f"does not stand right below the check list '{item.group}'"

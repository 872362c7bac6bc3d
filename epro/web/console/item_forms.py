"""A questionnaire as one form on a page, for staff who fill it in: fields by item, read back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import request

from epro.errors import InvalidAnswers
from questionnaires.branching import visible
from questionnaires.definition import AnswerValue, Item, ItemType, Questionnaire

PREFIX = "a-"
DECLINED = "d-"
CONFIRMED = "c-"
LONGEST = 2_000
MOST_DIGITS = 12


def answers_to(questionnaire: Questionnaire) -> list[dict[str, Any]]:
    """Return what was filled in, in the shape of the wire; what branching hides is left out.

    What cannot be read as its type is passed on as it was typed, for the judge to refuse.
    """
    given: dict[str, dict[str, Any]] = {}
    for item in questionnaire.items:
        if item.takes_answer and (answer := _answer(item)) is not None:
            given[item.link_id] = answer
    values = {link_id: one.get("value") for link_id, one in given.items()}
    shown = set(visible(questionnaire, values))
    return [one for link_id, one in given.items() if link_id in shown]


def places_of(
    questionnaire: Questionnaire, sent: Sequence[Mapping[str, Any]], refusal: InvalidAnswers
) -> list[dict[str, str]]:
    """Return the problems of a refusal by the names of this form's fields."""
    names = {one.link_id for one in questionnaire.items}
    found = []
    for problem in refusal.details["problems"]:
        place = problem["place"].split(".")[0]
        inside = place.removeprefix("answers[").removesuffix("]")
        link_id = sent[int(inside)]["link_id"] if inside.isdigit() else inside
        if link_id in names:
            found.append({"place": f"{PREFIX}{link_id}", "message": problem["message"],
                          "code": problem["code"]})  # fmt: skip
    return found


def _answer(item: Item) -> dict[str, Any] | None:
    answer: dict[str, Any] = {"link_id": item.link_id}
    if request.form.get(f"{DECLINED}{item.link_id}") == "yes":
        return answer | {"declined": True}
    value = _value(item)
    if value is None or value == "":
        return None
    if request.form.get(f"{CONFIRMED}{item.link_id}") == "yes":
        answer["confirmed"] = True
    return answer | {"value": value}


def _value(item: Item) -> AnswerValue | list[str] | None:
    name = f"{PREFIX}{item.link_id}"
    if item.type is ItemType.MULTI:
        return [one[:64] for one in request.form.getlist(name)[:50]] or None
    written = request.form.get(name, "").replace("\x00", "").strip()[:LONGEST]
    reading = READINGS.get(item.type)
    return reading(written) if reading and written else written or None


def _whole(written: str) -> AnswerValue:
    is_number = written.isascii() and written.isdigit() and len(written) <= MOST_DIGITS
    return int(written) if is_number else written


def _decimal(written: str) -> AnswerValue:
    try:
        return float(written.replace(",", ".")) if len(written) <= MOST_DIGITS else written
    except ValueError:
        return written


def _yes_no(written: str) -> AnswerValue:
    return {"yes": True, "no": False}.get(written, written)


READINGS: Mapping[ItemType, Callable[[str], AnswerValue]] = {
    ItemType.NRS: _whole,
    ItemType.VAS: _whole,
    ItemType.NUMBER: _decimal,
    ItemType.BOOLEAN: _yes_no,
}

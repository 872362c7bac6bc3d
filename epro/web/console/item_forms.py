"""A questionnaire as one form on a page, for staff who fill it in: fields by item, read back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from epro.api import wording
from epro.errors import InvalidAnswers
from questionnaires.branching import visible
from questionnaires.definition import AnswerValue, Item, ItemType, Questionnaire

PREFIX = "a-"
# Fields that hold what a participant wrote, which nobody looks through as if staff had typed it.
HERS = wording.HERS
DECLINED = "d-"
CONFIRMED = "c-"
LONGEST = 2_000
MOST_DIGITS = 12


def answers_to(
    questionnaire: Questionnaire,
    *,
    prefix: str = PREFIX,
    zone: str | None = None,
    keeps_hidden: bool = False,
) -> list[dict[str, Any]]:
    """Return what was filled in, in the shape of the wire; what branching hides is left out.

    Instants are typed with their offset or, where `zone` is given, as a clock there shows them.
    With `keeps_hidden` it is passed on for the judge to refuse, as is always what cannot be read
    as its type: of what stands on a sheet of paper nothing is dropped unseen.
    """
    given: dict[str, dict[str, Any]] = {}
    for item in questionnaire.items:
        if item.takes_answer and (answer := _answer(item, prefix)) is not None:
            given[item.link_id] = _in_zone(item, answer, zone) if zone else answer
    if keeps_hidden:
        return list(given.values())
    values = {link_id: one.get("value") for link_id, one in given.items()}
    shown = set(visible(questionnaire, values))
    return [one for link_id, one in given.items() if link_id in shown]


def filled_in(
    questionnaire: Questionnaire,
    answers: Sequence[Mapping[str, Any]],
    *,
    prefix: str = PREFIX,
    zone: str | None = None,
) -> Mapping[str, Sequence[str]]:
    """Return stored answers as the fields of a form hold them, for one that begins with them."""
    fields: dict[str, Sequence[str]] = {}
    instants = {one.link_id for one in questionnaire.items if one.type is ItemType.DATETIME}
    for answer in answers:
        link_id, value = answer["link_id"], answer.get("value")
        if zone and link_id in instants and isinstance(value, str):
            value = f"{datetime.fromisoformat(value).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
        if answer.get("declined"):
            fields[f"{DECLINED}{link_id}"] = ["yes"]
        elif isinstance(value, list):
            fields[f"{prefix}{link_id}"] = value
        elif isinstance(value, bool):
            fields[f"{prefix}{link_id}"] = ["yes" if value else "no"]
        else:
            number = isinstance(value, int | float)
            fields[f"{prefix}{link_id}"] = [f"{value:.12g}" if number else str(value)]
        if answer.get("confirmed"):
            fields[f"{CONFIRMED}{link_id}"] = ["yes"]
    return fields


def places_of(
    questionnaire: Questionnaire,
    sent: Sequence[Mapping[str, Any]],
    refusal: InvalidAnswers,
    *,
    prefix: str = PREFIX,
) -> list[dict[str, str]]:
    """Return the problems of a refusal by the names of this form's fields."""
    names = {one.link_id for one in questionnaire.items}
    found = []
    for problem in refusal.details["problems"]:
        place = problem["place"].split(".")[0]
        inside = place.removeprefix("answers[").removesuffix("]")
        link_id = sent[int(inside)]["link_id"] if inside.isdigit() else inside
        if link_id in names:
            found.append({"place": f"{prefix}{link_id}", "message": problem["message"],
                          "code": problem["code"]})  # fmt: skip
    return found


def _answer(item: Item, prefix: str) -> dict[str, Any] | None:
    answer: dict[str, Any] = {"link_id": item.link_id}
    if request.form.get(f"{DECLINED}{item.link_id}") == "yes":
        return answer | {"declined": True}
    value = _value(item, prefix)
    if value is None or value == "":
        return None
    if request.form.get(f"{CONFIRMED}{item.link_id}") == "yes":
        answer["confirmed"] = True
    return answer | {"value": value}


def _in_zone(item: Item, answer: dict[str, Any], zone: str) -> dict[str, Any]:
    """Give an instant the offset that it has in a zone; what is none is for the judge to refuse."""
    if item.type is not ItemType.DATETIME or "value" not in answer:
        return answer
    try:
        local = datetime.fromisoformat(answer["value"]).replace(tzinfo=ZoneInfo(zone))
        return answer | {"value": local.isoformat()}
    except (ValueError, OverflowError):
        return answer


def _value(item: Item, prefix: str) -> AnswerValue | list[str] | None:
    name = f"{prefix}{item.link_id}"
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

"""Writes a questionnaire as a FHIR R4 Questionnaire, and lists what FHIR has no word for.

What it has no word for travels in an extension of our own, so that `reading.py` gives back exactly
the questionnaire; the notes say what another system will not understand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from questionnaires.definition import (
    Choice,
    Clause,
    Item,
    ItemType,
    Operator,
    Questionnaire,
)
from questionnaires.fhir import terms
from questionnaires.fhir.own import own_extension, own_names
from questionnaires.fhir.terms import Json, Note, control, put_text

_TYPES = {
    ItemType.NRS: "integer",
    ItemType.VAS: "integer",
    ItemType.CHOICE: "choice",
    ItemType.MULTI: "choice",
    ItemType.BOOLEAN: "boolean",
    ItemType.NUMBER: "integer",  # decimal where it has decimals
    ItemType.TEXT: "text",
    ItemType.DATE: "date",
    ItemType.TIME: "time",
    ItemType.DATETIME: "dateTime",
    ItemType.INFO: "display",
}
_ENDS = {ItemType.NRS: 10, ItemType.VAS: 100}
_ANSWERS = {
    ItemType.CHOICE: "answerCoding",
    ItemType.MULTI: "answerCoding",
    ItemType.DATE: "answerDate",
    ItemType.TIME: "answerTime",
    ItemType.DATETIME: "answerDateTime",
    ItemType.TEXT: "answerString",
}
_SAID_OF_ALL = {"link_id", "type", "text", "hint", "enable_when", "enable_behavior"}
_SAID_OF = {
    ItemType.NRS: {"ends"},
    ItemType.VAS: {"ends"},
    ItemType.CHOICE: {"choices"},
    ItemType.MULTI: {"choices"},
    ItemType.NUMBER: {"unit", "decimals", "hard_min", "hard_max"},
    ItemType.TEXT: {"max_length"},
}
_SAID_OF_QUESTIONNAIRE = {"code", "version", "title", "intro", "items"}


@dataclass(frozen=True, slots=True)
class Exported:
    """The resource as plain JSON values, and what another system will not understand in it."""

    resource: Json
    notes: tuple[Note, ...]


def to_fhir(questionnaire: Questionnaire) -> Exported:
    """Return a questionnaire as a FHIR R4 Questionnaire resource."""
    resource: Json = {
        "resourceType": "Questionnaire",
        "id": f"{questionnaire.code.replace('_', '-')}-{questionnaire.version}",
        "language": "zh",
        "url": url_of(questionnaire.code),
        "version": questionnaire.version,
        "name": "".join(word.capitalize() for word in questionnaire.code.split("_")),
        "status": "active",
        "subjectType": ["Patient"],
    }
    put_text(resource, "title", questionnaire.title)
    if questionnaire.intro:
        put_text(resource, "description", questionnaire.intro)
    own = own_extension(questionnaire, _SAID_OF_QUESTIONNAIRE)
    if own:
        resource["extension"] = [own]
    resource["item"] = list(_items(questionnaire))
    return Exported(resource, tuple(_notes(resource, "Questionnaire")))


def url_of(code: str) -> str:
    """Return the canonical address of a questionnaire, without its version."""
    return f"{terms.OWN}:{code}"


def _items(questionnaire: Questionnaire) -> Iterator[Json]:
    """Yield the items in order, the rows of a check list within it."""
    left = list(questionnaire.items)
    while left:
        head, *after = left
        rows = list(takewhile(partial(_is_row, head), after))
        left = after[len(rows) :]
        made = _item(head, questionnaire)
        if rows:
            made["type"] = "group"
            made["extension"] = [control(terms.CHECK_LIST), *made.get("extension", ())]
            inside = [_item(row, questionnaire, said=frozenset({"group"})) for row in rows]
            made["item"] = [*made.get("item", ()), *inside]
        yield made


def _is_row(head: Item, item: Item) -> bool:
    """Tell whether an item can stand within a group: there it also takes the group's conditions."""
    if head.type is not ItemType.INFO or item.group != head.link_id:
        return False
    same = (item.enable_when, item.enable_behavior) == (head.enable_when, head.enable_behavior)
    return same or not head.enable_when


def _item(item: Item, questionnaire: Questionnaire, *, said: frozenset[str] = frozenset()) -> Json:
    made: Json = {"linkId": item.link_id}
    put_text(made, "text", item.text)
    is_decimal = item.type is ItemType.NUMBER and item.decimals > 0
    made["type"] = "decimal" if is_decimal else _TYPES[item.type]
    if item.enable_when:
        made["enableWhen"] = [_clause(clause, questionnaire) for clause in item.enable_when]
        made["enableBehavior"] = item.enable_behavior.value
    said |= _SAID_OF_ALL | _SAID_OF.get(item.type, set())
    if item.takes_answer and not item.optional:
        said |= {"skippable"}
        made["required"] = not item.skippable
    if item.type is ItemType.MULTI:
        made["repeats"] = True
    if item.type is ItemType.TEXT:
        made["maxLength"] = item.max_length
    if item.choices:
        made["answerOption"] = [_option(choice) for choice in item.choices]
    own = own_extension(item, said)
    if extensions := [*_limits(item), *([own] if own else [])]:
        made["extension"] = extensions
    if beside := list(_beside(item)):
        made["item"] = beside
    return made


def _clause(clause: Clause, questionnaire: Questionnaire) -> Json:
    made: Json = {"question": clause.question, "operator": clause.operator.value}
    asked = questionnaire.item(clause.question)
    if clause.operator is Operator.EXISTS or isinstance(clause.answer, bool):
        made["answerBoolean"] = clause.answer
    elif isinstance(clause.answer, str):
        name = _ANSWERS[asked.type] if asked else "answerString"
        value = f"{clause.answer}:00" if name == "answerTime" else clause.answer  # with seconds
        made[name] = {"code": value} if name == "answerCoding" else value
    else:
        is_whole = isinstance(clause.answer, int) and not (asked and asked.decimals)
        made["answerInteger" if is_whole else "answerDecimal"] = clause.answer
    return made


def _option(choice: Choice) -> Json:
    coding: Json = {"code": choice.code}
    put_text(coding, "display", choice.text)
    beside: list[Json] = []
    if choice.exclusive:
        beside.append({"url": terms.OPTION_EXCLUSIVE, "valueBoolean": True})
    if choice.score is not None:
        beside.append({"url": terms.ORDINAL_VALUE, "valueDecimal": choice.score})
    return {"valueCoding": coding} | ({"extension": beside} if beside else {})


def _limits(item: Item) -> Iterator[Json]:
    if item.type is ItemType.VAS:
        yield control("slider")
    if (highest := _ENDS.get(item.type)) is not None:
        yield {"url": terms.MIN_VALUE, "valueInteger": 0}
        yield {"url": terms.MAX_VALUE, "valueInteger": highest}
    if item.type is not ItemType.NUMBER:
        return
    if item.decimals:
        yield {"url": terms.MAX_DECIMALS, "valueInteger": item.decimals}
    for url, limit in ((terms.MIN_VALUE, item.hard_min), (terms.MAX_VALUE, item.hard_max)):
        if limit is not None:
            whole = {"valueInteger": int(limit)}
            yield {"url": url} | (whole if not item.decimals else {"valueDecimal": limit})
    if item.unit:
        code = terms.UCUM_CODES.get(item.unit)
        coding = {"display": item.unit} | ({"system": terms.UCUM, "code": code} if code else {})
        yield {"url": terms.UNIT, "valueCoding": coding}


def _beside(item: Item) -> Iterator[Json]:
    """Yield the texts that stand beside a question: its hint, the meaning of both ends."""
    ends = item.ends if item.type in _ENDS else None
    for code, text in (
        ("help", item.hint),
        ("lower", ends and ends.low),
        ("upper", ends and ends.high),
    ):
        if text:
            made: Json = {"linkId": f"{item.link_id}.{code}", "extension": [control(code)]}
            put_text(made, "text", text)
            yield made | {"type": "display"}


# --- What another system will not understand ------------------------------------------------------


def _notes(element: Json, place: str) -> Iterator[Note]:
    if left := own_names(element):
        yield Note(place, f"only this system understands {', '.join(left)}")
    inside = "item" if place == "Questionnaire" else f"{place}.item"
    for index, item in enumerate(element.get("item", ())):
        yield from _notes(item, f"{inside}[{index}] '{item['linkId']}'")

"""The choices of a FHIR question: codings, texts, numbers, or a value set that it brings along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from questionnaires.fhir import terms
from questionnaires.fhir.flattening import Told
from questionnaires.fhir.terms import Json, objects, value_of


@dataclass(frozen=True, slots=True)
class Option:
    """A code, the element that holds its text under `name`, and what it counts in a score."""

    code: str
    element: Json
    name: str
    score: float | None = None
    is_exclusive: bool = False


def options_of(
    item: Json, resource: Json, place: str, *, refuse: Told, note: Told
) -> Iterator[Option]:
    """Yield the choices of a question in the order shown."""
    if address := item.get("answerValueSet"):
        concepts = _contained(resource, str(address))
        if not concepts:
            refuse(
                place,
                f"takes its choices from the value set {address}, which is not in this file;"
                " list them as answerOption",
            )
        for concept in concepts:
            yield Option(str(concept.get("code")), concept, "display", _score(concept))
    for index, option in enumerate(objects(item, "answerOption")):
        here = f"{place}.answerOption[{index}]"
        if option.get("initialSelected") is True:
            note(here, "is chosen beforehand; nothing is chosen for anybody here")
        if named := _named(option):
            code, element, name = named
            if "system" in element:
                note(here, f"leaves out that its code is one of {element['system']}")
            score = _score(option) if _score(option) is not None else _score(element)
            is_exclusive = value_of(option, terms.OPTION_EXCLUSIVE) is True
            yield Option(code, element, name, score, is_exclusive)
        else:
            refuse(here, "is no code, text or whole number")


def _named(option: Json) -> tuple[str, Json, str] | None:
    """Return the code of an option, and the element that holds its text under the name given."""
    if isinstance(coding := option.get("valueCoding"), dict) and coding.get("code"):
        return str(coding["code"]), coding, "display"
    if isinstance(text := option.get("valueString"), str) and text.strip():
        return text, option, "valueString"
    if type(number := option.get("valueInteger")) is int:
        return str(number), {"text": str(number)}, "text"
    return None


def _score(element: Json) -> float | None:
    for url in (terms.ORDINAL_VALUE, terms.ITEM_WEIGHT):
        if isinstance(value := value_of(element, url), int | float):
            return float(value)
    return None


def _contained(resource: Json, address: str) -> list[Json]:
    """Return the codes that a value set within the resource lists one by one."""
    for one in objects(resource, "contained"):
        if one.get("resourceType") == "ValueSet" and address == f"#{one.get('id')}":
            compose = one.get("compose")
            included = objects(compose, "include") if isinstance(compose, dict) else []
            return [concept for part in included for concept in objects(part, "concept")]
    return []

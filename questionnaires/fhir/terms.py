"""The names that FHIR R4 gives to what a questionnaire says, and texts in several languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from questionnaires.definition import Translated

Json: TypeAlias = dict[str, Any]

_CORE = "http://hl7.org/fhir/StructureDefinition"
TRANSLATION = f"{_CORE}/translation"
ORDINAL_VALUE = f"{_CORE}/ordinalValue"
ITEM_WEIGHT = f"{_CORE}/itemWeight"  # what later versions call an ordinal value
OPTION_EXCLUSIVE = f"{_CORE}/questionnaire-optionExclusive"
MIN_VALUE = f"{_CORE}/minValue"
MAX_VALUE = f"{_CORE}/maxValue"
MAX_DECIMALS = f"{_CORE}/maxDecimalPlaces"
UNIT = f"{_CORE}/questionnaire-unit"
ITEM_CONTROL = f"{_CORE}/questionnaire-itemControl"
CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"
CHECK_LIST = "list"  # the control of a group that is shown as one table
UCUM = "http://unitsofmeasure.org"
OWN = "urn:epro:questionnaire"  # what FHIR has no word for, kept for a system that knows it

UCUM_CODES = {"°C": "Cel", "%": "%", "kg": "kg", "g": "g", "mg": "mg", "cm": "cm", "mmHg": "mm[Hg]"}
VALUE_NAMES = ("valueDecimal", "valueInteger", "valueBoolean", "valueString", "valueCode")

_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Note:
    """What one side can say and the other cannot, and where it stands."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class FhirRefused(Exception):
    """A resource cannot be taken without changing what it means; `notes` names every reason."""

    def __init__(self, notes: Sequence[Note]) -> None:
        super().__init__("\n".join(str(note) for note in notes))
        self.notes = tuple(notes)


def put_text(target: Json, name: str, text: Translated) -> None:
    """Write a text in Chinese, and its English beside it."""
    target[name] = text.zh
    target[f"_{name}"] = {
        "extension": [
            {
                "url": TRANSLATION,
                "extension": [
                    {"url": "lang", "valueCode": "en"},
                    {"url": "content", "valueString": text.en},
                ],
            }
        ]
    }


def text_of(source: Mapping[str, Any], name: str, base_language: str) -> dict[str, str]:
    """Return a text by language code, the base language as the resource (or the text) tells it."""
    texts: dict[str, str] = {}
    if isinstance(text := source.get(name), str) and text.strip():
        texts[base_language or _guessed(text)] = text
    beside = source.get(f"_{name}")
    for extension in extensions(beside if isinstance(beside, dict) else {}, TRANSLATION):
        parts = {str(one.get("url")): _first_value(one) for one in objects(extension, "extension")}
        language, content = parts.get("lang"), parts.get("content")
        if isinstance(language, str) and isinstance(content, str):
            texts.setdefault(short_language(language), content)
    return texts


def short_language(code: str) -> str:
    """Return the language of a code that may name a region too: zh-CN is zh."""
    return re.split(r"[-_]", code.strip().lower())[0]


def extensions(element: Mapping[str, Any], url: str) -> Iterator[Json]:
    """Yield the extensions of that name."""
    yield from (one for one in objects(element, "extension") if one.get("url") == url)


def value_of(element: Mapping[str, Any], url: str) -> Any:
    """Return the value of the first extension of that name, or None."""
    return next((_first_value(one) for one in extensions(element, url)), None)


def controls_of(element: Mapping[str, Any]) -> set[str]:
    """Return the codes that say how an item is to be shown."""
    return {
        str(coding.get("code"))
        for extension in extensions(element, ITEM_CONTROL)
        for coding in objects(extension.get("valueCodeableConcept") or {}, "coding")
    }


def control(code: str) -> Json:
    """Return the extension that says how an item is to be shown."""
    return {
        "url": ITEM_CONTROL,
        "valueCodeableConcept": {"coding": [{"system": CONTROLS, "code": code}]},
    }


def objects(element: Mapping[str, Any], name: str) -> list[Json]:
    """Return the objects in a list of an element; what is no object is left out."""
    several = element.get(name)
    return [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []


def _first_value(extension: Mapping[str, Any]) -> Any:
    known = (extension[name] for name in VALUE_NAMES if name in extension)
    other = (value for name, value in extension.items() if name.startswith("value"))
    return next(known, next(other, None))


def _guessed(text: str) -> str:
    return "zh" if _HAN.search(text) else "en"

"""What FHIR has no word for: the fields of ours that travel in an extension of our own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_type_hints

from questionnaires import canonical
from questionnaires.definition import Translated
from questionnaires.fhir import terms
from questionnaires.fhir.terms import Json, extensions, objects

_hints = cache(get_type_hints)


def own_extension(record: Any, said: Iterable[str]) -> Json | None:
    """Return the extension with those fields that are not `said` otherwise, if there are any."""
    known = set(said)
    plain = canonical.to_plain(record)
    left = [_field(name, value) for name, value in plain.items() if name not in known]
    return {"url": terms.OWN, "extension": left} if left else None


def own_names(element: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields in the extension of our own."""
    own = extensions(element, terms.OWN)
    return [str(field.get("url")) for one in own for field in objects(one, "extension")]


def own_values(kind: type, element: Mapping[str, Any]) -> Json:
    """Return the plain values of these fields. Raises ValueError where they do not fit `kind`."""
    return {
        str(field.get("url")): _value(kind, field)
        for one in extensions(element, terms.OWN)
        for field in objects(one, "extension")
    }


def _field(name: str, value: Any) -> Json:
    made: Json = {"url": name}
    if isinstance(value, bool):
        return made | {"valueBoolean": value}
    if isinstance(value, int):
        return made | {"valueInteger": value}
    if isinstance(value, float):
        return made | {"valueDecimal": value}
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        texts = [{"url": language, "valueString": text} for language, text in value.items()]
        return made | {"extension": texts}
    is_text = isinstance(value, str)
    return made | {"valueString": value if is_text else json.dumps(value, ensure_ascii=False)}


def _value(kind: type, field: Json) -> Any:
    name = str(field.get("url"))
    if name not in _hints(kind):
        raise ValueError(f"'{name}' is not known here")
    hint = _hints(kind)[name]
    kinds = {hint, *get_args(hint)}
    value = next((field[one] for one in terms.VALUE_NAMES if one in field), None)
    if Translated in kinds:
        return {str(one.get("url")): one.get("valueString") for one in objects(field, "extension")}
    if float in kinds and type(value) is int:
        return float(value)
    is_text = str in kinds or any(
        isinstance(one, type) and issubclass(one, StrEnum) for one in kinds
    )
    return json.loads(value) if isinstance(value, str) and not is_text else value

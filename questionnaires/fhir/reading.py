"""Reads a FHIR R4 Questionnaire, written by whoever, into one of ours, or says what it cannot take.

1. `flattening.py` lays nested items out one after the other.
2. `reading_items.py` turns each into the values of ours. What would change the meaning is refused;
   what only gets lost (codes of a terminology, start values, a third language) is noted.
3. Names are made to fit: a link_id here is a-z, 0-9 and _. What is called otherwise is noted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from questionnaires import canonical
from questionnaires.definition import Questionnaire
from questionnaires.fhir import terms
from questionnaires.fhir.flattening import Condition, Flattener
from questionnaires.fhir.own import own_values
from questionnaires.fhir.reading_items import ItemReader
from questionnaires.fhir.telling import Told, as_name
from questionnaires.fhir.terms import FhirRefused, Json, Note

_HERE = "Questionnaire"
_VERSION = re.compile(r"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?")
_KNOWN = {
    "resourceType", "id", "meta", "language", "text", "url", "version", "name", "title", "status",
    "subjectType", "description", "item", "contained", "code",
}  # fmt: skip
_QUESTIONS_A_MINUTE = 6


@dataclass(frozen=True, slots=True)
class Imported:
    """The questionnaire, and what of the resource is not in it or has another name.

    A text that is missing in a language is empty; it has to be written before it can be published.
    """

    questionnaire: Questionnaire
    notes: tuple[Note, ...]


def from_fhir(resource: object, *, code: str | None = None) -> Imported:
    """Return a FHIR R4 Questionnaire as one of ours, under `code` if that is given.

    Raises FhirRefused with every reason and its place.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != _HERE:
        raise FhirRefused([Note(_HERE, "this is no FHIR Questionnaire")])
    told = Told(terms.short_language(str(resource.get("language") or "")))
    plain = _questionnaire(resource, code, told)
    told.raise_refusals()
    try:
        made = canonical.from_text(Questionnaire, json.dumps(plain))
    except ValueError as error:
        raise FhirRefused([Note(_HERE, f"does not fit: {error}")]) from error
    return Imported(made, tuple(told.notes))


def _questionnaire(resource: Json, code: str | None, told: Told) -> Json:
    told.look_over(resource, _KNOWN, _HERE)
    if resource.get("copyright"):
        told.note(
            _HERE,
            "names a copyright; a licensed instrument belongs into a package of its own,"
            " with its licence",
        )
    title = "title" if resource.get("title") else "name"
    plain: Json = {
        "code": _code(resource, code, told),
        "version": _version(resource, told),
        "title": told.text(resource, title, _HERE),
    }
    if resource.get("description"):
        plain["intro"] = told.text(resource, "description", _HERE)
    flat = list(Flattener(told.refuse, told.note).walk(resource, "", Condition()))
    if not flat:
        told.refuse(_HERE, "asks nothing")
    plain["items"] = ItemReader(resource, told).read(flat)
    try:
        plain |= own_values(Questionnaire, resource)
    except ValueError as error:
        told.refuse(_HERE, f"has an extension of ours that cannot be read: {error}")
    if "kind" not in plain:
        plain |= {"kind": "short", "minutes": 1 + len(flat) // _QUESTIONS_A_MINUTE}
        told.note(_HERE, f"says no kind and no minutes; here short and {plain['minutes']}")
    return plain


def _code(resource: Json, code: str | None, told: Told) -> str:
    url = str(resource.get("url") or "")
    if code is None and url.startswith(f"{terms.OWN}:"):
        return url.removeprefix(f"{terms.OWN}:")
    given = code or str(resource.get("name") or resource.get("id") or "imported")
    if (made := as_name(given)) != given:
        told.note(_HERE, f"'{given}' is called '{made}' here")
    return made


def _version(resource: Json, told: Told) -> str:
    given = str(resource.get("version") or "")
    match = _VERSION.fullmatch(given)
    version = ".".join(part or "0" for part in match.groups()) if match else "1.0.0"
    if version != given:
        told.note(_HERE, f"has the version '{given}'; {version} here")
    return version

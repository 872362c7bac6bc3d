"""What a reader of FHIR has to tell: what it refuses, leaves out and calls otherwise."""

from __future__ import annotations

import re

from questionnaires.fhir import terms
from questionnaires.fhir.terms import FhirRefused, Json, Note, objects, text_of

_KNOWN_EXTENSIONS = {
    terms.OWN, terms.MIN_VALUE, terms.MAX_VALUE, terms.MAX_DECIMALS, terms.UNIT,
    terms.ITEM_CONTROL, terms.TRANSLATION,
}  # fmt: skip
# Those that decide what is asked or may be answered: without them it would be another question.
_DECIDING = re.compile(
    r"(enableWhenExpression|calculatedExpression|answerExpression|candidateExpression"
    r"|cqf-expression|-hidden|-constraint|Constraint|-minOccurs|-maxOccurs|-unitOption"
    r"|-unitValueSet|-fhirType|assemble\w*|subQuestionnaire)$"
)
_LONGEST_NAME = 32


class Told:
    """Collects notes and refusals; `base_language` is that of the resource, "" if it says none."""

    def __init__(self, base_language: str) -> None:
        self.refusals: list[Note] = []
        self.notes: list[Note] = []
        self._base_language = base_language

    def refuse(self, place: str, reason: str) -> None:
        """Note what cannot be taken without changing what it means."""
        self.refusals.append(Note(place, reason))

    def note(self, place: str, reason: str) -> None:
        """Note what is left out, changed or missing."""
        self.notes.append(Note(place, reason))

    def raise_refusals(self) -> None:
        """Raise FhirRefused if anything was refused."""
        if self.refusals:
            raise FhirRefused(self.refusals)

    def look_over(self, element: Json, known: set[str], place: str) -> None:
        """Tell of all that nobody reads: elements, extensions, and what may change the meaning."""
        if element.get("modifierExtension"):
            self.refuse(place, "has a modifierExtension, which may change all that it says")
        named = {name.removeprefix("_") for name in element} - {"extension", "modifierExtension"}
        if left := sorted(named - known):
            self.note(place, f"leaves out {', '.join(left)}")
        for extension in objects(element, "extension"):
            url = str(extension.get("url"))
            if _DECIDING.search(url):
                self.refuse(place, f"is decided by {url}, which cannot be taken")
            elif url not in _KNOWN_EXTENSIONS:
                self.note(place, f"leaves out the extension {url}")

    def text(self, element: Json, name: str, place: str) -> dict[str, str]:
        """Return a text in both languages; empty, and told, in one that is missing."""
        texts = text_of(element, name, self._base_language)
        for language in sorted(texts.keys() - {"zh", "en"}):
            self.note(place, f"leaves out the text in '{language}'")
        for language, word in (("zh", "Chinese"), ("en", "English")):
            if language not in texts:
                self.note(place, f"has no {word} text; write it")
        return {"zh": texts.get("zh", ""), "en": texts.get("en", "")}


def as_name(given: str) -> str:
    """Return a name as link_ids and codes of questionnaires are written here."""
    name = re.sub(r"[^a-z0-9]+", "_", given.lower()).strip("_")
    return (name if name[:1].isalpha() else f"q_{name}")[:_LONGEST_NAME].rstrip("_")


def as_code(given: str) -> str:
    """Return the code of a choice as it is written here."""
    return re.sub(r"[^a-z0-9_-]+", "-", given.lower()).strip("-")[:_LONGEST_NAME]

"""What every format is made from: changes as the feed serves them, and which fields they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from questionnaires.definition import Questionnaire, StudyPackage


class FieldType(StrEnum):
    """What kind of value a field holds; the values are ODM's names of them."""

    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    INTEGER = "integer"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Field:
    """One value of an entity; `codes` are all it can take, none: anything of its type."""

    name: str
    type: FieldType
    codes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the name as a person reads it."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of entity: its name in the feed, and its fields in order."""

    type: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Who:
    """Who acted, as the journal has it."""

    kind: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one entity as the feed serves it; times are ISO 8601 with their offset."""

    seq: int
    change_id: str
    type: str
    op: str
    entity_id: str
    version: int
    participant: str | None
    site: str | None
    occurred_at: str
    recorded_at: str
    actor: Who
    reason: str | None
    study_version: str | None
    data: Mapping[str, Any]

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Change:
        """Read one item of the feed."""
        actor = Who(**item["actor"])
        names = (
            "seq", "change_id", "type", "op", "entity_id", "version", "participant", "site",
            "occurred_at", "recorded_at", "reason", "study_version", "data",
        )  # fmt: skip
        return cls(actor=actor, **{name: item[name] for name in names})

    @property
    def is_void(self) -> bool:
        """Tell whether the entity no longer stands."""
        return self.op == "void"


@dataclass(frozen=True, slots=True)
class EventKey:
    """Where in the schedule a response belongs: the block, and which assessment of it."""

    block: str
    occurrence: str


@dataclass(frozen=True, slots=True)
class Site:
    """A site as formats name it; `effective_on` is a local date, ISO, per study version."""

    code: str
    name: str
    effective_on: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """All that describes the changes: editions in the order published, forms, sites, people.

    `meanings` are what a person signs for, by code, in words.
    """

    packages: tuple[StudyPackage, ...]
    forms: tuple[Form, ...]
    sites: tuple[Site, ...] = ()
    users: tuple[Who, ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()

    @property
    def first_version(self) -> str:
        """Return the edition that holds what belongs to none, such as an anchor."""
        return self.packages[0].version

    def package(self, version: str) -> StudyPackage:
        """Return one edition of the study."""
        return next(one for one in self.packages if one.version == version)

    def questionnaire(self, change: Change) -> Questionnaire:
        """Return what a response answers."""
        package = self.package(self.version_of(change))
        found = package.questionnaire(change.data["questionnaire_code"])
        if found is None:
            raise LookupError(f"{package.version} has no {change.data['questionnaire_code']}")
        return found

    def version_of(self, change: Change) -> str:
        """Return the edition of the study that a change belongs to."""
        return change.study_version or self.first_version


def latest(changes: Mapping[str, Change], change: Change) -> bool:
    """Tell whether a change is the newest state of its entity among those seen by entity id."""
    known = changes.get(change.entity_id)
    return known is None or known.version < change.version

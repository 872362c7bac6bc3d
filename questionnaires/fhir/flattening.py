"""Lays the nested items of a FHIR Questionnaire out one after the other, as they are asked here.

A group becomes its text (as information) and its items, which take its conditions with them. A
display item that only belongs to a question (its help, the meaning of both ends) goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from questionnaires.fhir.terms import CHECK_LIST, Json, controls_of, objects

Told: TypeAlias = Callable[[str, str], None]
_BESIDE = {"help": "hint", "lower": "lower", "upper": "upper"}
_NOTHING: Mapping[str, Json] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Condition:
    """The clauses of `enableWhen`, which hold together under `behavior`."""

    clauses: tuple[Json, ...] = ()
    behavior: str = "all"

    @property
    def is_alternative(self) -> bool:
        """Tell whether any of several clauses is enough."""
        return self.behavior == "any" and len(self.clauses) > 1


@dataclass(frozen=True, slots=True)
class FlatItem:
    """One item as the resource has it, where it stood, and what has to hold for it to be shown."""

    item: Json
    place: str
    condition: Condition
    beside: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Flattener:
    """Walks the items; `refuse` and `note` take a place and a reason."""

    refuse: Told
    note: Told

    def walk(
        self, parent: Json, place: str, outer: Condition, group: str | None = None
    ) -> Iterator[FlatItem]:
        """Yield the items under `parent`, each under the conditions of all that it stands in."""
        for index, item in enumerate(objects(parent, "item")):
            here = f"{place}item[{index}]"
            if link_id := item.get("linkId"):
                here += f" '{link_id}'"
            yield from self._one(item, here, outer, group)

    def _one(
        self, item: Json, place: str, outer: Condition, group: str | None
    ) -> Iterator[FlatItem]:
        condition = self._both(outer, self._own_condition(item, place), place)
        beside, inner = _parted(item)
        inside: str | None = None
        if item.get("type") != "group":
            yield FlatItem(item, place, condition, beside, group)
            if inner["item"]:
                self.note(place, "has items inside; they are asked after it, whatever is answered")
        else:
            if item.get("repeats") is True:
                self.refuse(place, "is a group that repeats, which cannot be asked here")
            if item.get("text"):
                inside = str(item.get("linkId")) if _is_check_list(item, inner) else None
                if inside is None:
                    self.note(place, "is a group; its text is shown before its items")
                yield FlatItem({**item, "type": "display"}, place, condition, beside)
        yield from self.walk(inner, f"{place}.", condition, inside)

    def _own_condition(self, item: Json, place: str) -> Condition:
        clauses = tuple(objects(item, "enableWhen"))
        behavior = item.get("enableBehavior", "all")
        if len(clauses) > 1 and "enableBehavior" not in item:
            self.refuse(place, "has several enableWhen and no enableBehavior")
        if behavior not in {"all", "any"}:
            self.refuse(place, f"has the enableBehavior '{behavior}'")
        return Condition(clauses, str(behavior))

    def _both(self, outer: Condition, inner: Condition, place: str) -> Condition:
        if not outer.clauses:
            return inner
        added = tuple(one for one in inner.clauses if one not in outer.clauses)
        if not added:
            return outer
        if outer.is_alternative or inner.is_alternative:
            self.refuse(place, "stands under “any” together with the conditions of its group")
        return Condition((*outer.clauses, *added))


def _is_check_list(item: Json, inner: Json) -> bool:
    nested = (objects(_parted(one)[1], "item") for one in objects(inner, "item"))
    return CHECK_LIST in controls_of(item) and not any(nested)


def _parted(item: Json) -> tuple[dict[str, Json], dict[str, Any]]:
    """Part what stands under an item into the texts beside it and the items of their own."""
    beside: dict[str, Json] = {}
    own: list[Json] = []
    for one in objects(item, "item"):
        names = [_BESIDE[code] for code in controls_of(one) if code in _BESIDE]
        if one.get("type") == "display" and names and not one.get("enableWhen"):
            beside[names[0]] = one
        else:
            own.append(one)
    return beside, {"item": own}

"""Turns the items of a FHIR Questionnaire, laid out one after the other, into those of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from questionnaires.definition import Item, ItemType, Operator
from questionnaires.fhir import terms
from questionnaires.fhir.flattening import FlatItem
from questionnaires.fhir.options import options_of
from questionnaires.fhir.own import own_values
from questionnaires.fhir.telling import Told, as_code, as_name
from questionnaires.fhir.terms import Json, value_of

_TYPES = {
    "boolean": ItemType.BOOLEAN,
    "decimal": ItemType.NUMBER,
    "integer": ItemType.NUMBER,
    "date": ItemType.DATE,
    "time": ItemType.TIME,
    "dateTime": ItemType.DATETIME,
    "string": ItemType.TEXT,
    "text": ItemType.TEXT,
    "choice": ItemType.CHOICE,
    "display": ItemType.INFO,
}
_INSTEAD = {
    "quantity": "use a decimal with its unit in questionnaire-unit",
    "open-choice": "use a choice, and a text that opens on “other”",
    "url": "use a text",
}
_SCALES = {(0, 10): ItemType.NRS, (0, 100): ItemType.VAS}
_KNOWN = {
    "linkId", "text", "type", "enableWhen", "enableBehavior", "required", "repeats", "maxLength",
    "answerOption", "answerValueSet", "item", "id",
}  # fmt: skip
_DECIMALS = 2  # of a decimal that does not say how many


class ItemReader:
    """Reads items in order; clauses need the names and choices of those before them."""

    def __init__(self, resource: Json, told: Told) -> None:
        self._resource = resource
        self._told = told
        self._names: dict[str, str] = {}
        self._codes: dict[tuple[str, str], str] = {}

    def read(self, flat: Sequence[FlatItem]) -> list[Json]:
        """Return the plain values of the items."""
        for one in flat:
            self._name(one)
        return [self._item(one) for one in flat]

    def _name(self, one: FlatItem) -> None:
        link_id = str(one.item.get("linkId") or "")
        if not link_id or link_id in self._names:
            self._told.refuse(one.place, "has a linkId twice" if link_id else "has no linkId")
            return
        name, number = as_name(link_id), 2
        while name in self._names.values():
            name, number = f"{as_name(link_id)[:28]}_{number}", number + 1
        self._names[link_id] = name
        if name != link_id:
            self._told.note(one.place, f"is called '{name}' here")

    def _item(self, one: FlatItem) -> Json:
        item, place, told = one.item, one.place, self._told
        told.look_over(item, _KNOWN, place)
        kind = self._type(one)
        plain: Json = {
            "link_id": self._names.get(str(item.get("linkId")), "unnamed"),
            "type": kind.value,
            "text": told.text(item, "text", place),
        }
        beside = {name: told.text(shown, "text", f"{place} {name}")
                  for name, shown in one.beside.items()}  # fmt: skip
        if "hint" in beside:
            plain["hint"] = beside["hint"]
        if "lower" in beside and "upper" in beside:
            plain["ends"] = {"low": beside["lower"], "high": beside["upper"]}
        if one.group is not None:
            plain["group"] = self._names.get(one.group, "unnamed")
        if item.get("required") is True:
            plain["skippable"] = False
        if one.condition.clauses:
            plain["enable_when"] = [self._clause(clause, place) for clause in one.condition.clauses]
            plain["enable_behavior"] = one.condition.behavior
        if kind is ItemType.NUMBER:
            plain |= self._limits(item, place)
        if kind is ItemType.TEXT and "maxLength" in item:
            plain["max_length"] = item["maxLength"]
        if kind in {ItemType.CHOICE, ItemType.MULTI}:
            plain["choices"] = self._choices(item, place)
        try:
            return plain | own_values(Item, item)
        except ValueError as error:
            told.refuse(place, f"has an extension of ours that cannot be read: {error}")
            return plain

    def _type(self, one: FlatItem) -> ItemType:
        given = str(one.item.get("type"))
        if given not in _TYPES:
            instead = f"; {_INSTEAD[given]}" if given in _INSTEAD else ""
            self._told.refuse(
                one.place, f"is of the type '{given}', which cannot be asked{instead}"
            )
            return ItemType.INFO
        kind = _TYPES[given]
        if one.item.get("repeats") is True:
            if kind is not ItemType.CHOICE:
                self._told.refuse(one.place, "takes several answers, which only a choice can")
            return ItemType.MULTI
        limits = (value_of(one.item, terms.MIN_VALUE), value_of(one.item, terms.MAX_VALUE))
        if given == "integer" and {"lower", "upper"} <= one.beside.keys():
            return _SCALES.get(limits, kind)
        return kind

    def _limits(self, item: Json, place: str) -> Json:
        plain: Json = {}
        for name, url in (("hard_min", terms.MIN_VALUE), ("hard_max", terms.MAX_VALUE)):
            if isinstance(value := value_of(item, url), int | float):
                plain[name] = float(value)
            else:
                self._told.note(place, f"has no {url.rpartition('/')[2]}; write {name}")
        if item.get("type") == "decimal":
            decimals = value_of(item, terms.MAX_DECIMALS)
            plain["decimals"] = decimals if isinstance(decimals, int) else _DECIMALS
            if not isinstance(decimals, int):
                self._told.note(place, f"says not how many decimals; {_DECIMALS} here")
        if isinstance(unit := value_of(item, terms.UNIT), dict):
            plain["unit"] = str(unit.get("display") or unit.get("code"))
        return plain

    def _choices(self, item: Json, place: str) -> list[Json]:
        told, choices = self._told, []
        options = options_of(item, self._resource, place, refuse=told.refuse, note=told.note)
        for option in options:
            code = as_code(option.code)
            here = f"{place} choice '{option.code}'"
            if code != option.code:
                told.note(here, f"is called '{code}' here")
            self._codes[str(item.get("linkId")), option.code] = code
            choice: Json = {"code": code, "text": told.text(option.element, option.name, here)}
            if option.is_exclusive:
                choice["exclusive"] = True
            if option.score is not None:
                choice["score"] = option.score
            choices.append(choice)
        if len({choice["code"] for choice in choices}) < len(choices):
            told.refuse(place, "has choices whose codes are the same in small letters")
        return choices

    def _clause(self, clause: Json, place: str) -> Json:
        told = self._told
        link_id, operator = str(clause.get("question")), str(clause.get("operator"))
        if link_id not in self._names:
            told.refuse(place, f"depends on '{link_id}', which is not asked")
        if operator not in list(Operator):
            told.refuse(place, f"compares by '{operator}', which is not known")
        return {
            "question": self._names.get(link_id, "unnamed"),
            "operator": operator,
            "answer": self._answer(clause, link_id, place),
        }

    def _answer(self, clause: Json, link_id: str, place: str) -> Any:
        named = [name for name in clause if name.startswith("answer")]
        value = clause[named[0]] if len(named) == 1 else None
        if named == ["answerCoding"] and isinstance(value, dict):
            given = str(value.get("code"))
            return self._codes.get((link_id, given), as_code(given))
        if named == ["answerTime"] and isinstance(value, str):
            return value.removesuffix(":00") if value.count(":") == 2 else value
        if not isinstance(value, bool | int | float | str):
            told = named[0] if named else "nothing"
            self._told.refuse(place, f"compares with {told}, which cannot be taken")
        return value

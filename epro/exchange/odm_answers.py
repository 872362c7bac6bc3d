"""Answers as ODM data: a value, or the reason why there is none, for each item of the form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lxml import etree

from epro.exchange import odm_names as names
from epro.exchange.changes import Change, Field, FieldType, Form
from epro.exchange.odm_elements import add, add_flag
from epro.exchange.odm_metadata import item_oids, number_text
from questionnaires.definition import Item, ItemType, Questionnaire


def add_answers(
    form: etree._Element, questionnaire: Questionnaire, change: Change, *, transaction: str | None
) -> None:
    """Add the group of a form that holds its answers; every item of it is there."""
    group = _add(form, "ItemGroupData", transaction, ItemGroupOID=names.group(questionnaire.code))
    answers = {answer["link_id"]: answer for answer in change.data["answers"]}
    for item in questionnaire.items:
        if item.takes_answer:
            answer = answers.get(item.link_id, {})
            _add_answer(group, questionnaire.code, item, change, answer, transaction)


def add_fields(
    parent: etree._Element, form: Form, values: Mapping[str, Any], *, transaction: str | None
) -> None:
    """Add a group that holds an entity's fields; what an entity does not have is left out."""
    group = _add(parent, "ItemGroupData", transaction, ItemGroupOID=names.group(form.type))
    for field in form.fields:
        if field.name not in values:
            continue
        oid, value = names.item(form.type, field.name), values[field.name]
        if value is None:
            _add(group, "ItemData", transaction, ItemOID=oid, IsNull="Yes")
        else:
            _add(group, "ItemData", transaction, ItemOID=oid, Value=_field_text(field, value))


def _add_answer(
    group: etree._Element,
    code: str,
    item: Item,
    change: Change,
    answer: Mapping[str, Any],
    transaction: str | None,
) -> None:
    values = _values(code, item, answer)
    for oid in item_oids(code, item):
        if values is None:
            made = _add(group, "ItemData", transaction, ItemOID=oid, IsNull="Yes")
            add_flag(made, names.NULL_REASONS, null_reason(item, change, answer))
            continue
        made = _add(group, "ItemData", transaction, ItemOID=oid, Value=values[oid])
        if item.unit:
            add(made, "MeasurementUnitRef", MeasurementUnitOID=names.unit(item.unit))
        if answer.get("confirmed"):
            add_flag(made, names.REMARKS, "CONFIRMED")


def null_reason(item: Item, change: Change, answer: Mapping[str, Any]) -> str:
    """Return why an item of a response has no value."""
    if answer.get("declined"):
        return "DECLINED"
    if answer.get("withheld"):
        return "WITHHELD"
    if item.link_id in change.data["hidden"]:
        return "HIDDEN"
    return "NOT_REACHED" if item.link_id in change.data["not_reached"] else "BLANK"


def _values(code: str, item: Item, answer: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Return the text of each value by its OID; None where there is no value."""
    value = answer.get("value")
    if value is None:
        return None
    if names.has_several(item):
        return {
            names.item(code, item.link_id, choice): "1" if choice in value else "0"
            for choice in item.codes
        }
    return {names.item(code, item.link_id): _text(item, value)}


def _text(item: Item, value: Any) -> str:
    if item.type is ItemType.NUMBER:
        return number_text(value, item.decimals)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _field_text(field: Field, value: Any) -> str:
    if field.type is FieldType.BOOLEAN:
        return "true" if value else "false"
    is_nested = isinstance(value, list) and any(isinstance(one, Mapping) for one in value)
    if isinstance(value, Mapping) or is_nested:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _add(
    parent: etree._Element, tag: str, transaction: str | None, **attributes: str
) -> etree._Element:
    if transaction:
        attributes["TransactionType"] = transaction
    return add(parent, tag, **attributes)

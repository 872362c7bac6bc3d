"""Whether a value is one that its item can take: type, codes, length, limits, unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from lxml import etree

from epro.exchange.odm_definitions import (
    Definitions,
    Fault,
    Version,
    children,
    descendants,
    fault,
)

_OUTSIDE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "LT": lambda value, limit: value >= limit,
    "LE": lambda value, limit: value > limit,
    "GT": lambda value, limit: value <= limit,
    "GE": lambda value, limit: value < limit,
}


def has_zone(text: str) -> bool:
    """Tell whether a time says its offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def value_faults(
    data: etree._Element, item: etree._Element, version: Version, known: Definitions
) -> Iterator[Fault]:
    """Yield what is wrong with one ItemData that has a value."""
    value, oid = data.get("Value", ""), item.get("OID")
    kind = item.get("DataType", "text")
    if kind in _IS_OF_TYPE and not _IS_OF_TYPE[kind](value):
        yield fault(data, "type", f"{oid} takes a {kind}")
        return
    if kind == "datetime" and not has_zone(value):
        yield fault(data, "zone", f"{oid} holds a time without its offset")
    if len(value) > int(item.get("Length") or len(value)):
        yield fault(data, "length", f"{oid} is longer than its item says")
    for reference in children(item, "CodeListRef"):
        codes = version.codes(reference.get("CodeListOID"))
        if codes is not None and value not in codes:
            yield fault(data, "code", f"{oid} holds a value that its code list does not")
    yield from _limit_faults(data, item, value)
    yield from _unit_faults(data, item, known)


def _limit_faults(data: etree._Element, item: etree._Element, value: str) -> Iterator[Fault]:
    for check in children(item, "RangeCheck"):
        outside = _OUTSIDE.get(check.get("Comparator", ""))
        if check.get("SoftHard") != "Hard" or outside is None:
            continue
        for limit in children(check, "CheckValue"):
            if outside(Decimal(value), Decimal(limit.text or "0")):
                yield fault(data, "limit", f"{item.get('OID')} lies outside what is possible")


def _unit_faults(data: etree._Element, item: etree._Element, known: Definitions) -> Iterator[Fault]:
    units = {one.get("MeasurementUnitOID") for one in children(item, "MeasurementUnitRef")}
    for reference in descendants(data, "MeasurementUnitRef"):
        oid = reference.get("MeasurementUnitOID")
        if oid not in known.units and known.units:
            yield fault(data, "reference", f"there is no MeasurementUnit {oid}")
        elif oid not in units:
            yield fault(data, "unit", f"{item.get('OID')} is not measured in {oid}")


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and "e" not in text.lower()
    except InvalidOperation:
        return False


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


_IS_OF_TYPE: Mapping[str, Callable[[str], bool]] = {
    "integer": lambda text: re.fullmatch(r"-?[0-9]+", text) is not None,
    "float": _is_number,
    "boolean": lambda text: text in {"true", "false"},
    "date": _is_date,
    "datetime": _is_instant,
    "partialTime": lambda text: re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", text) is not None,
}

"""The order of a short list, as its address asks for it; long ones the database puts in order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import request

from epro.services.paging import Wanted
from epro.web.console.asked import is_down, query

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, if any was asked for; `args` are what else the address asks for."""

    column: str
    is_descending: bool
    args: Mapping[str, str]


def order_of(wanted: Wanted[Any], **place: str) -> Order:
    """Return the order in which the database was asked for a list; `place` is of its address."""
    return Order(wanted.column or "", wanted.is_descending, query() | place)


def ordered(
    lines: Iterable[Line], keys: Mapping[str, Callable[[Line], Any]]
) -> tuple[list[Line], Order]:
    """Return lines in the order that is asked for, or as they come; nothing comes last either way.

    `keys` names the columns that can be asked for, and what each line has there.
    """
    column = request.args.get("sort", "")
    order = Order(column if column in keys else "", is_down(), query())
    kept = list(lines)
    if key := keys.get(order.column):
        known = [one for one in kept if key(one) is not None]
        known.sort(key=key, reverse=order.is_descending)
        kept = known + [one for one in kept if key(one) is None]
    return kept, order

"""What an address asks for: filters, order, page. What it does not know it leaves out."""

from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from flask import request

from epro.services.paging import Wanted

Asked = TypeVar("Asked", bound=StrEnum)
LAST_PAGE = 10_000
LONGEST_CODE = 32


def asked_for(name: str, kind: type[Asked]) -> Asked | None:
    """Return a filter as one of its kind; None where it names none."""
    return next((one for one in kind if one.value == request.args.get(name)), None)


def is_down() -> bool:
    """Tell whether the order is turned round."""
    return request.args.get("down") == "1"


def page_number(name: str = "page") -> int:
    """Return the page that is asked for; the first one for anything that is no page."""
    asked = request.args.get(name, "")
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= 5
    return min(max(int(asked), 1), LAST_PAGE) if is_number else 1


def query() -> dict[str, Any]:
    """Return all that the address asks for, to be kept by what leads on.

    What the making of an address would take for an instruction of its own is left out.
    """
    return {
        name: value
        for name, value in request.args.to_dict().items()
        if name != "endpoint" and not name.startswith("_")
    }


def participant_code(name: str = "participant") -> str | None:
    """Return whose lines are asked for, as codes are written; None where nobody's are."""
    return request.args.get(name, "").strip().upper()[:LONGEST_CODE] or None


def wanted(columns: type[Asked], *, participant: str = "participant") -> Wanted[Asked]:
    """Return what of a list is asked for; `participant` is what the address calls whose."""
    return Wanted(
        participant=participant_code(participant),
        site=request.args.get("site") or None,
        column=asked_for("sort", columns),
        is_descending=is_down(),
        page=page_number(),
    )


def day(name: str) -> date | None:
    """Return a date; None for anything that is none."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def uuid(name: str) -> UUID | None:
    """Return an id; None for anything that is none."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None

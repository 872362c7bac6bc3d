"""What was typed into a form, read field by field; what is not right names its field.

Times are typed as the clock of a named zone shows them, and come back as instants in UTC.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.api.context import client_address, client_name, transaction, wall_now
from epro.errors import DomainError, InvalidInput
from epro.services.sessions import Caller
from epro.services.signing_in import Proof
from epro.web.console.refused import Refused

LONGEST_TEXT = 4_000
LONGEST_LINE = 200
SECRETS = frozenset({"password", "totp", "csrf", "new_password", "new_password_again"})
Chosen = TypeVar("Chosen", bound=StrEnum)


class YesNo(StrEnum):
    """What a question takes that has to be answered: nothing chosen is no answer."""

    YES = "yes"
    NO = "no"


def line(field: str) -> str:
    """Return one line of text, trimmed; empty where nothing was typed."""
    return _typed(field)[:LONGEST_LINE]


def needed_line(field: str) -> str:
    """Return one line of text; raise InvalidInput where nothing was typed."""
    if not (written := line(field)):
        raise not_right(field, "Something is needed here.")
    return written


def secret(field: str) -> str:
    """Return what was typed as a password: untouched, but for what cannot be stored."""
    return request.form.get(field, "").replace("\x00", "")[:256]


def text(field: str) -> str:
    """Return several lines of text, trimmed; empty where nothing was typed."""
    return _typed(field)[:LONGEST_TEXT]


def chosen(field: str, kind: type[Chosen]) -> Chosen:
    """Return what was chosen; raise InvalidInput where nothing was."""
    if (found := perhaps(field, kind)) is None:
        raise not_right(field, "Please choose one.")
    return found


def perhaps(field: str, kind: type[Chosen]) -> Chosen | None:
    """Return what was chosen, if anything was."""
    return next((one for one in kind if one.value == line(field)), None)


def ticked(field: str, kind: type[Chosen]) -> list[Chosen]:
    """Return everything that was ticked, in the order in which it is declared."""
    asked = set(request.form.getlist(field))
    return [one for one in kind if one.value in asked]


def ticked_of(field: str, known: Iterable[str]) -> list[str]:
    """Return those of the known names that were ticked, in their order."""
    asked = set(request.form.getlist(field))
    return [one for one in known if one in asked]


def ids(field: str) -> list[UUID]:
    """Return the ids that were ticked. Raises InvalidInput for anything that is none."""
    try:
        return [UUID(one) for one in request.form.getlist(field)]
    except ValueError as error:
        raise not_right(field, "Please choose one.") from error


def number(field: str) -> int | None:
    """Return a whole number; None where nothing was typed. Raises InvalidInput."""
    if not (written := line(field)):
        return None
    if not (written.isascii() and written.isdigit()):
        raise not_right(field, "This is not a number.")
    return int(written[:9])


def day(field: str) -> date | None:
    """Return a date; None where nothing was typed. Raises InvalidInput."""
    if not (written := line(field)):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise not_right(field, "This is not a date.") from error


def needed_day(field: str) -> date:
    """Return a date; raise InvalidInput where none was typed."""
    if (on := day(field)) is None:
        raise not_right(field, "A date is needed.")
    return on


def instant(field: str, zone: str) -> datetime | None:
    """Return an instant typed as a clock of `zone` shows it; None where nothing was typed."""
    if not (written := line(field)):
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise not_right(field, "This is not a time.") from error


def offset_instant(field: str) -> datetime | None:
    """Return an instant that the page itself wrote, offset included, if there is one."""
    try:
        found = datetime.fromisoformat(line(field)) if line(field) else None
    except ValueError as error:
        raise not_right(field, "This is no instant.") from error
    if found is not None and found.tzinfo is None:
        raise not_right(field, "This is no instant.")
    return found


def needed_instant(field: str, zone: str) -> datetime:
    """Return an instant; raise InvalidInput where none was typed."""
    if (at := instant(field, zone)) is None:
        raise not_right(field, "A time is needed.")
    return at


def uuid(field: str) -> UUID:
    """Return an id that the page made for itself; raise InvalidInput for what is none."""
    try:
        return UUID(line(field))
    except ValueError as error:
        raise not_right(field, "Please open this form anew.") from error


def proof() -> Proof:
    """Return what is typed to sign: password and one-time code, anew each time."""
    caller = Caller(client=client_name(), address=client_address())
    return Proof(
        password=request.form.get("password", "")[:256], totp=request.form.get("totp", "")[:16],
        caller=caller, wall_now=wall_now(),
    )  # fmt: skip


def not_right(field: str, message: str) -> InvalidInput:
    """Return the refusal of one field."""
    return InvalidInput(details={"problems": [{"place": field, "message": message}]})


def attempt(
    form: str,
    act: Callable[[Session], None],
    *,
    show: Callable[..., ResponseReturnValue],
    to: str,
) -> ResponseReturnValue:
    """Do what a form asks for and go on to `to`; or show its page, with why not beside the form."""
    try:
        with transaction() as session:
            act(session)
    except DomainError as refusal:
        return show(status=refusal.status, refused=refused(form, refusal))
    return redirect(to, code=303)


def refused(form: str, refusal: DomainError) -> Refused:
    """Return a refusal together with what had been typed, secrets left out."""
    kept = {name: values for name, values in request.form.lists() if name not in SECRETS}
    return Refused(form, refusal, kept)


def _typed(field: str) -> str:
    written = request.form.get(field, "").replace("\x00", "").replace("\r\n", "\n").strip()
    # Halves of surrogate pairs can be sent, but no database stores them.
    return written.encode("utf-8", "ignore").decode("utf-8")

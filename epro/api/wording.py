"""What staff typed is looked through before it is stored: a warning first, kept when confirmed.

It sits at the writing door itself, so that no field of the API or of a page can be forgotten.
"""

from collections.abc import Iterator
from typing import Any

from flask import g, request

from epro.access import Actor, ActorKind
from epro.errors import InvalidRequest, MayReveal
from epro.services import revealing
from epro.services.revealing import Revealing
from questionnaires.catalogue import Catalogue

CONFIRMED_BY = "Reveals-Nothing"  # header of the API; pages have a field
CONFIRMED_IN = "reveals_nothing"
YES = "yes"
# Secrets, what a participant herself answered, and lists of another system's.
NOT_LOOKED_AT = frozenset({"password", "totp", "pin", "pin_again", "csrf", "answers", "csv"})
HERS = "her-"  # how fields of pages begin that hold what she wrote herself
WRITES = frozenset({"POST", "PUT", "PATCH"})
LONGEST_PLACE = 128


def is_due() -> bool:
    """Tell whether `look_through` has something to do: staff write, and it has not looked yet."""
    actor: Actor | None = g.get("actor")
    is_staff = actor is not None and actor.kind is ActorKind.USER
    return is_staff and request.method in WRITES and "is_looked_through" not in g


def look_through(catalogue: Catalogue) -> Revealing | None:
    """Return what was confirmed of the words that the actor typed in this request, if anything.

    Once in a request: after a warning nothing more is stored in it. Raises MayReveal, naming
    fields and words, as long as nobody has confirmed, and InvalidRequest for a confirmation in
    another word than yes.
    """
    g.is_looked_through = True
    if request.headers.get(CONFIRMED_BY, YES) != YES:
        problem = {"place": CONFIRMED_BY, "message": f"This header says {YES}, or is not there."}
        raise InvalidRequest(details={"problems": [problem]})
    found = revealing.find_in(dict(_typed()), catalogue=catalogue)
    if not found.by_field:
        return None
    if not _is_confirmed():
        raise MayReveal(details={"words": found.words, "fields": list(found.by_field)})
    return found


def place() -> str:
    """Return which form or route this is, as an entry names it."""
    return f"{request.method} {request.path}"[:LONGEST_PLACE]


def _is_confirmed() -> bool:
    return YES in {request.headers.get(CONFIRMED_BY), request.form.get(CONFIRMED_IN)}


def _typed() -> Iterator[tuple[str, str]]:
    """Yield every text of the request with the field it came in."""
    for field, values in request.form.lists():
        if field not in NOT_LOOKED_AT and not field.startswith(HERS):
            yield field, "\n".join(values)
    if request.is_json:
        try:
            yield from list(_texts_in(request.get_json(silent=True), ""))
        except RecursionError:
            return  # Whoever takes a body refuses one that is nested so deeply: nothing is stored.


def _texts_in(value: Any, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in NOT_LOOKED_AT:
                yield from _texts_in(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts_in(inner, f"{field}[{number}]")

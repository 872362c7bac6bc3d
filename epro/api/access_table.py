"""Every route with what it asks for and who holds it: as values, and as docs/access.md.

Made from the running code, so that what is written down cannot differ from what is enforced.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import Flask

from epro.access import PERMISSIONS_OF, Permission, Role
from epro.api.blueprint import SMOREST_DOC

ANSWERED_BY_FLASK = {"HEAD", "OPTIONS"}
HEADING = """\
# Who may call what

Written by `epro routes --write` from the code that enforces it. A ✓ says that the role holds the
permission the route asks for. Where: at the sites of that role only; a participant of another site
looks like one who does not exist. Every request that changes something is on record.
"""


class Unguarded(Exception):
    """A view that neither `requires` a permission nor is marked `public`."""


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One method of one path; `permission` None says that anybody may call it."""

    path: str
    method: str
    permission: Permission | None

    @property
    def is_public(self) -> bool:
        return self.permission is None

    def is_open_to(self, role: Role) -> bool:
        """Tell whether the role holds the permission, at whichever site."""
        return self.permission is None or self.permission in PERMISSIONS_OF[role]


def routes_of(app: Flask) -> list[Route]:
    """Return every route, by path and method. Raises Unguarded, naming all that are bare."""
    found, bare = [], []
    for rule in app.url_map.iter_rules():
        noted = getattr(app.view_functions[rule.endpoint], SMOREST_DOC, {})
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        if "permission" not in noted:
            bare.append(path)
        else:
            methods = (rule.methods or set()) - ANSWERED_BY_FLASK
            found += [Route(path, method, noted["permission"]) for method in methods]
    if bare:
        raise Unguarded("Neither `requires` nor `public`: " + ", ".join(sorted(bare)))
    return sorted(found, key=lambda route: (route.path, route.method))


def as_markdown(routes: Iterable[Route]) -> str:
    """Return the table as the text of docs/access.md."""
    return "\n".join([HEADING, *_lines(list(routes))]) + "\n"


def _lines(routes: list[Route]) -> Iterator[str]:
    roles = [role for role in Role if any(map(PERMISSIONS_OF[role].__contains__, Permission))]
    titles = ["Route", "Permission", *(role.replace("_", " ") for role in roles)]
    yield f"| {' | '.join(titles)} |"
    yield f"|---|---|{':-:|' * len(roles)}"
    for route in routes:
        if route.permission is not None:
            ticks = ("✓" if route.is_open_to(role) else "" for role in roles)
            cells = [f"{route.method} `{route.path}`", route.permission, *ticks]
            yield f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")
    yield ""
    yield "## Open to anybody"
    yield ""
    yield from (f"- {route.method} `{route.path}`" for route in routes if route.is_public)

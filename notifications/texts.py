"""Approved texts with their few placeholders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Subject number, tier, rule, local time, link to the log-in page, for a site how many flags wait,
# and for the owner of an account who changed it and whom to call: nothing else may leave.
PLACEHOLDERS = frozenset({"code", "tier", "rule", "time", "link", "site", "count", "who", "call"})
MAX_PARAM_LENGTH = 200

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class BadText(ValueError):
    """A text and its parameters do not fit; the message names the placeholder, never its value."""


@dataclass(frozen=True, slots=True)
class Text:
    """One template in one language; a subject only where the channel has one.

    `version` is the edition that was approved; a gateway may hold its own copy under it.
    """

    body: str
    subject: str | None = None
    version: str = "1"


def needed(text: Text) -> frozenset[str]:
    """Return the names of the parameters that a text uses; raise BadText for an unknown one."""
    names = frozenset(_PLACEHOLDER.findall(f"{text.subject or ''}\n{text.body}"))
    if unknown := names - PLACEHOLDERS:
        raise BadText(f"Unknown placeholder: {', '.join(sorted(unknown))}.")
    return names


def render(text: Text, params: Mapping[str, str]) -> Text:
    """Put the parameters into a text; those it does not use stay out of it.

    Raises BadText for a parameter that is missing, unknown, too long or more than one line.
    """
    if missing := needed(text) - params.keys():
        raise BadText(f"Missing parameter: {', '.join(sorted(missing))}.")
    check_params(params)

    def fill(part: str) -> str:
        # One pass: a value that looks like a placeholder stays what it is.
        return _PLACEHOLDER.sub(lambda match: params[match[1]], part)

    subject = None if text.subject is None else fill(text.subject)
    return Text(body=fill(text.body), subject=subject, version=text.version)


def check_params(params: Mapping[str, str]) -> None:
    """Refuse what no template may be given: raise BadText, naming the parameter only."""
    for name, value in params.items():
        if name not in PLACEHOLDERS:
            raise BadText(f"Unknown parameter: {name}.")
        if len(value) > MAX_PARAM_LENGTH or not value.isprintable():
            raise BadText(f"Parameter {name} is not one short line.")

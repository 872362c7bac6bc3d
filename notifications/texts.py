"""Approved texts with their few placeholders, and how many SMS segments they cost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Subject number, tier, rule, local time, link to the log-in page: nothing else may leave.
PLACEHOLDERS = frozenset({"code", "tier", "rule", "time", "link"})
MAX_PARAM_LENGTH = 200

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_GSM_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("^{}\\[~]|€\f")  # two places each


class BadText(ValueError):
    """A text and its parameters do not fit; the message names the placeholder, never its value."""


@dataclass(frozen=True, slots=True)
class Text:
    """One template in one language; a subject only where the channel has one."""

    body: str
    subject: str | None = None


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

    return Text(body=fill(text.body), subject=None if text.subject is None else fill(text.subject))


def check_params(params: Mapping[str, str]) -> None:
    """Refuse what no template may be given: raise BadText, naming the parameter only."""
    for name, value in params.items():
        if name not in PLACEHOLDERS:
            raise BadText(f"Unknown parameter: {name}.")
        if len(value) > MAX_PARAM_LENGTH or not value.isprintable():
            raise BadText(f"Parameter {name} is not one short line.")


def segments(text: str) -> int:
    """Return how many SMS a text takes: 160 places in the GSM alphabet, 70 in UCS-2 (Chinese).

    Texts that need more than one lose some places of each: 153 and 67 are left (3GPP TS 23.040).
    """
    if set(text) <= _GSM_ALPHABET | _GSM_EXTENSION:
        length = len(text) + sum(character in _GSM_EXTENSION for character in text)
        single, several = 160, 153
    else:
        length = len(text.encode("utf-16-be")) // 2
        single, several = 70, 67
    return 1 if length <= single else -(-length // several)

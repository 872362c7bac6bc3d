"""How many text messages a text costs, and how many places of one it fills."""

from __future__ import annotations

_GSM_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("^{}\\[~]|€\f")  # two places each


def is_gsm(text: str) -> bool:
    """Tell whether every character is in the GSM 7-bit alphabet (3GPP TS 23.038)."""
    return set(text) <= _GSM_ALPHABET | _GSM_EXTENSION


def places(text: str) -> int:
    """Return how many places a text takes: septets in the GSM alphabet, else UTF-16 units."""
    if is_gsm(text):
        return len(text) + sum(character in _GSM_EXTENSION for character in text)
    return len(text.encode("utf-16-be")) // 2


def places_in_one(text: str) -> int:
    """Return how many places one message has for it: 160, or 70 in UCS-2 (Chinese)."""
    return 160 if is_gsm(text) else 70


def segments(text: str) -> int:
    """Return how many SMS a text takes.

    Texts that need more than one lose some places of each: 153 and 67 are left (3GPP TS 23.040).
    """
    length, single = places(text), places_in_one(text)
    several = 153 if is_gsm(text) else 67
    return 1 if length <= single else -(-length // several)

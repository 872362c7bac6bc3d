"""How urgent something is, and the ways a message can travel: words shared by all who tell."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """How fast somebody has to act; `SAFETY.md` section 1."""

    RED_A = "RED_A"
    RED_B = "RED_B"
    ORANGE = "ORANGE"
    YELLOW = "YELLOW"

    @property
    def is_red(self) -> bool:
        """Tell whether life or the next hours are at stake."""
        return self in {Tier.RED_A, Tier.RED_B}

    @property
    def urgency(self) -> int:
        """Return a number to sort by; the highest is the most urgent."""
        return [Tier.YELLOW, Tier.ORANGE, Tier.RED_B, Tier.RED_A].index(self)


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"

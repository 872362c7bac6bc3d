"""The sites of a rehearsal: each with its own zone, and in it its own days and hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Place:
    """A site, by its code; at `digest_at` the mail comes that counts what waits."""

    code: str
    zone: ZoneInfo
    digest_at: time

    def at(self, on: date, clock: time) -> datetime:
        """Return a local time of the site."""
        return datetime.combine(on, clock, tzinfo=self.zone)

    def day(self, instant: datetime) -> date:
        """Return the day it is at the site."""
        return instant.astimezone(self.zone).date()


def places(rates: Mapping[str, Any]) -> dict[str, Place]:
    """Return every site of a file of rates, by code."""
    zones: Mapping[str, str] = rates["sites"]["zones"]
    digest_at = time.fromisoformat(rates["sites"]["digest_at"])
    return {code: Place(code, ZoneInfo(zone), digest_at) for code, zone in zones.items()}


def place_of(number: int, rates: Mapping[str, Any]) -> Place:
    """Return where the participant of that number is: people are dealt out in turn."""
    turns: list[str] = rates["sites"]["turns"]
    return places(rates)[turns[(number - 1) % len(turns)]]

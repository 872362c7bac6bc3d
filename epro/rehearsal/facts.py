"""What people did in a rehearsal, one by one: the only thing that the oracle is told."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


class Did(StrEnum):
    """The kinds of act that the system may have to follow."""

    ENROLLED = "enrolled"
    ACTIVATED = "activated"
    CHOSE_TIME = "chose_time"
    ANCHORED = "anchored"
    ANSWERED = "answered"
    ANSWERED_QUESTION = "answered_question"
    CORRECTED = "corrected"
    TYPED_IN = "typed_in"
    RATED = "rated"
    PUT_RATING_RIGHT = "put_rating_right"
    COMPARED = "compared"
    PUT_RIGHT = "put_right"
    MOVED_ZONE = "moved_zone"
    CHANGED_SLOT = "changed_slot"
    PAUSED = "paused"
    CAME_BACK = "came_back"
    LEFT = "left"
    WITHDREW_CONSENT = "withdrew_consent"
    GAVE_CONSENT = "gave_consent"
    NUMBER_DIED = "number_died"
    NUMBER_CAME_BACK = "number_came_back"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    CALLED = "called"
    ASKED_CORRECTION = "asked_correction"
    CONFIRMED_CORRECTION = "confirmed_correction"
    REFUSED_CORRECTION = "refused_correction"
    DECLINED_CORRECTION = "declined_correction"
    DECIDED = "decided"
    ENDED_EVENT = "ended_event"
    SIGNED_OFF = "signed_off"  # tried to: whether it was taken is the system's to say
    LOCKED = "locked"
    UNLOCKED = "unlocked"


FAR_OFF = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fact:
    """One act about one participant; `at` is when the system had it, by the trial's clock."""

    at: datetime
    person: str
    did: Did
    what: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on duty from when until when, by user name; `duty` is `on_call` or `backup`."""

    duty: str
    person: str
    begins_at: datetime
    ends_at: datetime
    site: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the site: user name, role, and where texts and mails go to."""

    username: str
    role: str
    number: str
    email: str
    site: str


def site_of(person: str) -> str:
    """Return the code of a participant's site: her own code begins with it."""
    return person.partition("-")[0]


@dataclass(slots=True)
class Script:
    """All that was done, in order, by whom it could be done, until when.

    Of each site its zone, and at which local time its daily mail comes.
    """

    zones: dict[str, str] = field(default_factory=dict)
    digest_at: dict[str, str] = field(default_factory=dict)
    staff: list[Staff] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    ends_at: datetime = FAR_OFF

    def of(self, person: str) -> list[Fact]:
        """Return what was done about one participant, in order."""
        return sorted((one for one in self.facts if one.person == person), key=lambda one: one.at)

    def at_site_of(self, person: str) -> "Script":
        """Return the same with the staff of one participant's site alone."""
        site = site_of(person)
        return replace(
            self,
            staff=[one for one in self.staff if one.site == site],
            shifts=[one for one in self.shifts if one.site == site],
        )

    def people(self) -> list[str]:
        """Return the codes of whoever was enrolled."""
        return sorted({one.person for one in self.facts if one.did is Did.ENROLLED})


def write_json(file: Path, content: object) -> None:
    """Write values as JSON for people and programs: instants in ISO 8601."""
    text = json.dumps(content, default=_plain, ensure_ascii=False, indent=1)
    file.write_text(text, encoding="utf-8")


def plain(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Return dataclasses as dictionaries."""
    return [asdict(one) for one in items]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)

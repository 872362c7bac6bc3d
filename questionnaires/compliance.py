"""Compliance: how much of what was expected was answered, with both numbers stated (C-02).

*Expected* are the assessments whose time is over or that are answered. Not expected are those that
were cancelled, that could not be offered, that a pause suspended (unless she had answered before),
and those of blocks that are not analysed. *Completed* are the expected ones with an answer that
counts, on time and late apart; the rate takes both. Nothing here knows how many infusions anybody
had: no count is grouped by that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction


class Standing(StrEnum):
    """How one assessment enters the count."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"
    NOT_OFFERED = "not_offered"
    SUSPENDED = "suspended"
    NOT_YET = "not_yet"
    NOT_COUNTED = "not_counted"


def standing(
    *,
    is_counted: bool,
    is_not_offered: bool,
    is_suspended: bool,
    is_answered: bool,
    is_late: bool,
    is_over: bool,
) -> Standing:
    """Tell how an assessment counts; what is excluded is named before what is counted.

    Suspended is what a pause fell on before it was answered; over is what takes no answer any more.
    """
    if not is_counted:
        return Standing.NOT_COUNTED
    if is_not_offered:
        return Standing.NOT_OFFERED
    if is_suspended:
        return Standing.SUSPENDED
    if is_answered:
        return Standing.LATE if is_late else Standing.ON_TIME
    return Standing.MISSED if is_over else Standing.NOT_YET


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One assessment as it is counted; `on` is its local day.

    `answered_at` is when the answer that counts was given; `is_late` is that answer's word.
    """

    participant: str
    site: str
    block: str
    on: date
    late_until: datetime
    answered_at: datetime | None = None
    is_late: bool = False
    is_cancelled: bool = False
    is_not_offered: bool = False
    suspended_at: datetime | None = None
    is_analysed: bool = True

    def standing_at(self, now: datetime) -> Standing:
        """Tell how it counts at an instant."""
        return standing(
            is_counted=self.is_analysed and not self.is_cancelled,
            is_not_offered=self.is_not_offered,
            is_suspended=self.suspended_at is not None and not self._was_answered_before_the_pause,
            is_answered=self.answered_at is not None,
            is_late=self.is_late,
            is_over=now >= self.late_until,
        )

    @property
    def _was_answered_before_the_pause(self) -> bool:
        return (
            self.answered_at is not None
            and self.suspended_at is not None
            and self.answered_at < self.suspended_at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance:
    """Numbers of assessments. `expected` is the denominator, `completed` the numerator."""

    on_time: int = 0
    late: int = 0
    missed: int = 0
    not_offered: int = 0
    suspended: int = 0

    @property
    def completed(self) -> int:
        """Return the answered ones, late ones included."""
        return self.on_time + self.late

    @property
    def expected(self) -> int:
        """Return those that could have been answered and whose time is over, or that are."""
        return self.completed + self.missed

    @property
    def rate(self) -> Fraction | None:
        """Return completed ÷ expected, exactly; None where nothing was expected."""
        return Fraction(self.completed, self.expected) if self.expected else None


def compliance(counted: Iterable[Counted], *, now: datetime) -> Compliance:
    """Count all of them as they stand at `now`."""
    return compliance_of(Counter(one.standing_at(now) for one in counted))


def compliance_of(numbers: Mapping[Standing, int]) -> Compliance:
    """Return what so many assessments of each standing come to."""
    return Compliance(
        on_time=numbers.get(Standing.ON_TIME, 0),
        late=numbers.get(Standing.LATE, 0),
        missed=numbers.get(Standing.MISSED, 0),
        not_offered=numbers.get(Standing.NOT_OFFERED, 0),
        suspended=numbers.get(Standing.SUSPENDED, 0),
    )


class Grouping(StrEnum):
    """What counts can be told apart by; by design nothing that tells who was given what."""

    PARTICIPANT = "participant"
    BLOCK = "block"
    SITE = "site"
    PERIOD = "period"


# A period is the month of the local day, as "2026-03".
_KEYS: Mapping[Grouping, Callable[[Counted], str]] = {
    Grouping.PARTICIPANT: lambda one: one.participant,
    Grouping.BLOCK: lambda one: one.block,
    Grouping.SITE: lambda one: one.site,
    Grouping.PERIOD: lambda one: f"{one.on:%Y-%m}",
}


def compliance_by(
    grouping: Grouping, counted: Iterable[Counted], *, now: datetime
) -> dict[str, Compliance]:
    """Count each group for itself, in the order of their names."""
    groups: dict[str, list[Counted]] = defaultdict(list)
    for one in counted:
        groups[_KEYS[grouping](one)].append(one)
    return {name: compliance(groups[name], now=now) for name in sorted(groups)}

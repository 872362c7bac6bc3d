"""Hours of the local day, office hours and working days, as instants."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from questionnaires.schedule import ClockTime
from questionnaires.windows import MINUTES_PER_DAY, instant_of

_DAY = timedelta(days=1)


class Weekday(StrEnum):
    """A day of the week, in the order of `date.weekday()`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


@dataclass(frozen=True, slots=True)
class LocalHours:
    """Times of the local day from `begin` until before `end`; may cross midnight."""

    begin: ClockTime
    end: ClockTime

    def holds(self, minute: int) -> bool:
        """Tell whether that minute of the local day lies inside; the one of `end` does not."""
        length = (self.end.minute - self.begin.minute) % MINUTES_PER_DAY
        return (minute - self.begin.minute) % MINUTES_PER_DAY < length

    def hold_at(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether the local clock shows one of these hours at an instant."""
        return self.holds(_minute(at, zone))

    def left_from(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the first instant, from `at` on, at which the local clock shows another hour."""
        while self.hold_at(at, zone):
            at = next_at(self.end.minute, at, zone)
        return at

    def next_begin(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the first instant after `after` at which these hours begin; None: never."""
        has_any = self.begin.minute % MINUTES_PER_DAY != self.end.minute % MINUTES_PER_DAY
        return next_at(self.begin.minute, after, zone) if has_any else None


@dataclass(frozen=True, slots=True)
class Opening:
    """From when to before when a site is staffed, as instants."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When a site is staffed, in its own zone; `begin` and `end` lie on the same day.

    `holidays` are free days and `working_days` weekends that are worked, as ISO dates: in China
    both are announced for each year.
    """

    days: tuple[Weekday, ...]
    begin: ClockTime
    end: ClockTime
    holidays: tuple[str, ...] = ()
    working_days: tuple[str, ...] = ()

    def is_working_day(self, on: date, holidays: Collection[date]) -> bool:
        """Tell whether the site works on a local day."""
        if on.isoformat() in self.working_days:
            return True
        is_free = on in holidays or on.isoformat() in self.holidays
        return list(Weekday)[on.weekday()] in self.days and not is_free

    def hold_at(self, at: datetime, zone: ZoneInfo, holidays: Collection[date]) -> bool:
        """Tell whether the site is staffed at an instant."""
        is_open = self.begin.minute <= _minute(at, zone) < self.end.minute
        return is_open and self.is_working_day(at.astimezone(zone).date(), holidays)

    def next_opening(self, after: datetime, zone: ZoneInfo, holidays: Collection[date]) -> datetime:
        """Return the first instant after `after` at which the site opens."""
        opening = next_at(self.begin.minute, after, zone)
        while not self.is_working_day(opening.astimezone(zone).date(), holidays):
            opening = next_at(self.begin.minute, opening, zone)
        return opening

    def openings(
        self, from_on: date, days: int, zone: ZoneInfo, holidays: Collection[date] = ()
    ) -> tuple[Opening, ...]:
        """Return when the site is staffed on so many local days, the first of them `from_on`."""
        each = (from_on + number * _DAY for number in range(days))
        return tuple(
            Opening(instant_of(on, self.begin.minute, zone), instant_of(on, self.end.minute, zone))
            for on in each
            if self.is_working_day(on, holidays)
        )

    def working_day_after(self, on: date, number: int, holidays: Collection[date]) -> date:
        """Return the first (second, …) working day after a local day."""
        for _ in range(number):
            on += _DAY
            while not self.is_working_day(on, holidays):
                on += _DAY
        return on


def next_at(minute: int, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after `after` at which the local clock reaches that minute."""
    on = after.astimezone(zone).date()
    while (instant := instant_of(on, minute, zone)) <= after:
        on += _DAY
    return instant


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute

"""The study package as the oracle reads it: plain values, by a reader of its own.

Nothing here or beside it imports the system. What a word of the package means was taken from the
documents (the protocol's safety and schedule tables, docs/schedule.md, docs/messages.md and the
comments in the package itself), so that a misreading in the code is not repeated here.
"""

from collections import Counter
from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.sources import read_yaml

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
URGENCY = {"YELLOW": 0, "ORANGE": 1, "RED_B": 2, "RED_A": 3}
RED = ("RED_A", "RED_B")


class Protocol:
    """One study package, and where the site lies."""

    def __init__(self, folder: Path, *, site_zone: str = "Asia/Shanghai") -> None:
        study, schedule, reminders, rules, escalation, lexicons, texts = (
            read_yaml(folder / f"{name}.yaml")
            for name in (
                "study",
                "schedule",
                "reminders",
                "rules",
                "escalation",
                "lexicons",
                "texts",
            )
        )
        self.site_zone = ZoneInfo(site_zone)
        self.infusion_day_number: int = study["infusion_day_number"]
        self.languages: list[str] = study["languages"]
        self.texts = {one["key"]: one for one in texts["texts"]}
        self.route: str = study["thermometer_route"]
        self.blocks: list[dict[str, Any]] = schedule["blocks"]
        self.shortest = timedelta(minutes=schedule["shortest_window_minutes"])
        self.adverse_events: dict[str, Any] = study["adverse_events"]
        self.reminders: dict[str, Any] = reminders
        self.rules: list[dict[str, Any]] = rules["rules"]
        self.trends: list[dict[str, Any]] = rules["trends"]
        self.lexicons: list[dict[str, Any]] = lexicons["lexicons"]
        self.silence: dict[str, Any] = rules["silence"]
        self.escalation: dict[str, Any] = escalation
        self.blocks_by_code = {one["code"]: one for one in self.blocks}
        self._step_counts = Counter(step["block"] for step in reminders["steps"])

    def at(self, site_zone: str) -> "Protocol":
        """Return the same study at a site in that zone."""
        there = copy(self)
        there.site_zone = ZoneInfo(site_zone)
        return there

    def step_count(self, block: str) -> int:
        """Return how many reminders a form of a block may have."""
        return self._step_counts[block]

    def offset(self, day: dict[str, int]) -> int:
        """Return how many days after the anchor's a day of the schedule lies."""
        if "days_after" in day:
            return day["days_after"]
        return day["study_day"] - self.infusion_day_number

    def is_working_day(self, on: date) -> bool:
        """Tell whether the site works on a day: weekdays, but for holidays; and worked weekends."""
        office = self.escalation["office_hours"]
        if on.isoformat() in office["working_days"]:
            return True
        return WEEKDAYS[on.weekday()] in office["days"] and on.isoformat() not in office["holidays"]

    def is_open(self, at: datetime) -> bool:
        """Tell whether the site is open at an instant."""
        office, local = self.escalation["office_hours"], at.astimezone(self.site_zone)
        begin, end = minute_of(office["begin"]), minute_of(office["end"])
        return self.is_working_day(local.date()) and begin <= local.hour * 60 + local.minute < end

    def next_opening(self, at: datetime) -> datetime:
        """Return when the site next opens, after an instant."""
        on = at.astimezone(self.site_zone).date()
        begin = minute_of(self.escalation["office_hours"]["begin"])
        while not (self.is_working_day(on) and clock(on, begin, self.site_zone) > at):
            on += DAY
        return clock(on, begin, self.site_zone)

    def working_day_after(self, at: datetime, number: int) -> date:
        """Return the first, second … working day after the day of an instant."""
        on = at.astimezone(self.site_zone).date()
        while number:
            on += DAY
            number -= self.is_working_day(on)
        return on


def minute_of(written: str) -> int:
    """Read "21:30" as minutes after midnight."""
    hours, minutes = written.split(":")
    return int(hours) * 60 + int(minutes)


def days_and_minute(written: str) -> tuple[int, int]:
    """Read "+1 18:00" as a number of days and minutes after midnight."""
    days, _, at = written.rpartition(" ")
    return int(days or 0), minute_of(at)


def clock(on: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local clock shows a time of a day, in UTC."""
    wall = datetime.combine(on, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def duration(written: str) -> timedelta:
    """Read "30min" or "4h"."""
    if written.endswith("min"):
        return timedelta(minutes=int(written.removesuffix("min")))
    return timedelta(hours=int(written.removesuffix("h")))


def is_within(minute: int, begin: int, end: int) -> bool:
    """Tell whether a time of the day lies in a span that may cross midnight; its end does not."""
    if begin <= end:
        return begin <= minute < end
    return minute >= begin or minute < end


def is_quiet(at: datetime, hours: dict[str, str], zone: ZoneInfo) -> bool:
    """Tell whether an instant lies in somebody's quiet hours."""
    local = at.astimezone(zone)
    return is_within(
        local.hour * 60 + local.minute, minute_of(hours["begin"]), minute_of(hours["end"])
    )


def end_of_quiet(at: datetime, hours: dict[str, str], zone: ZoneInfo) -> datetime:
    """Return the instant itself, or when the quiet hours that it lies in are over."""
    if not is_quiet(at, hours, zone):
        return at
    local, end = at.astimezone(zone), minute_of(hours["end"])
    on = local.date() if local.hour * 60 + local.minute < end else local.date() + DAY
    return clock(on, end, zone)

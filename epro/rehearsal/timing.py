"""When to look: the instants at which the system may have something to do, read from the package.

Only for stepping the clock. That an instant is missing here shows as a reminder that is late, so
nothing is hidden by it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.sources import read_yaml

# The block of what is asked again about a reported problem; it stands in no row of the schedule.
ASKED_AGAIN = "AE"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A local time, so many days after the day it belongs to."""

    days: int
    minute: int

    def on(self, day: date, zone: ZoneInfo) -> datetime:
        """Return the instant, in the zone."""
        wall = datetime.combine(day + timedelta(days=self.days), time())
        return (wall + timedelta(minutes=self.minute)).replace(tzinfo=zone).astimezone(UTC)


def local_time(written: str) -> LocalTime:
    """Read "18:00" or "+1 18:00"."""
    days, _, clock = written.rpartition(" ")
    hours, minutes = clock.split(":")
    return LocalTime(int(days or 0), int(hours) * 60 + int(minutes))


class Instants:
    """What a package says about when things happen to an assessment, by its questionnaire."""

    def __init__(self, package: Path) -> None:
        reminders, schedule = (
            read_yaml(package / name) for name in ("reminders.yaml", "schedule.yaml")
        )
        silence = read_yaml(package / "rules.yaml")["silence"]
        blocks: dict[str, set[str]] = {}
        for block in schedule["blocks"]:
            blocks.setdefault(block["questionnaire"], set()).add(block["code"])
        asked_again = read_yaml(package / "study.yaml")["adverse_events"]["follow_up"]
        blocks[asked_again] = {ASKED_AGAIN}
        self._steps = {
            form: [step for step in reminders["steps"] if step["block"] in codes]
            for form, codes in blocks.items()
        }
        called = set(silence["call_now"]["blocks"])
        self._called = {form for form, codes in blocks.items() if codes & called}
        self._call_after = timedelta(minutes=silence["call_now"]["minutes_after_due"])
        self._quiet_ends = local_time(silence["quiet_hours"]["end"])
        self._quiet_begins = local_time(silence["quiet_hours"]["begin"])
        self._later = {
            form: [
                local_time(one["at"]) for one in silence["call_later"] if codes & set(one["blocks"])
            ]
            for form, codes in blocks.items()
        }

    def of(
        self,
        assessment: Mapping[str, Any],
        *,
        own_minute: int | None,
        zone: ZoneInfo,
        is_early: bool,
    ) -> Iterator[datetime]:
        """Yield every instant at which something may follow from an assessment left unanswered."""
        form, on = assessment["questionnaire"]["code"], date.fromisoformat(assessment["on"])
        due_at, late_until = (
            datetime.fromisoformat(assessment[name]) for name in ("due_at", "late_until")
        )
        yield late_until
        for step in self._steps.get(form, ()):
            at = self._step_at(step, own_minute).on(on, zone)
            if at < late_until:  # one from before it opens is noted as left out
                yield at
        for later in self._later.get(form, ()):
            yield self._awake(later.on(on, zone), zone)
        if form in self._called and is_early:
            yield self._awake(due_at + self._call_after, zone)

    def _step_at(self, step: Mapping[str, Any], own_minute: int | None) -> LocalTime:
        at = local_time(step["at"])
        span = step.get("movable")
        if own_minute is None or span is None:
            return at
        earliest, latest = local_time(span["earliest"]), local_time(span["latest"])
        return LocalTime(at.days, min(max(own_minute, earliest.minute), latest.minute))

    def _awake(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the instant, or the end of the quiet hours that it falls into."""
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if minute >= self._quiet_begins.minute:
            return self._quiet_ends.on(local.date() + timedelta(days=1), zone)
        if minute < self._quiet_ends.minute:
            return self._quiet_ends.on(local.date(), zone)
        return at

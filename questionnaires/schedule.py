"""The schedule of assessments, and the plan that follows from it and from the anchors.

The plan is a pure function: equal anchors give equal plans, for whomever they are recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from questionnaires.windows import MINUTES_PER_DAY, instant_of


class AnchorEvent(StrEnum):
    """What days are counted from."""

    ENR = "ENR"
    INF1_PLANNED = "INF1_PLANNED"
    INF1 = "INF1"
    INF2 = "INF2"
    END = "END"


Anchors: TypeAlias = Mapping[AnchorEvent, datetime]


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A wall-clock time in the participant's zone: minutes after 00:00, `days` from a given day.

    Minute 1440 is 24:00. Raises ValueError for a minute outside 0..1440.
    """

    days: int
    minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.minute <= MINUTES_PER_DAY:
            raise ValueError(f"A minute of the day lies in 0..{MINUTES_PER_DAY}, not {self.minute}")


@dataclass(frozen=True, slots=True)
class SinceAnchor:
    """Minutes really elapsed since the anchor itself, whichever day is meant."""

    minutes: int


@dataclass(frozen=True, slots=True)
class OffsetDay:
    """A local day counted from the anchor's: 0 is the anchor's own, 1 always the day after."""

    days_after_anchor: int


@dataclass(frozen=True, slots=True)
class StudyDay:
    """A local day by its label: D28 is 27 or 28 days on, as the infusion day is D1 or D0."""

    number: int


DayRef: TypeAlias = OffsetDay | StudyDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One row of the schedule of assessments.

    A block with a family gives at most one assessment per local date together with the other
    blocks of that family: the one with the highest `priority` takes the date. A block without one
    is periodic; its assessments are numbered from 1. The assessment of a day opens `days_before`
    it and closes `days_after` it; `due` counts from the day itself. `only_until` ends the planning
    (not what has been planned) as soon as that anchor is recorded.
    """

    code: str
    family: str | None
    priority: int
    questionnaire: str
    anchor: AnchorEvent
    only_until: AnchorEvent | None
    first: DayRef
    last: DayRef
    every: int = 1
    days_before: int = 0
    days_after: int = 0
    opens: ClockTime | SinceAnchor
    due: ClockTime
    closes: ClockTime
    late_until: ClockTime | None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"Block {self.code} must advance by whole days, not {self.every}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOfAssessments:
    """The protocol's table. `infusion_day_number` is 1 (no day 0) or 0; see `study_day`.

    An unscheduled report, which has no window, is its author's to correct for so many hours.
    """

    blocks: tuple[Block, ...]
    infusion_day_number: int
    shortest_window_minutes: int = 60
    always_open: tuple[str, ...]
    report_correction_hours: int = 24


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open interval [opens_at, closes_at), in UTC."""

    opens_at: datetime
    closes_at: datetime

    @property
    def length(self) -> timedelta:
        """Elapsed time, not wall-clock time; negative where the window would close first."""
        return self.closes_at - self.opens_at

    def holds(self, at: datetime) -> bool:
        """Tell whether the instant lies inside; the closing instant does not."""
        return self.opens_at <= at < self.closes_at


@dataclass(frozen=True, slots=True)
class PlannedAssessment:
    """One questionnaire due once; instants in UTC, `on` the local day it belongs to.

    Always opens_at < due_at <= closes_at <= late_until. `family` is the block's code and
    `occurrence` its number where the block is periodic, else the local date.
    """

    family: str
    occurrence: str
    block: str
    questionnaire: str
    on: date
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    late_until: datetime

    @property
    def identity(self) -> tuple[str, str]:
        """Return what stays the same through every re-planning of one participant."""
        return self.family, self.occurrence


class LeftOutReason(StrEnum):
    """Why an assessment of the schedule is not planned."""

    WINDOW_TOO_SHORT = "window_too_short"
    AFTER_END = "after_end"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of the schedule that gives no assessment on its day; another block may take the day."""

    family: str
    occurrence: str
    block: str
    on: date
    reason: LeftOutReason


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due, by opening time and then family, and what is not, by day and then family."""

    assessments: tuple[PlannedAssessment, ...]
    left_out: tuple[LeftOut, ...]


def study_day(anchor_on: date, on: date, *, infusion_day_number: int) -> int:
    """Return the number of a local day, counted from the anchor's local day.

    With infusion_day_number 1 the day before D1 is D-1 and no day is D0; with 0 it follows D-1.
    Raises ValueError for any other infusion_day_number.
    """
    _refuse_unknown(infusion_day_number)
    offset = (on - anchor_on).days
    return offset + infusion_day_number if offset >= 0 else offset


def days_since_infusion(anchors: Anchors, on: date, *, zone: ZoneInfo) -> int | None:
    """Return how many local days a day lies after the latest infusion on or before it.

    0 on an infusion day, whatever its label; None before the first infusion.
    """
    infusions = (
        anchors[event] for event in (AnchorEvent.INF1, AnchorEvent.INF2) if event in anchors
    )
    since = [(on - at.astimezone(zone).date()).days for at in infusions]
    return min((days for days in since if days >= 0), default=None)


def day_label(number: int) -> str:
    """Return the label of a study day: "D5", "D-3"."""
    return f"D{number}"


def days_after_anchor(day: DayRef, *, infusion_day_number: int) -> int:
    """Return how many local days a day of the schedule lies after the anchor's.

    Raises ValueError for an unknown infusion_day_number, and for D0 where there is none.
    """
    if isinstance(day, OffsetDay):
        return day.days_after_anchor
    _refuse_unknown(infusion_day_number)
    if day.number < infusion_day_number:
        if day.number == 0:
            raise ValueError("There is no day 0 where the infusion day is D1")
        return day.number
    return day.number - infusion_day_number


def plan(schedule: ScheduleOfAssessments, anchors: Anchors, *, zone: ZoneInfo) -> Plan:
    """Plan every assessment that follows from the recorded anchors, in the participant's zone.

    An anchor's day is its local day in that zone. A block whose anchor is not recorded gives
    nothing. A window shorter than the schedule allows, or one that would open at or after END, is
    left out with its reason, and its date goes to the next block of the family, if any.
    Raises ValueError for an anchor without a zone, and where the schedule names an absent D0.
    """
    instants = {event: _in_utc(event, at) for event, at in anchors.items()}
    planned: dict[tuple[str, str], PlannedAssessment] = {}
    left_out: list[LeftOut] = []
    for block in sorted(schedule.blocks, key=lambda block: -block.priority):
        if block.anchor not in instants or block.only_until in instants:
            continue
        for occurrence, on in _days(block, schedule, instants[block.anchor], zone):
            candidate = _place(block, occurrence, on, instants[block.anchor], zone)
            if candidate.identity in planned:
                continue
            if reason := _reason_against(candidate, schedule, instants.get(AnchorEvent.END)):
                left_out.append(
                    LeftOut(candidate.family, candidate.occurrence, block.code, on, reason)
                )
            else:
                planned[candidate.identity] = candidate
    return Plan(
        tuple(sorted(planned.values(), key=lambda it: (it.opens_at, it.family, it.occurrence))),
        tuple(sorted(left_out, key=lambda it: (it.on, it.family, it.occurrence, it.block))),
    )


def _days(
    block: Block, schedule: ScheduleOfAssessments, anchor_at: datetime, zone: ZoneInfo
) -> Iterator[tuple[str, date]]:
    first, last = (
        days_after_anchor(day, infusion_day_number=schedule.infusion_day_number)
        for day in (block.first, block.last)
    )
    anchor_on = anchor_at.astimezone(zone).date()
    for number, offset in enumerate(range(first, last + 1, block.every), start=1):
        on = anchor_on + timedelta(days=offset)
        yield (on.isoformat() if block.family else str(number)), on


def _place(
    block: Block, occurrence: str, on: date, anchor_at: datetime, zone: ZoneInfo
) -> PlannedAssessment:
    """Give one assessment its window; where it is too short the order of instants may not hold."""
    last_on = on + timedelta(days=block.days_after)
    closes_at = _at(block.closes, last_on, zone)
    if isinstance(block.opens, SinceAnchor):
        opens_at = anchor_at + timedelta(minutes=block.opens.minutes)
    else:
        opens_at = _at(block.opens, on - timedelta(days=block.days_before), zone)
    due_at = _at(block.due, on, zone)
    return PlannedAssessment(
        family=block.family or block.code,
        occurrence=occurrence,
        block=block.code,
        questionnaire=block.questionnaire,
        on=on,
        opens_at=opens_at,
        # After an evening infusion the diary opens past its usual hour: then it is due by its
        # close. Due at its opening, silence would alarm before she could have answered.
        due_at=due_at if opens_at < due_at < closes_at else closes_at,
        closes_at=closes_at,
        late_until=max(closes_at, _at(block.late_until, last_on, zone))
        if block.late_until
        else closes_at,
    )


def _reason_against(
    candidate: PlannedAssessment, schedule: ScheduleOfAssessments, end_at: datetime | None
) -> LeftOutReason | None:
    window = Window(candidate.opens_at, candidate.closes_at)
    if window.length < timedelta(minutes=schedule.shortest_window_minutes):
        return LeftOutReason.WINDOW_TOO_SHORT
    if end_at is not None and window.opens_at >= end_at:
        return LeftOutReason.AFTER_END
    return None


def _at(time: ClockTime, on: date, zone: ZoneInfo) -> datetime:
    return instant_of(on + timedelta(days=time.days), time.minute, zone)


def _in_utc(event: AnchorEvent, at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"The anchor {event} needs a zone")
    # UTC before any arithmetic: added to a local time, four hours would be wall-clock hours.
    return at.astimezone(UTC)


def _refuse_unknown(infusion_day_number: int) -> None:
    if infusion_day_number not in (0, 1):
        raise ValueError(f"The infusion day is D0 or D1, not D{infusion_day_number}")

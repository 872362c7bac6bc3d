"""The schedule of assessments as the protocol has it, its days, and what a plan is made of.

`planner.py` makes the plan from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from questionnaires.windows import MINUTES_PER_DAY


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


class DiarySlot(StrEnum):
    """When of a day somebody keeps her diary: those who work at night choose the morning."""

    EVENING = "evening"
    MORNING = "morning"

    @property
    def other(self) -> DiarySlot:
        return DiarySlot.MORNING if self is DiarySlot.EVENING else DiarySlot.EVENING


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """The slot a participant keeps, or keeps from a local day on; before it she kept the other."""

    slot: DiarySlot = DiarySlot.EVENING
    from_on: date | None = None

    def on(self, day: date) -> DiarySlot:
        """Return the slot of a local day."""
        if self.from_on is None or day >= self.from_on:
            return self.slot
        return self.slot.other


class AnsweredBy(StrEnum):
    """Who fills an assessment in; what staff fill in never shows in a participant's diary."""

    PARTICIPANT = "participant"
    OUTCOMES_ASSESSOR = "outcomes_assessor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """So many answered between two days are enough; with fewer than `least` the site is told."""

    answers: int
    first: DayRef
    last: DayRef
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One row of the schedule of assessments.

    - A block with a family gives at most one assessment per local date together with the other
      blocks of that family: the one with the highest `priority` takes the date. A block without
      one is periodic; its assessments are numbered from 1, and `only` keeps some of the numbers.
    - The assessment of a day opens `days_before` it and closes `days_after` it; `due` counts from
      the day itself. It closes earlier where the anchor `closed_by` comes earlier.
    - With a `slot` only participants who keep their diary then have it. On a day on which a block
      of `gives_way_to` has an assessment this one has none. What is `enough` is asked no further.
    - What is not `analysed`, a practice form, counts in no compliance.
    """

    code: str
    family: str | None = None
    priority: int = 0
    questionnaire: str
    anchor: AnchorEvent
    closed_by: AnchorEvent | None = None
    first: DayRef
    last: DayRef
    every: int = 1
    only: tuple[int, ...] = ()
    gives_way_to: tuple[str, ...] = ()
    slot: DiarySlot | None = None
    answered_by: AnsweredBy = AnsweredBy.PARTICIPANT
    analysed: bool = True
    enough: Enough | None = None
    days_before: int = 0
    days_after: int = 0
    opens: ClockTime | SinceAnchor
    due: ClockTime
    closes: ClockTime
    late_until: ClockTime | None = None

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

    def block(self, code: str) -> Block | None:
        """Return the block of that code."""
        return next((one for one in self.blocks if one.code == code), None)


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
    closed_by: AnchorEvent | None = None
    answered_by: AnsweredBy = AnsweredBy.PARTICIPANT

    @property
    def identity(self) -> tuple[str, str]:
        """Return what stays the same through every re-planning of one participant."""
        return self.family, self.occurrence


class LeftOutReason(StrEnum):
    """Why an assessment of the schedule is not planned."""

    WINDOW_TOO_SHORT = "window_too_short"
    AFTER_END = "after_end"
    CLOSED = "closed"  # by the anchor that closes its block, before it would open
    ENOUGH = "enough"
    GIVES_WAY = "gives_way"


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

    `zone` is the site's, where the infusions took place. 0 on an infusion day, whatever its label;
    None before the first infusion.
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


def _refuse_unknown(infusion_day_number: int) -> None:
    if infusion_day_number not in (0, 1):
        raise ValueError(f"The infusion day is D0 or D1, not D{infusion_day_number}")

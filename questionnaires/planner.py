"""The plan that follows from the schedule and from the anchors.

It is a pure function: equal anchors give equal plans, for whomever they are recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from questionnaires.schedule import (
    AnchorEvent,
    Anchors,
    Block,
    ClockTime,
    LeftOut,
    LeftOutReason,
    Plan,
    PlannedAssessment,
    ScheduleOfAssessments,
    SinceAnchor,
    SlotChoice,
    Window,
    days_after_anchor,
)
from questionnaires.windows import instant_of

Identity: TypeAlias = tuple[str, str]
EVENING = SlotChoice()


def plan(
    schedule: ScheduleOfAssessments,
    anchors: Anchors,
    *,
    zone: ZoneInfo,
    anchor_zone: ZoneInfo | None = None,
    slots: SlotChoice = EVENING,
    answered: Collection[Identity] = frozenset(),
) -> Plan:
    """Plan every assessment that follows from the recorded anchors, in the participant's zone.

    An anchor's day is its local day in `anchor_zone`, where infusions take place (left out: in
    `zone`), so that a journey moves no study day. A block whose anchor is not recorded gives
    nothing. What would open at or after END, what its `closed_by` closes before it opens, a window
    shorter than the schedule allows: left out with the reason, and the date goes to the next block
    of the family, if any. `answered` are the identities of what is answered; only blocks with
    `enough` look at them. Raises ValueError for an anchor without a zone, and where the schedule
    names an absent D0.
    """
    case = _Case(
        schedule,
        {event: _in_utc(event, at) for event, at in anchors.items()},
        zone,
        anchor_zone or zone,
        slots,
        answered,
    )
    planned: dict[Identity, PlannedAssessment] = {}
    left_out: list[LeftOut] = []
    # What gives way comes after everything that it may give way to.
    for block in sorted(schedule.blocks, key=lambda one: (bool(one.gives_way_to), -one.priority)):
        if block.anchor not in case.instants:
            continue
        taken = {it.on for it in planned.values() if it.block in block.gives_way_to}
        has_enough = case.has_enough(block)
        for candidate in case.candidates(block):
            if candidate.identity in planned:
                continue
            reason = case.reason_against(candidate)
            if candidate.on in taken:
                reason = LeftOutReason.GIVES_WAY
            elif has_enough and candidate.identity not in answered:
                reason = LeftOutReason.ENOUGH
            if reason:
                left_out.append(LeftOut(*candidate.identity, block.code, candidate.on, reason))
            else:
                planned[candidate.identity] = candidate
    return Plan(
        tuple(sorted(planned.values(), key=lambda it: (it.opens_at, it.family, it.occurrence))),
        tuple(sorted(left_out, key=lambda it: (it.on, it.family, it.occurrence, it.block))),
    )


def enough_days(
    block: Block, anchor_on: date, *, infusion_day_number: int
) -> tuple[date, date] | None:
    """Return the first and the last local day on which an answer counts towards enough."""
    if block.enough is None:
        return None
    first, last = (
        anchor_on + timedelta(days=days_after_anchor(day, infusion_day_number=infusion_day_number))
        for day in (block.enough.first, block.enough.last)
    )
    return first, last


def answered_between(
    family: str | None, days: tuple[date, date], answered: Collection[Identity]
) -> int:
    """Count the answered assessments of a family whose date lies between two, both included."""
    first, last = (day.isoformat() for day in days)
    return sum(1 for one, date_ in answered if one == family and first <= date_ <= last)


@dataclass(frozen=True, slots=True)
class _Case:
    """What one plan is made for; the anchors' instants in UTC."""

    schedule: ScheduleOfAssessments
    instants: Mapping[AnchorEvent, datetime]
    zone: ZoneInfo
    anchor_zone: ZoneInfo
    slots: SlotChoice
    answered: Collection[Identity]

    def candidates(self, block: Block) -> Iterator[PlannedAssessment]:
        """Yield what the block would have, window by window, where nothing stands against it."""
        for occurrence, on in self._days(block):
            if block.slot is None or block.slot is self.slots.on(on):
                yield self._place(block, occurrence, on)

    def has_enough(self, block: Block) -> bool:
        days = enough_days(
            block, self._anchor_on(block), infusion_day_number=self.schedule.infusion_day_number
        )
        if block.enough is None or days is None:
            return False
        return answered_between(block.family, days, self.answered) >= block.enough.answers

    def reason_against(self, candidate: PlannedAssessment) -> LeftOutReason | None:
        closed_at = self.instants.get(candidate.closed_by) if candidate.closed_by else None
        if closed_at is not None and closed_at <= candidate.opens_at:
            return LeftOutReason.CLOSED
        window = Window(candidate.opens_at, candidate.closes_at)
        shortest = timedelta(minutes=self.schedule.shortest_window_minutes)
        if window.length < shortest and closed_at != candidate.closes_at:
            return LeftOutReason.WINDOW_TOO_SHORT
        end_at = self.instants.get(AnchorEvent.END)
        if end_at is not None and window.opens_at >= end_at:
            return LeftOutReason.AFTER_END
        return None

    def _anchor_on(self, block: Block) -> date:
        return self.instants[block.anchor].astimezone(self.anchor_zone).date()

    def _days(self, block: Block) -> Iterator[tuple[str, date]]:
        first, last = (
            days_after_anchor(day, infusion_day_number=self.schedule.infusion_day_number)
            for day in (block.first, block.last)
        )
        anchor_on = self._anchor_on(block)
        for number, offset in enumerate(range(first, last + 1, block.every), start=1):
            if block.only and number not in block.only:
                continue
            on = anchor_on + timedelta(days=offset)
            yield (on.isoformat() if block.family else str(number)), on

    def _place(self, block: Block, occurrence: str, on: date) -> PlannedAssessment:
        """Give one assessment its window; where it is too short the order may not hold."""
        last_on = on + timedelta(days=block.days_after)
        closes_at = _at(block.closes, last_on, self.zone)
        late_until = closes_at
        if block.late_until:
            late_until = max(closes_at, _at(block.late_until, last_on, self.zone))
        if isinstance(block.opens, SinceAnchor):
            opens_at = self.instants[block.anchor] + timedelta(minutes=block.opens.minutes)
        else:
            opens_at = _at(block.opens, on - timedelta(days=block.days_before), self.zone)
        closed_at = self.instants.get(block.closed_by) if block.closed_by else None
        if closed_at is not None:
            closes_at, late_until = min(closes_at, closed_at), min(late_until, closed_at)
        due_at = _at(block.due, on, self.zone)
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
            late_until=late_until,
            closed_by=block.closed_by,
            answered_by=block.answered_by,
        )


def _at(time: ClockTime, on: date, zone: ZoneInfo) -> datetime:
    return instant_of(on + timedelta(days=time.days), time.minute, zone)


def _in_utc(event: AnchorEvent, at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"The anchor {event} needs a zone")
    # UTC before any arithmetic: added to a local time, four hours would be wall-clock hours.
    return at.astimezone(UTC)

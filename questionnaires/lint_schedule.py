"""Checks the schedule: days that exist, windows in order, and no day without its diary.

Each fault is a code for machines, the place, and a reason for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from questionnaires.definition import SecondInfusionMode, StudyPackage
from questionnaires.planner import plan
from questionnaires.schedule import (
    AnchorEvent,
    Anchors,
    Block,
    ClockTime,
    DiarySlot,
    ScheduleOfAssessments,
    SlotChoice,
    StudyDay,
    days_after_anchor,
)
from questionnaires.windows import instant_of

Fault: TypeAlias = tuple[str, str, str]

_INFUSION_ON = date(2026, 6, 1)  # any day would do; infusions are at 10:00
_UNIFORM_UNTIL = StudyDay(56)
_DIARY = "daily"


def find_schedule_faults(package: StudyPackage) -> Iterator[Fault]:
    """Yield what cannot be meant in the schedule of a package."""
    found = [fault for block in package.schedule.blocks for fault in _block(package, block)]
    yield from found
    yield from _second_infusion(package)
    if not found:
        yield from _slots(package.schedule)


def _block(package: StudyPackage, block: Block) -> Iterator[Fault]:
    place = f"block '{block.code}'"
    if package.questionnaire(block.questionnaire) is None:
        reason = f"names the questionnaire '{block.questionnaire}', which is not in study.yaml"
        yield "unknown_questionnaire", place, reason
    for code in block.gives_way_to:
        other = package.schedule.block(code)
        if other is None:
            yield "unknown_block", place, f"gives way to '{code}', which is no block"
        elif other.gives_way_to:
            yield "gives_way", place, f"gives way to '{code}', which gives way itself"
    number = package.infusion_day_number
    try:
        first, last = (
            days_after_anchor(day, infusion_day_number=number) for day in (block.first, block.last)
        )
        yield from _enough(block, place, infusion_day_number=number)
    except ValueError as error:
        yield "days", place, f"cannot be planned: {error}"
        return
    if first > last:
        yield "days", place, "ends before it begins"
    elif missing := set(block.only) - set(range(1, (last - first) // block.every + 2)):
        yield "days", place, f"keeps number {min(missing)}, which it does not have"
    yield from _times(block, place)


def _enough(block: Block, place: str, *, infusion_day_number: int) -> Iterator[Fault]:
    enough = block.enough
    if enough is None:
        return
    first, last = (
        days_after_anchor(day, infusion_day_number=infusion_day_number)
        for day in (enough.first, enough.last)
    )
    if block.family is None or first > last or not 0 < enough.least <= enough.answers:
        yield "enough", place, "needs a family, days in order, and 0 < least ≤ answers"


def _times(block: Block, place: str) -> Iterator[Fault]:
    opens = [block.opens] if isinstance(block.opens, ClockTime) else []
    lates = [block.late_until] if block.late_until else []
    order = [
        *(_minutes(time, -block.days_before) for time in opens),
        _minutes(block.due, 0),
        *(_minutes(time, block.days_after) for time in (block.closes, *lates)),
    ]
    if order != sorted(order) or order[0] == order[-1]:
        yield "times", place, "needs opens ≤ due ≤ closes ≤ late_until"


def _minutes(time: ClockTime, days: int) -> int:
    return (days + time.days) * 1440 + time.minute


def _second_infusion(package: StudyPackage) -> Iterator[Fault]:
    """Every mode but the uniform one needs the sponsor's word; that one needs its diaries."""
    settled = package.second_infusion
    if settled is None:
        return
    place = "study second_infusion"
    if settled.mode is not SecondInfusionMode.UNIFORM_56_DAYS:
        if not settled.document:
            yield "no_document", place, f"is {settled.mode} and names no document of the sponsor"
        return
    number = package.infusion_day_number
    if number not in {0, 1}:
        return  # of which `lint` tells
    anchors = {AnchorEvent.INF1: _infusion_at(_INFUSION_ON)}
    for slot in DiarySlot:
        days = _days_of(package.schedule, anchors, slot, _DIARY)
        last = days_after_anchor(_UNIFORM_UNTIL, infusion_day_number=number)
        for offset in range(1, last + 1):
            if (on := _INFUSION_ON + timedelta(days=offset)) not in days:
                day = f"D{(on - _INFUSION_ON).days + number}"
                reason = f"is uniform, but {day} has no diary for whoever keeps it in the {slot}"
                yield "not_uniform", place, reason
                return


def _slots(schedule: ScheduleOfAssessments) -> Iterator[Fault]:
    """Those who keep their diary in the morning have it on the same days as all others."""
    infusion_at = _infusion_at(_INFUSION_ON)
    second_at = _infusion_at(_INFUSION_ON + timedelta(days=28))
    families = {
        family
        for family in {block.family for block in schedule.blocks if block.family}
        if {block.slot for block in schedule.blocks if block.family == family} >= set(DiarySlot)
    }
    cases: tuple[Anchors, ...] = (
        {AnchorEvent.INF1_PLANNED: infusion_at},
        {AnchorEvent.INF1: infusion_at, AnchorEvent.INF2: second_at},
    )
    for family in sorted(families):
        for anchors in cases:
            evening, morning = (_days_of(schedule, anchors, slot, family) for slot in DiarySlot)
            if differing := sorted(evening ^ morning):
                slot = DiarySlot.MORNING if differing[0] in evening else DiarySlot.EVENING
                offset = (differing[0] - _INFUSION_ON).days
                reason = f"leaves day {offset:+} from an infusion without one in the {slot}"
                yield "slots", f"family '{family}'", reason
                break


def _days_of(
    schedule: ScheduleOfAssessments, anchors: Anchors, slot: DiarySlot, family: str
) -> set[date]:
    planned = plan(schedule, anchors, zone=ZoneInfo("UTC"), slots=SlotChoice(slot))
    return {it.on for it in planned.assessments if it.family == family}


def _infusion_at(on: date) -> datetime:
    return instant_of(on, 10 * 60, ZoneInfo("UTC"))

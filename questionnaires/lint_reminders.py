"""Checks the reminders over the whole calendar: no day may bring more than its budget, or unrest.

Participants are planned with and without a second infusion visit; a fault names the first day that
has it. Each fault is a code for machines, the place, and a reason for people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from questionnaires import following_up
from questionnaires.definition import Audience, StudyPackage
from questionnaires.planner import plan
from questionnaires.reminding import (
    MOST_EQUAL_TEXTS,
    OwnTime,
    ReminderPolicy,
    ReminderStep,
    text_key_on,
)
from questionnaires.schedule import (
    AnchorEvent,
    Anchors,
    DiarySlot,
    PlannedAssessment,
    SlotChoice,
    day_label,
    days_since_infusion,
    study_day,
)
from questionnaires.silence import is_early
from questionnaires.tiers import Channel
from questionnaires.windows import MINUTES_PER_DAY, instant_of

Fault: TypeAlias = tuple[str, str, str]

_DAY = timedelta(days=1)
# A Monday, away from the clock changes of most zones; any would do. Infusions are at 10:00, and a
# second one comes at the earliest, the planned and a late time.
_INFUSION_ON = date(2026, 6, 1)
_INFUSION_MINUTE = 10 * 60
_SECOND_INFUSIONS_AFTER_DAYS = (26, 28, 35)


def find_reminder_faults(package: StudyPackage) -> Iterator[Fault]:
    """Yield what cannot be meant in the reminders of a package."""
    policy = package.reminders
    if policy.too_late_hours < 1:
        yield "too_late", "reminder too_late_hours", "must be 1 or more"
    if not policy.channels or len(set(policy.channels)) < len(policy.channels):
        yield "channels", "reminder channels", "must name each channel once, and at least one"
    blocks = {block.code for block in package.schedule.blocks} | {following_up.BLOCK}
    for step in policy.steps:
        place = f"reminder step '{step.block}.{step.code}'"
        if step.block not in blocks:
            yield "unknown_block", place, f"names '{step.block}', which is no block"
        for channel in policy.channels:
            yield from _text(package, step, channel, place)
        if step.movable:
            yield from _span(policy, step, step.movable, place)
    try:
        calendars = list(_calendars(package))
    except (KeyError, OSError, ValueError):
        return  # the zone or the schedule itself has a fault, of which `lint` tells
    yield from _quiet(policy, calendars)
    yield from _unopened(policy, calendars)
    yield from _busy_days(policy, calendars)


def _text(
    package: StudyPackage, step: ReminderStep, channel: Channel, place: str
) -> Iterator[Fault]:
    own = package.text(step.template)
    key = text_key_on(channel, step.template, own.channel) if own else step.template
    text = package.text(key)
    if text is None:
        yield "unknown_text", place, f"names '{key}', which is no text"
    elif text.audience is not Audience.PARTICIPANT:
        yield "wrong_audience", place, f"names '{key}', which is not for participants"
    elif text.channel is not channel:
        yield "wrong_channel", place, f"names '{key}', which does not go by {channel}"


def _span(policy: ReminderPolicy, step: ReminderStep, span: OwnTime, place: str) -> Iterator[Fault]:
    if {span.earliest.days, span.latest.days} != {0}:
        yield "movable", place, "may be moved within its day only"
    elif not span.earliest.minute <= step.at.minute <= span.latest.minute:
        yield "movable", place, "does not lie inside the span it may be moved in"
    for end in (span.earliest, span.latest):
        if policy.quiet_hours.holds(end.minute % MINUTES_PER_DAY):
            yield "quiet", place, "may be moved into the quiet hours"
    others = [
        one.at for one in policy.steps
        if one.block == step.block and one is not step and one.at.days == step.at.days
    ]  # fmt: skip
    if any(span.earliest.minute <= other.minute <= span.latest.minute for other in others):
        yield "movable", place, "may be moved past another step of its day"


# --- The whole calendar --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What one participant is planned to do, and what its days are called."""

    anchors: Anchors
    zone: ZoneInfo
    infusion_day_number: int
    assessments: tuple[PlannedAssessment, ...]

    def label(self, on: date) -> str:
        """Return the day by its number, and which participant has it when that is not everybody."""
        anchor_at = self.anchors.get(AnchorEvent.INF1) or self.anchors[AnchorEvent.INF1_PLANNED]
        label = self._day(anchor_at.astimezone(self.zone).date(), on)
        second = self.anchors.get(AnchorEvent.INF2)
        if second is None:
            return label
        second_on = second.astimezone(self.zone).date()
        return f"{label} (with infusion visit 2 on {self._day(_INFUSION_ON, second_on)})"

    def is_early(self, on: date, days: int) -> bool:
        return is_early(days_since_infusion(self.anchors, on, zone=self.zone), days)

    def steps(self, policy: ReminderPolicy) -> Iterator[tuple[ReminderStep, date, datetime, bool]]:
        """Yield each step, its local date and instant, and whether it can be answered then."""
        by_block: Mapping[str, list[ReminderStep]] = defaultdict(list)
        for step in policy.steps:
            by_block[step.block].append(step)
        for planned in self.assessments:
            for step in by_block[planned.block]:
                on = planned.on + timedelta(days=step.at.days)
                at = instant_of(on, step.at.minute, self.zone)
                yield step, on, at, planned.opens_at <= at < planned.late_until

    def _day(self, anchor_on: date, on: date) -> str:
        number = study_day(anchor_on, on, infusion_day_number=self.infusion_day_number)
        return day_label(number)


def _calendars(package: StudyPackage) -> Iterator[_Calendar]:
    zone = ZoneInfo(package.zone)
    first = instant_of(_INFUSION_ON, _INFUSION_MINUTE, zone)
    examples: list[Anchors] = [{AnchorEvent.INF1_PLANNED: first}, {AnchorEvent.INF1: first}]
    for days in _SECOND_INFUSIONS_AFTER_DAYS:
        second = instant_of(_INFUSION_ON + timedelta(days=days), _INFUSION_MINUTE, zone)
        examples.append({AnchorEvent.INF1: first, AnchorEvent.INF2: second})
    for anchors in examples:
        for slot in DiarySlot:
            planned = plan(package.schedule, anchors, zone=zone, slots=SlotChoice(slot))
            yield _Calendar(anchors, zone, package.infusion_day_number, planned.assessments)


def _quiet(policy: ReminderPolicy, calendars: Iterable[_Calendar]) -> Iterator[Fault]:
    quiet = {
        step for step in policy.steps
        if policy.quiet_hours.holds(step.at.minute % MINUTES_PER_DAY)
    }  # fmt: skip
    days = {
        step: calendar.label(on)
        for calendar in reversed(list(calendars))
        for step, on, _at, _is_open in reversed(list(calendar.steps(policy)))
    }
    for step in sorted(quiet, key=policy.steps.index):
        when = f", first on {days[step]}" if step in days else ""
        reason = f"lies in the quiet hours and would never be sent{when}"
        yield "quiet", f"reminder step '{step.block}.{step.code}'", reason


def _unopened(policy: ReminderPolicy, calendars: Iterable[_Calendar]) -> Iterator[Fault]:
    """A step that is sent at its own time must not be lost at the earliest she may choose."""
    earliest = policy.moved_to(0)
    found: dict[tuple[str, str], str] = {}
    for calendar in calendars:
        usual, moved = calendar.steps(policy), calendar.steps(earliest)
        for (step, on, _at, is_open), (_step, _on, _moved_at, is_open_then) in zip(
            usual, moved, strict=True
        ):
            if is_open and not is_open_then:
                found.setdefault((step.block, step.code), calendar.label(on))
    for (block, code), day in found.items():
        reason = f"may be moved to before it can be answered, first on {day}"
        yield "movable", f"reminder step '{block}.{code}'", reason


def _busy_days(policy: ReminderPolicy, calendars: Iterable[_Calendar]) -> Iterator[Fault]:
    """Steps due at one instant share a message; more messages a day than it may bring are refused.

    Two faults of a kind are one for whoever mends it: the first day stands for those like it.
    """
    found: dict[tuple[str, str], str] = {}
    for calendar in calendars:
        texts: dict[datetime, str] = {}
        days: dict[date, set[datetime]] = defaultdict(set)
        for step, on, at, is_open in calendar.steps(policy):
            if is_open:
                texts.setdefault(at, step.template)
                days[on].add(at)
        for on, instants in sorted(days.items()):
            limit = policy.budget.on(is_early_day=calendar.is_early(on, policy.budget.early_days))
            if len(instants) > limit:
                reason = f"send {len(instants)} messages where {limit} may be sent"
                found.setdefault(("budget", reason), calendar.label(on))
        for at in _third_equal_texts(texts):
            on = at.astimezone(calendar.zone).date()
            found.setdefault(("same_text", "send the same text a third time"), calendar.label(on))
    for (code, reason), day in found.items():
        yield code, "reminder steps", f"{reason}, first on {day}"


def _third_equal_texts(texts: Mapping[datetime, str]) -> Iterator[datetime]:
    by_text: Mapping[str, list[datetime]] = defaultdict(list)
    for at, text in sorted(texts.items()):
        by_text[text].append(at)
    for instants in by_text.values():
        early = instants[:-MOST_EQUAL_TEXTS]
        for first, third in zip(early, instants[MOST_EQUAL_TEXTS:], strict=True):
            if third - first < _DAY:
                yield third

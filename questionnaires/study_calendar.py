"""The calendar of one participant as people read it: what is due on each day, and its messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from questionnaires.definition import StudyPackage
from questionnaires.planner import EVENING, plan
from questionnaires.schedule import (
    AnchorEvent,
    Anchors,
    LeftOut,
    PlannedAssessment,
    SlotChoice,
    day_label,
    study_day,
)
from questionnaires.windows import MINUTES_PER_DAY, instant_of
from questionnaires.words import Language, Translated

_DAY = timedelta(days=1)
_WEEKDAYS = {
    Language.ZH: "一二三四五六日",
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_HEADS = {
    Language.ZH: ("日期", "", "研究日", "项目", "开放", "应填", "截止", "补填至", "短信", "名称"),
    Language.EN: ("date", "", "day", "block", "opens", "due", "closes", "late until", "messages",
                  "what"),
}  # fmt: skip
_EVENTS = {
    AnchorEvent.ENR: Translated("入组", "enrolment"),
    AnchorEvent.INF1_PLANNED: Translated("计划输液", "planned infusion visit"),
    AnchorEvent.INF1: Translated("第 1 次输液", "infusion visit 1"),
    AnchorEvent.INF2: Translated("第 2 次输液", "infusion visit 2"),
    AnchorEvent.END: Translated("结束", "end"),
}


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One local day; `messages` are the instants at which reminders may go out, by UTC instant."""

    on: date
    label: str
    events: tuple[tuple[AnchorEvent, datetime], ...]
    entries: tuple[PlannedAssessment, ...]
    messages: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCalendar:
    """All days from the first to the last that has something; none in between is left out."""

    package: StudyPackage
    zone: ZoneInfo
    days: tuple[CalendarDay, ...]
    left_out: tuple[LeftOut, ...]

    def title(self, one: PlannedAssessment, language: Language) -> str:
        """Return what an assessment is called."""
        title = self.package.block_title(one.block)
        return title.in_language(language) if title else one.block


def study_calendar(
    package: StudyPackage, anchors: Anchors, *, zone: ZoneInfo, slots: SlotChoice = EVENING
) -> StudyCalendar:
    """Lay out the days of a participant with these anchors, of whom nothing is answered yet.

    Messages are those of somebody who answers nothing: the most there can be. Raises ValueError
    without an infusion, recorded or planned.
    """
    anchor_at = anchors.get(AnchorEvent.INF1) or anchors.get(AnchorEvent.INF1_PLANNED)
    if anchor_at is None:
        raise ValueError("A calendar needs an infusion, recorded or planned.")
    made = plan(package.schedule, anchors, zone=zone, slots=slots)
    entries: dict[date, list[PlannedAssessment]] = defaultdict(list)
    for one in made.assessments:
        entries[one.on].append(one)
    events: dict[date, list[tuple[AnchorEvent, datetime]]] = defaultdict(list)
    for event, at in anchors.items():
        events[at.astimezone(zone).date()].append((event, at))
    messages = _messages(package, made.assessments, zone)
    known = [*entries, *events, *messages]
    anchor_on = anchor_at.astimezone(zone).date()
    number = package.infusion_day_number
    return StudyCalendar(
        package=package,
        zone=zone,
        days=tuple(
            CalendarDay(
                on=on,
                label=day_label(study_day(anchor_on, on, infusion_day_number=number)),
                events=tuple(sorted(events[on], key=lambda one: one[1])),
                entries=tuple(entries[on]),
                messages=tuple(sorted(messages[on])),
            )
            for on in _every_day(min(known), max(known))
        ),
        left_out=made.left_out,
    )


def to_text(calendar: StudyCalendar, *, language: Language) -> str:
    """Return the calendar as a table, a line for each thing and one for each day without any.

    Times are local; "+1" and "-3" count days from the line's own.
    """
    lines = [_HEADS[language], *_lines(calendar, language)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = (
        "  ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)


def local_time(at: datetime, on: date, zone: ZoneInfo) -> str:
    """Return an instant as a time of a given day: "17:00", "24:00", "+1 12:00", "-3 00:00"."""
    local = at.astimezone(zone)
    days = (local.date() - on).days
    clock = f"{local:%H:%M}"
    if clock == "00:00" and days > 0:
        clock, days = "24:00", days - 1
    return f"{days:+d} {clock}" if days else clock


def weekday(on: date, language: Language) -> str:
    """Return the short name of a weekday."""
    return _WEEKDAYS[language][on.weekday()]


def event_name(event: AnchorEvent, language: Language) -> str:
    """Return what an anchor is called; the word for an infusion is the same for everyone."""
    return _EVENTS[event].in_language(language)


def _lines(calendar: StudyCalendar, language: Language) -> Iterator[tuple[str, ...]]:
    for day in calendar.days:
        rows: list[tuple[str, ...]] = [
            ("*", local_time(at, day.on, calendar.zone), "", "", "", event_name(event, language))
            for event, at in day.events
        ]
        rows += [
            (
                one.block,
                *(
                    local_time(at, day.on, calendar.zone)
                    for at in (one.opens_at, one.due_at, one.closes_at)
                ),
                local_time(one.late_until, day.on, calendar.zone)
                if one.late_until > one.closes_at
                else "",
                calendar.title(one, language),
            )
            for one in day.entries
        ]
        messages = " ".join(local_time(at, day.on, calendar.zone) for at in day.messages)
        for number, row in enumerate(rows or [("", "", "", "", "", "")]):
            first = number == 0
            yield (
                day.on.isoformat() if first else "",
                weekday(day.on, language) if first else "",
                day.label if first else "",
                *row[:5],
                messages if first else "",
                row[5],
            )


def _messages(
    package: StudyPackage, assessments: tuple[PlannedAssessment, ...], zone: ZoneInfo
) -> Mapping[date, set[datetime]]:
    """Return by local day the instants of all steps; those due together are one message."""
    found: dict[date, set[datetime]] = defaultdict(set)
    for one in assessments:
        for step in package.reminders.steps:
            if step.block != one.block:
                continue
            on = one.on + timedelta(days=step.at.days)
            at = instant_of(on, step.at.minute % MINUTES_PER_DAY, zone)
            if one.opens_at <= at < one.late_until:
                found[on].add(at)
    return found


def _every_day(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return how many columns a text takes in a terminal: a Chinese character takes two."""
    return sum(2 if ord(character) >= 0x2E80 else 1 for character in text)

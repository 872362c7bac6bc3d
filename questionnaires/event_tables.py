"""Days of adverse events, and the table of those that arose under treatment: blinded totals only.

Nothing here knows, or can be told, who received what; nothing is counted by infusions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from questionnaires.adverse_events import GRADES
from questionnaires.schedule import AnchorEvent, Anchors, study_day

INFUSIONS = (AnchorEvent.INF1, AnchorEvent.INF2)
LAST_DAY = 28


def infusion_days(
    anchors: Anchors, on: date, *, zone: ZoneInfo, infusion_day_number: int
) -> dict[AnchorEvent, int]:
    """Return the study day of a local day by each recorded infusion; negative before it."""
    return {
        event: study_day(
            anchors[event].astimezone(zone).date(), on, infusion_day_number=infusion_day_number
        )
        for event in INFUSIONS
        if event in anchors
    }


def is_treatment_emergent(
    anchors: Anchors,
    on: date,
    *,
    at: datetime | None = None,
    zone: ZoneInfo,
    infusion_day_number: int,
) -> bool:
    """Tell whether something that began on a local day began under treatment.

    That is from an infusion itself, the first or the second, to the end of its day 28. Without an
    instant `at` the whole infusion day counts: too much rather than too little.
    """
    days = infusion_days(anchors, on, zone=zone, infusion_day_number=infusion_day_number)
    return any(
        infusion_day_number <= day <= LAST_DAY and (at is None or at >= anchors[event])
        for event, day in days.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedEvent:
    """What the table needs of one event."""

    participant: str
    worst_grade: int
    is_serious: bool
    is_related: bool


class RowName(StrEnum):
    """The rows of the table; the grades are each participant's and each event's worst."""

    ANY = "any"
    GRADE_1 = "grade_1"
    GRADE_2 = "grade_2"
    GRADE_3 = "grade_3"
    GRADE_4 = "grade_4"
    GRADE_5 = "grade_5"
    SERIOUS = "serious"
    RELATED = "related"
    SERIOUS_AND_RELATED = "serious_and_related"


GRADE_ROWS: Mapping[int, RowName] = {grade: RowName(f"grade_{grade}") for grade in GRADES}


@dataclass(frozen=True, slots=True)
class TableRow:
    """How many participants had such an event, and how many events those were; None is hidden."""

    name: RowName
    participant_count: int | None
    event_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTable:
    """Events that began on day 1 to 28, of all who were infused; `undecided_count` is part of it.

    As long as candidates are undecided the events are undercounted, and the table says by how many
    at most.
    """

    infused_count: int
    undecided_count: int | None
    rows: tuple[TableRow, ...]


def summarise(
    events: Iterable[CountedEvent], *, infused_count: int, undecided_count: int
) -> EventTable:
    """Count: participants once in each row, by their worst event; events each by itself."""
    known = list(events)
    worst: dict[str, int] = {}
    for event in known:
        worst[event.participant] = max(event.worst_grade, worst.get(event.participant, 0))
    rows = [_row(RowName.ANY, known)]
    for grade, name in GRADE_ROWS.items():
        participants = sum(1 for one in worst.values() if one == grade)
        rows.append(TableRow(name, participants, sum(one.worst_grade == grade for one in known)))
    rows += [
        _row(RowName.SERIOUS, [one for one in known if one.is_serious]),
        _row(RowName.RELATED, [one for one in known if one.is_related]),
        _row(
            RowName.SERIOUS_AND_RELATED,
            [one for one in known if one.is_serious and one.is_related],
        ),
    ]
    return EventTable(
        infused_count=infused_count, undecided_count=undecided_count, rows=tuple(rows)
    )


def without_small_counts(table: EventTable, *, smallest_count: int) -> EventTable:
    """Hide counts below `smallest_count`, 0 excepted, and what would give them away.

    The grades add up to the first row: where one of them alone is hidden, the next smallest goes
    with it. A row whose participants are hidden hides its events too.
    """
    hidden = {
        row.name
        for row in table.rows
        if _is_small(row.participant_count, smallest_count)
        or _is_small(row.event_count, smallest_count)
    }
    grades = [row for row in table.rows if row.name in GRADE_ROWS.values()]
    if len([row for row in grades if row.name in hidden]) == 1 and RowName.ANY not in hidden:
        others = [row for row in grades if row.name not in hidden and row.participant_count]
        smallest = min(others, key=lambda row: row.participant_count or 0, default=None)
        hidden |= {smallest.name} if smallest else {RowName.ANY}
    return EventTable(
        infused_count=table.infused_count,
        undecided_count=(
            None if _is_small(table.undecided_count, smallest_count) else table.undecided_count
        ),
        rows=tuple(
            TableRow(row.name, None, None) if row.name in hidden else row for row in table.rows
        ),
    )


def _row(name: RowName, events: Sequence[CountedEvent]) -> TableRow:
    return TableRow(name, len({one.participant for one in events}), len(events))


def _is_small(count: int | None, smallest_count: int) -> bool:
    return count is not None and 0 < count < smallest_count

"""Compare this system's list of adverse events with another's, line by line.

The other list is a CSV with the columns of `COLUMNS`, in any order, UTF-8, with a header:

- `participant`: the code (SZ01-014)
- `number`: this system's number of the event, where the other system has it; may be empty
- `term`: the event in words
- `onset_on`, `ended_on`: 2026-03-05; the end may be empty
- `grade`: the worst grade, 1 to 5
- `serious`: yes or no
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

COLUMNS = ("participant", "number", "term", "onset_on", "ended_on", "grade", "serious")
MOST_LINES = 20_000
_SERIOUS = {"yes": True, "y": True, "no": False, "n": False}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEvent:
    """One event as a list has it; `line` is where it stands in a file."""

    participant: str
    number: int | None
    term: str
    onset_on: date
    ended_on: date | None
    grade: int
    serious: bool
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LineFault:
    """What cannot be read, and on which line of the file; the header is line 1."""

    line: int
    column: str
    reason: str


class UnreadableList(ValueError):
    """A CSV with faults; `faults` are all of them."""

    def __init__(self, faults: Sequence[LineFault]) -> None:
        super().__init__("\n".join(f"line {one.line}: {one.column} {one.reason}" for one in faults))
        self.faults = tuple(faults)


class DifferenceKind(StrEnum):
    """In which way two lists differ."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """One value that the two lists do not agree on."""

    field: str
    here: str
    there: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One event that is only in one list, or not the same in both."""

    kind: DifferenceKind
    participant: str
    here: ListedEvent | None
    there: ListedEvent | None
    fields: tuple[FieldDifference, ...] = ()


def read_list(text: str) -> tuple[ListedEvent, ...]:
    """Read the other system's list. Raises UnreadableList, which names every faulty line."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    faults: list[LineFault] = []
    events: list[ListedEvent] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise UnreadableList([LineFault(1, name, "is no column") for name in missing])
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(events) >= MOST_LINES:
                raise UnreadableList([LineFault(reader.line_num, "file", "is too long")])
            read = _read_row(dict(zip(header, row, strict=False)), reader.line_num)
            if isinstance(read, ListedEvent):
                events.append(read)
            else:
                faults += read
    except csv.Error as error:
        faults.append(LineFault(reader.line_num, "line", f"is not CSV: {error}"))
    if faults:
        raise UnreadableList(faults)
    return tuple(events)


def compare(here: Sequence[ListedEvent], there: Sequence[ListedEvent]) -> tuple[Difference, ...]:
    """Return what the two lists do not agree on, by participant and onset.

    Events belong together by number where the other list has one; else by participant and term, the
    nearest onset first. Each event is compared at most once.
    """
    pairs, only_here, only_there = _pair(here, there)
    found = [
        Difference(
            kind=DifferenceKind.DIFFERS, participant=ours.participant, here=ours, there=theirs,
            fields=fields,
        )
        for ours, theirs in pairs
        if (fields := tuple(_fields(ours, theirs)))
    ]  # fmt: skip
    found += [
        Difference(
            kind=DifferenceKind.MISSING_THERE, participant=one.participant, here=one, there=None
        )
        for one in only_here
    ]
    found += [
        Difference(
            kind=DifferenceKind.MISSING_HERE, participant=one.participant, here=None, there=one
        )
        for one in only_there
    ]
    return tuple(sorted(found, key=lambda one: (one.participant, _onset(one), one.kind)))


def _pair(
    here: Sequence[ListedEvent], there: Sequence[ListedEvent]
) -> tuple[list[tuple[ListedEvent, ListedEvent]], list[ListedEvent], list[ListedEvent]]:
    pairs: list[tuple[ListedEvent, ListedEvent]] = []
    ours, theirs = list(here), list(there)
    for wanted in list(theirs):
        if wanted.number is None:
            continue
        name = (wanted.participant, wanted.number)
        match = next((one for one in ours if (one.participant, one.number) == name), None)
        if match is not None:
            pairs.append((match, wanted))
            ours.remove(match)
            theirs.remove(wanted)
    close = sorted(
        (
            (abs((one.onset_on - wanted.onset_on).days), index, place)
            for index, one in enumerate(ours)
            for place, wanted in enumerate(theirs)
            if wanted.number is None and _name(one) == _name(wanted)
        )
    )
    taken_here: set[int] = set()
    taken_there: set[int] = set()
    for _days, index, place in close:
        if index not in taken_here and place not in taken_there:
            taken_here.add(index)
            taken_there.add(place)
            pairs.append((ours[index], theirs[place]))
    return (
        pairs,
        [one for index, one in enumerate(ours) if index not in taken_here],
        [one for place, one in enumerate(theirs) if place not in taken_there],
    )


def _name(event: ListedEvent) -> tuple[str, str]:
    return event.participant, " ".join(event.term.casefold().split())


def _onset(difference: Difference) -> date:
    one = difference.here or difference.there
    return one.onset_on if one else date.min


def _fields(here: ListedEvent, there: ListedEvent) -> Iterator[FieldDifference]:
    for field in ("onset_on", "ended_on", "grade", "serious"):
        ours, theirs = getattr(here, field), getattr(there, field)
        if ours != theirs:
            yield FieldDifference(field=field, here=_shown(ours), there=_shown(theirs))
    if _name(here) != _name(there):
        yield FieldDifference(field="term", here=here.term, there=there.term)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _read_row(cells: dict[str, str], line: int) -> ListedEvent | list[LineFault]:
    cell = {name: cells.get(name, "").strip() for name in COLUMNS}
    faults = [
        LineFault(line, name, "is empty")
        for name in ("participant", "term", "onset_on", "grade", "serious")
        if not cell[name]
    ]
    dates: dict[str, date | None] = {}
    for name in ("onset_on", "ended_on"):
        dates[name] = _date(cell[name])
        if cell[name] and dates[name] is None:
            faults.append(LineFault(line, name, "is no date like 2026-03-05"))
    if cell["number"] and not _NUMBER.fullmatch(cell["number"]):
        faults.append(LineFault(line, "number", "is no number"))
    if cell["grade"] and cell["grade"] not in {"1", "2", "3", "4", "5"}:
        faults.append(LineFault(line, "grade", "is not 1 to 5"))
    if cell["serious"] and cell["serious"].lower() not in _SERIOUS:
        faults.append(LineFault(line, "serious", "is neither yes nor no"))
    onset_on = dates["onset_on"]
    if faults or onset_on is None:
        return faults
    return ListedEvent(
        participant=cell["participant"],
        number=int(cell["number"]) if cell["number"] else None,
        term=cell["term"],
        onset_on=onset_on,
        ended_on=dates["ended_on"],
        grade=int(cell["grade"]),
        serious=_SERIOUS[cell["serious"].lower()],
        line=line,
    )


def _date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

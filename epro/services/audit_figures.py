"""What an audit would look at, as figures: each a count of cases out of a stated whole (T-09).

ICH E6(R3) 4.2.3 and the EMA guideline on computerised systems, 6.2.2, ask that the audit trail is
reviewed for what is out of the ordinary. A figure is no finding: night shifts exist, and so do
families that share a telephone. It tells where to look, and each leads to its cases.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from epro.models import Completer, EntryMode, Timeliness

# Local hours; the evening diary is open until midnight and from then on only late.
NIGHT_ENDS = 5
# Less than this for each answer is faster than it can be read: Huang et al. 2012, Journal of
# Business and Psychology 27:99-114.
SHORTEST_S_AN_ANSWER = 2.0
# Of what belongs to no site: the attempts of unknown names, and accounts of the whole study.
NO_SITE = ""
NO_SITES_ZONE = "UTC"
OWN_MODES = frozenset({EntryMode.OWN_DEVICE, EntryMode.PROVISIONED_DEVICE})


class Figure(StrEnum):
    """What is counted; `WHOLE` says out of what."""

    LATE = "late"
    CORRECTED = "corrected"
    NIGHT = "night"
    FAST = "fast"
    ON_BEHALF = "on_behalf"
    SHARED_DEVICE = "shared_device"
    SHARED_ADDRESS = "shared_address"
    REFUSED = "refused"
    EXPORTS = "exports"


@dataclass(frozen=True, slots=True)
class Period:
    """Local days of each site, both ends included."""

    from_on: date
    to_on: date

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """Return the first instant of the period in a zone, and the first one after it, in UTC."""
        first, after = (
            datetime.combine(on, time(), ZoneInfo(zone)).astimezone(UTC)
            for on in (self.from_on, self.to_on + timedelta(days=1))
        )
        return first, after

    def holds(self, at: datetime, zone: str) -> bool:
        """Tell whether an instant lies on one of the days."""
        return self.from_on <= at.astimezone(ZoneInfo(zone)).date() <= self.to_on


class Who(NamedTuple):
    """To whom something is counted: a site's code, and a participant's or a user's name, if any."""

    site: str
    participant: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case of a figure: what it is in the journal, when it was, and what is known beside it.

    `facts` are small and hold no answers.
    """

    figure: Figure
    who: Who
    at: datetime
    entity_type: str
    entity_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """How many make the whole of a figure, by whom, and to whom each case in it is counted.

    Exports have no whole. The cases are written out for whoever asks for them, in the order of
    `people`: a page of figures counts thousands and shows none.
    """

    whole: Mapping[Who, int] | None
    people: Sequence[Who]
    write_out: Callable[[], Sequence[Case]]

    @property
    def cases(self) -> Sequence[Case]:
        """Every case, written out."""
        return self.write_out()


def found_as(whole: Mapping[Who, int] | None, cases: Sequence[Case]) -> Found:
    """Return a figure of which the few cases are written out already."""
    return Found(whole, [one.who for one in cases], lambda: cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One response as it was sent in; times are instants, the offset is that of her clock then."""

    id: str
    who: Who
    questionnaire: str
    answered_at: datetime
    utc_offset_minutes: int
    opened_at: datetime | None
    timeliness: Timeliness
    counts: bool
    mode: EntryMode
    completer: Completer
    answer_count: int
    # Whoever of the site opened the app for her, or typed her sheet in.
    taken_by: str | None = None

    @property
    def answered_local(self) -> datetime:
        """The time of day at which she answered."""
        return self.answered_at + timedelta(minutes=self.utc_offset_minutes)

    @property
    def taken_s(self) -> float | None:
        """Seconds from opening the form to sending it in; None where the opening is not known."""
        if self.opened_at is None or not self.answer_count:
            return None
        return (self.answered_at - self.opened_at).total_seconds()


def is_late(entry: Entry) -> bool:
    """Tell whether an answer that counts came in the late part of its window."""
    return entry.counts and entry.timeliness is Timeliness.LATE


def is_at_night(entry: Entry) -> bool:
    """Tell whether it was given between midnight and five, by her own clock."""
    return entry.answered_local.hour < NIGHT_ENDS


def is_fast(entry: Entry) -> bool:
    """Tell whether it took less time than reading takes."""
    taken_s = entry.taken_s
    return taken_s is not None and taken_s < SHORTEST_S_AN_ANSWER * entry.answer_count


def is_on_behalf(entry: Entry) -> bool:
    """Tell whether the site took the answers, or somebody gave them for her."""
    return entry.mode not in OWN_MODES or entry.completer is Completer.ANSWERED_FOR_ME


OF_ENTRIES: Mapping[Figure, Callable[[Entry], bool]] = {
    Figure.LATE: is_late,
    Figure.NIGHT: is_at_night,
    Figure.FAST: is_fast,
    Figure.ON_BEHALF: is_on_behalf,
}


def found_among(figure: Figure, whole: Mapping[Who, int], entries: Iterable[Entry]) -> Found:
    """Return a figure with those of the entries that are cases of it."""
    cases = [one for one in entries if OF_ENTRIES[figure](one)]
    return Found(
        whole, [_whose(one) for one in cases], lambda: [_case(figure, one) for one in cases]
    )


def _whose(entry: Entry) -> Who:
    return Who(entry.who.site, entry.who.participant, entry.taken_by)


def _case(figure: Figure, entry: Entry) -> Case:
    facts: dict[str, Any] = {"questionnaire": entry.questionnaire}
    if figure is Figure.NIGHT:
        facts["local_time"] = f"{entry.answered_local:%H:%M}"
    if figure is Figure.FAST:
        facts |= {"taken_s": round(entry.taken_s or 0), "answers": entry.answer_count}
    if figure is Figure.ON_BEHALF:
        facts |= {"mode": entry.mode.value, "completer": entry.completer.value}
    return Case(
        figure=figure, who=_whose(entry), at=entry.answered_at, entity_type="response",
        entity_id=entry.id, facts=facts,
    )  # fmt: skip

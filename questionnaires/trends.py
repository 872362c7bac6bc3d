"""What one entry says beside earlier ones: change from baseline, days running, n of the last m.

History comes in as values: `screening.py` loads a small window of earlier entries once. A
derivation is data of the study package (rules.yaml), so a new rule version may count other days.
The phone does not have the history; there a rule on a trend is never met, and the server decides.

- *Baseline*: the entries answered in the 28 days before the first infusion. Before it is none.
- *A day* is the local day that an entry is about: a diary filled in next morning is yesterday's.
- What has no value (no baseline) is absent, as an unanswered question is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import median

from questionnaires.branching import applies
from questionnaires.words import Behavior, Clause

BASELINE_SPAN = timedelta(days=28)


class TrendKind(StrEnum):
    """How a trend is worked out; `question` is an item or a derivation that is a number.

    CHANGE_FROM_BASELINE: the answer now minus the median of the baseline entries.
    LEVELS_FROM_BASELINE: the same in levels; `level_from` are the lowest answers of levels 1, 2, …
    HELD_AT_BASELINE: whether the clauses held on any baseline entry; no value without baseline.
    DAYS_OF_LAST: on how many of the last `days` days, today included, the clauses held.
    DAYS_RUNNING: for how many days running, ending today, the clauses held; at most `days`.
    """

    CHANGE_FROM_BASELINE = "change_from_baseline"
    LEVELS_FROM_BASELINE = "levels_from_baseline"
    HELD_AT_BASELINE = "held_at_baseline"
    DAYS_OF_LAST = "days_of_last"
    DAYS_RUNNING = "days_running"


_OF_ONE_ENTRY = frozenset(
    {TrendKind.CHANGE_FROM_BASELINE, TrendKind.LEVELS_FROM_BASELINE, TrendKind.HELD_AT_BASELINE}
)
OF_SEVERAL_DAYS = frozenset(TrendKind) - _OF_ONE_ENTRY
WITH_QUESTION = frozenset({TrendKind.CHANGE_FROM_BASELINE, TrendKind.LEVELS_FROM_BASELINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A named derivation over earlier entries. Clauses may read trends of one entry, no others."""

    name: str
    kind: TrendKind
    question: str | None = None
    level_from: tuple[float, ...] = ()
    days: int = 1
    when: tuple[Clause, ...] = ()

    @property
    def is_of_one_entry(self) -> bool:
        """Tell whether it compares one entry with the baseline, and no days with each other."""
        return self.kind in _OF_ONE_ENTRY


@dataclass(frozen=True, slots=True)
class PastEntry:
    """An earlier entry: the local day it is about, and its answers with their derivations."""

    on: date
    inputs: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known beside the entry that is looked at, which itself is not among it.

    `on` is the local day of that entry. `recent` holds entries of that day and of the
    `days_looked_back` before it, in any order.
    """

    on: date
    baseline: Sequence[Mapping[str, object]] = ()
    recent: Sequence[PastEntry] = ()


def days_looked_back(trends: Iterable[Trend]) -> int:
    """Return how many days before the entry's own any trend looks at."""
    return max((trend.days for trend in trends if trend.kind in OF_SEVERAL_DAYS), default=0)


def derive_trends(
    trends: Sequence[Trend], inputs: Mapping[str, object], history: History
) -> dict[str, bool | int | float]:
    """Return the trends that have a value. `inputs` are the entry's answers and derivations."""
    names = {trend.name for trend in trends}
    of_one = [trend for trend in trends if trend.is_of_one_entry]
    baseline = {trend.name: _at_baseline(trend, history.baseline) for trend in of_one}
    derived = _of_one_entry(of_one, baseline, inputs)
    now = {**inputs, **derived}
    read = {clause.question for trend in trends for clause in trend.when}
    needed = [trend for trend in of_one if trend.name in read]
    past = [
        PastEntry(entry.on, {**_without(entry.inputs, names), **one})
        for entry in history.recent
        for one in (_of_one_entry(needed, baseline, entry.inputs),)
    ]
    for trend in trends:
        if not trend.is_of_one_entry:
            derived[trend.name] = _over_days(trend, now, past, history.on)
    return derived


def _at_baseline(trend: Trend, entries: Sequence[Mapping[str, object]]) -> float | bool | None:
    if not entries:
        return None
    if trend.kind is TrendKind.HELD_AT_BASELINE:
        return any(applies(trend.when, Behavior.ALL, entry) for entry in entries)
    numbers = [number for entry in entries if (number := _number(trend, entry)) is not None]
    return median(numbers) if numbers else None


def _of_one_entry(
    trends: Iterable[Trend],
    baseline: Mapping[str, float | bool | None],
    inputs: Mapping[str, object],
) -> dict[str, bool | int | float]:
    derived: dict[str, bool | int | float] = {}
    for trend in trends:
        usual = baseline[trend.name]
        if usual is None:
            continue
        if trend.kind is TrendKind.HELD_AT_BASELINE:
            derived[trend.name] = usual
        elif (number := _number(trend, inputs)) is None:
            continue
        elif trend.kind is TrendKind.LEVELS_FROM_BASELINE:
            derived[trend.name] = _level(trend, number) - _level(trend, usual)
        else:
            derived[trend.name] = _difference(number, usual)
    return derived


def _over_days(trend: Trend, now: Mapping[str, object], past: Sequence[PastEntry], on: date) -> int:
    held = {entry.on for entry in past if applies(trend.when, Behavior.ALL, entry.inputs)}
    if applies(trend.when, Behavior.ALL, now):
        held.add(on)
    days = [on - timedelta(days=back) for back in range(trend.days)]
    if trend.kind is TrendKind.DAYS_OF_LAST:
        return sum(day in held for day in days)
    return next((back for back, day in enumerate(days) if day not in held), trend.days)


def _number(trend: Trend, inputs: Mapping[str, object]) -> float | None:
    value = inputs.get(trend.question or "")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _level(trend: Trend, number: float) -> int:
    return sum(number >= lowest for lowest in trend.level_from)


def _difference(number: float, other: float) -> float:
    """Subtract, without the dust of binary fractions: 2.3 - 0.3 is 2.0, not 1.9999…"""
    return round(number - other, 6)


def _without(inputs: Mapping[str, object], names: Collection[str]) -> dict[str, object]:
    """Leave out what another rule version may have derived under the same names."""
    return {name: value for name, value in inputs.items() if name not in names}

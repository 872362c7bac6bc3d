"""Diary episodes: consecutive days on which a symptom is above its level before the infusion.

An episode is never an adverse event by itself. It is a question to a physician, and it is asked of
every one (SAFETY section 2a): diaries are where small events hide. What counts as above is data.

- *Level of a day*: the highest that any form of that local day says; an unfinished one counts too.
- *A scale* (pain, temperature) is above where it reaches `at_least` and also its baseline plus
  `rise`. The baseline is the median of the days before the first infusion; without any, what she
  said is usual for her (`usual`); without that, 0.
- *A sign* ("none of these") is above where it was ticked: the diary asks for what is new or worse
  than usual. On how much of the days before it was ticked too is shown as its baseline.
- *Gaps*: a day on which the question was not answered is bridged, up to `bridge_days` in a row;
  beyond that, and on a day that was answered and is not above, the episode ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from questionnaires.adverse_events import EpisodePolicy, Symptom
from questionnaires.branching import applies
from questionnaires.words import Behavior

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One form: the local day it is about, and its answers together with their derivations."""

    on: date
    inputs: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Level:
    """How high a symptom was on a day."""

    on: date
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch of days above baseline; `days` are those that say so, bridged ones are left out."""

    symptom: str
    baseline: float | None
    days: tuple[Level, ...]
    is_over: bool

    @property
    def first_on(self) -> date:
        """Return the first day above."""
        return self.days[0].on

    @property
    def last_on(self) -> date:
        """Return the last day above that is known."""
        return self.days[-1].on

    @property
    def peak(self) -> float:
        """Return the highest level."""
        return max(one.level for one in self.days)

    @property
    def bridged_count(self) -> int:
        """Return how many days within it nobody knows of."""
        return (self.last_on - self.first_on).days + 1 - len(self.days)


def build(
    policy: EpisodePolicy, entries: Iterable[Entry], *, infused_on: date
) -> tuple[Episode, ...]:
    """Return all episodes from the first infusion's local day on, by first day, then as listed.

    A pure function of what was answered: late answers and corrections give other episodes.
    """
    known = list(entries)
    found = [
        episode
        for symptom in policy.symptoms
        for episode in _episodes_of(symptom, policy, known, infused_on)
    ]
    order = {symptom.code: place for place, symptom in enumerate(policy.symptoms)}
    return tuple(sorted(found, key=lambda one: (one.first_on, order[one.symptom])))


def is_settled(decided: Episode, now: Episode) -> bool:
    """Tell whether a decision about an episode still stands for what it has become.

    It does while the days that were decided about say what they said and no later day is worse:
    that it goes on at the same level is what an open event does. Anything else asks again.
    """
    same = [one for one in now.days if one.on <= decided.last_on]
    return (
        decided.symptom == now.symptom and same == list(decided.days) and now.peak <= decided.peak
    )


def _episodes_of(
    symptom: Symptom, policy: EpisodePolicy, entries: Sequence[Entry], infused_on: date
) -> Iterator[Episode]:
    levels = _levels(symptom, entries)
    before = {
        on: level
        for on, level in levels.items()
        if infused_on - policy.baseline_days * DAY <= on < infused_on
    }
    baseline = _baseline(symptom, before, entries, infused_on)
    bar = max(symptom.at_least, (baseline or 0.0) + symptom.rise) if symptom.is_scale else 1.0
    run: list[Level] = []
    unknown = 0
    on, last_on = infused_on, max(levels, default=infused_on - DAY)
    while on <= last_on:
        level = levels.get(on)
        if level is None:
            unknown += 1
        elif level >= bar:
            if run and unknown > policy.bridge_days:
                yield _episode(symptom, baseline, run, is_over=True)
                run = []
            run.append(Level(on, level))
            unknown = 0
        else:
            if run:
                yield _episode(symptom, baseline, run, is_over=True)
            run, unknown = [], 0
        on += DAY
    if run:
        yield _episode(symptom, baseline, run, is_over=unknown > policy.bridge_days)


def _episode(
    symptom: Symptom, baseline: float | None, run: Sequence[Level], *, is_over: bool
) -> Episode:
    return Episode(symptom=symptom.code, baseline=baseline, days=tuple(run), is_over=is_over)


def _levels(symptom: Symptom, entries: Iterable[Entry]) -> dict[date, float]:
    """Return the level of each day of which any form says one."""
    highest: dict[date, float] = {}
    for on, level in (_scale if symptom.is_scale else _sign)(symptom, entries):
        highest[on] = max(level, highest.get(on, level))
    return highest


def _scale(symptom: Symptom, entries: Iterable[Entry]) -> Iterator[tuple[date, float]]:
    for entry in entries:
        level = _number(entry.inputs.get(symptom.question))
        if level is not None:
            yield entry.on, level


def _sign(symptom: Symptom, entries: Iterable[Entry]) -> Iterator[tuple[date, float]]:
    questions = {clause.question for clause in symptom.when}
    for entry in entries:
        # Most forms ask little of what is followed: those are passed over before all else.
        if not questions.isdisjoint(entry.inputs) and any(
            _is_answered(entry.inputs.get(one)) for one in questions
        ):
            yield entry.on, 1.0 if applies(symptom.when, Behavior.ALL, entry.inputs) else 0.0


def _baseline(
    symptom: Symptom, before: Mapping[date, float], entries: Iterable[Entry], infused_on: date
) -> float | None:
    if not symptom.is_scale:
        return sum(before.values()) / len(before) if before else None
    if before:
        return float(median(before.values()))
    said = [
        level
        for entry in entries
        if symptom.usual
        and entry.on <= infused_on
        and (level := _number(entry.inputs.get(symptom.usual))) is not None
    ]
    return float(median(said)) if said else None


def _is_answered(value: object) -> bool:
    return value is not None and value not in ("", [], ())


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None

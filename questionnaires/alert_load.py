"""How many flags a study's rules would raise: invented diaries, the real schedule and rules.

The rates stand in `tables/alert_load.yaml`, fixed before anything was simulated. Every participant
is infused once, answers what the schedule asks of her unless it is missed, and has what the rates
say happens to her. Flags are grouped as `flags.raise_or_join` does; how long they stay open is a
rate. Reports at any hour are not simulated: nobody knows how often they will come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from questionnaires.definition import AnswerValue, ItemType, Questionnaire, StudyPackage
from questionnaires.invented import calm_answers
from questionnaires.planner import plan
from questionnaires.rules import Surroundings, inputs_of, met_rules, with_history
from questionnaires.schedule import AnchorEvent, AnsweredBy, PlannedAssessment
from questionnaires.silence import Awaited, signals
from questionnaires.sources import PackageFaults, Source
from questionnaires.tiers import Tier
from questionnaires.trends import BASELINE_SPAN, History, PastEntry

RATES = Path(__file__).parent / "tables" / "alert_load.yaml"
# A Tuesday, so that the first weekend lies within the first week as for most.
INFUSED_AT = datetime(2026, 3, 3, 2, tzinfo=UTC)
_LISTS = frozenset(
    {"other", "skin", "site", "urine", "swelling", "stomach", "urgent", "breathing", "chest",
     "head", "belly", "bleeding", "changes", "doctor", "steroid"}
)  # fmt: skip
_CODE_OF_CHRONIC = {"swelling": "swelling", "foam": "urine", "bruises": "bruises"}


@dataclass(frozen=True, slots=True)
class Raised:
    """One flag: its tier at the end, and the rules that made or joined it."""

    tier: Tier
    rules: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of all participants; `flags` holds a list for each of them."""

    days: int
    flags: Sequence[Sequence[Raised]]
    answered: int
    missed: int

    def per_participant(self, *tiers: Tier) -> float:
        """Return how many flags of these tiers a participant has on average."""
        count = sum(one.tier in tiers for each in self.flags for one in each)
        return count / len(self.flags)

    def share_with_any(self, *tiers: Tier) -> float:
        """Return the share of participants with at least one flag of these tiers."""
        return sum(any(one.tier in tiers for one in each) for each in self.flags) / len(self.flags)

    def most(self, *tiers: Tier) -> int:
        """Return the most flags of these tiers that any participant has."""
        return max(sum(one.tier in tiers for one in each) for each in self.flags)

    def by_rule(self, *tiers: Tier) -> list[tuple[str, float]]:
        """Return how many flags of these tiers per participant a rule has a part in."""
        counts = Counter(
            rule for each in self.flags for one in each if one.tier in tiers for rule in one.rules
        )
        return [(rule, count / len(self.flags)) for rule, count in counts.most_common()]


def read_rates(path: Path = RATES) -> Mapping[str, Any]:
    """Return the rates as they are written. Raises PackageFaults where the file is no YAML."""
    source = Source(path.name, path)
    if source.faults:
        raise PackageFaults(tuple(source.faults))
    rates: Mapping[str, Any] = source.plain
    return rates


def simulate(
    package: StudyPackage,
    rates: Mapping[str, Any],
    *,
    seed: int,
    participants: int | None = None,
) -> Load:
    """Return the load of so many participants; equal seeds give equal loads."""
    chance = Random(seed)  # noqa: S311  invented people, not secrets
    count = participants or int(rates["participants"])
    anchors = {AnchorEvent.INF1_PLANNED: INFUSED_AT, AnchorEvent.INF1: INFUSED_AT}
    zone = ZoneInfo(package.zone)
    end_on = INFUSED_AT.astimezone(zone).date() + timedelta(days=int(rates["days"]) - 1)
    due = [
        one
        for one in plan(package.schedule, anchors, zone=zone).assessments
        if one.answered_by is AnsweredBy.PARTICIPANT and one.on <= end_on
    ]
    everybody = [_Life(package, rates, zone, chance) for _ in range(count)]
    for life in everybody:
        life.live(due)
    return Load(
        days=int(rates["days"]),
        flags=[life.raised for life in everybody],
        answered=sum(life.answered for life in everybody),
        missed=sum(life.missed for life in everybody),
    )  # fmt: skip


@dataclass(slots=True)
class _Flag:
    tier: Tier
    rules: set[str]
    open_until: datetime


@dataclass(frozen=True, slots=True)
class _Episode:
    first: int
    days: int
    what: Mapping[str, Any]

    def is_on(self, day: int) -> bool:
        return self.first <= day < self.first + self.days


@dataclass
class _Life:
    """One participant: what she lives with, what happens to her, and the flags that come of it."""

    package: StudyPackage
    rates: Mapping[str, Any]
    zone: ZoneInfo
    chance: Random
    flags: list[_Flag] = field(default_factory=list)
    answered: int = 0
    missed: int = 0

    def __post_init__(self) -> None:
        chance, rates = self.chance, self.rates
        self._forms = {form.code: form for form in self.package.questionnaires}
        self._chronic = self._some_chronic()
        usual = rates["scales"]
        self._usual = {
            name: chance.gauss(usual["usual"], usual["between_people"])
            for name in ("pain", "fatigue")
        }
        warmth = rates["temperature"]
        self._temperature = chance.gauss(warmth["usual"], warmth["between_people"])
        period = rates["menstruation"]
        has_period = chance.random() < period["share"]
        self._period_first = chance.randrange(-4, 24) if has_period else None
        self._episodes = [
            _Episode(chance.randint(*one["first"]), one["days"], one)
            for one in rates["episodes"]
            if chance.random() < one["chance"]
        ]
        self._entries: list[tuple[datetime, PastEntry]] = []
        self._missed_running: Counter[str] = Counter()

    @property
    def raised(self) -> list[Raised]:
        return [Raised(one.tier, frozenset(one.rules)) for one in self.flags]

    def live(self, due: Sequence[PlannedAssessment]) -> None:
        """Answer or miss everything, in the order in which it becomes known."""
        moments = [
            (one.late_until, one, True)
            if self.chance.random() < self.rates["missed"]
            else (one.due_at - timedelta(hours=1), one, False)
            for one in due
        ]
        for at, one, is_missed in sorted(moments, key=lambda moment: moment[0]):
            if is_missed:
                self.missed += 1
                self._miss(one, at)
            else:
                self.answered += 1
                self._missed_running[one.family] = 0
                self._answer(one, at)

    def _some_chronic(self) -> dict[str, bool]:
        """Return what she lives with, and whether the baseline was told of it."""
        chronic, found = self.rates["chronic"], {}
        either = self.chance.random()  # swelling or foam: nobody is counted for both
        limit = 0.0
        for name in ("swelling", "foam"):
            if limit <= either < limit + chronic[name]["share"]:
                found[name] = self.chance.random() < chronic[name]["said"]
            limit += chronic[name]["share"]
        if self.chance.random() < chronic["bruises"]["share"]:
            found["bruises"] = self.chance.random() < chronic["bruises"]["said"]
        return found

    def _answer(self, asked: PlannedAssessment, at: datetime) -> None:
        form = self._forms[asked.questionnaire]
        day = (asked.on - INFUSED_AT.astimezone(self.zone).date()).days
        told = self._told(form, day)
        raw = calm_answers(form, answered_at=at, chance=self.chance, but=told)
        values = {str(one["link_id"]): one["value"] for one in raw if "value" in one}
        infused_at = INFUSED_AT if at >= INFUSED_AT else None
        surroundings = Surroundings(answered_at=at, latest_infusion_at=infused_at)
        known = inputs_of(values, surroundings, default_route=self.package.thermometer_route)
        met = [
            one.rule
            for one in met_rules(
                self.package.rules, with_history(self.package, known, self._history(asked.on, at))
            )
        ]
        self._entries.append((at, PastEntry(asked.on, known)))
        if met:
            self._raise(met[0].tier, {rule.id for rule in met}, at)

    def _history(self, on: date, at: datetime) -> History:
        before = [
            entry.inputs
            for answered_at, entry in self._entries
            if at >= INFUSED_AT and INFUSED_AT - BASELINE_SPAN <= answered_at < INFUSED_AT
        ]
        return History(on=on, baseline=before, recent=[entry for _at, entry in self._entries])

    def _told(self, form: Questionnaire, day: int) -> dict[str, AnswerValue]:
        """Return what a form is answered with on a day, counted from the infusion day."""
        chance = self.chance
        if form.code == "baseline":
            told = [name for name, is_told in self._chronic.items() if is_told]
            return {"usual_signs": tuple(told) or ("none",)}
        warmth = self.rates["temperature"]
        answers: dict[str, Any] = {
            "temp": round(chance.gauss(self._temperature, warmth["between_days"]), 1)
        }
        for name, usual in self._usual.items():
            level = chance.gauss(usual, self.rates["scales"]["between_days"])
            answers[name] = min(10, max(0, round(level)))
        ticked: dict[str, set[str]] = {}
        for name, usual_code in _CODE_OF_CHRONIC.items():
            is_ticked = chance.random() < self.rates["chronic"][name]["ticked"]
            if name in self._chronic and is_ticked and day >= 0:
                _tick(ticked, other=usual_code, **_details_of(name))
                answers.setdefault("compared", "same")
        self._bleed(answers, ticked, day)
        for episode in self._episodes:
            if episode.is_on(day):
                self._suffer(answers, ticked, episode.what)
        answers |= {name: tuple(sorted(codes)) for name, codes in ticked.items()}
        return dict(_taken(form, answers))

    def _bleed(self, answers: dict[str, Any], ticked: dict[str, set[str]], day: int) -> None:
        period, first = self.rates["menstruation"], self._period_first
        if first is None or not first <= day < first + period["days"]:
            return
        if self.chance.random() < period["red_urine"]:
            _tick(ticked, other="urine", urine="red")
            is_unsure = self.chance.random() < period["unsure"]
            answers["urine_period"] = "unsure" if is_unsure else "period"

    def _suffer(
        self, answers: dict[str, Any], ticked: dict[str, set[str]], what: Mapping[str, Any]
    ) -> None:
        for name, value in what.items():
            if name == "temperature":
                answers["temp"] = round(self.chance.uniform(*value), 1)
            elif name in _LISTS:
                ticked.setdefault(name, set()).update(value)
            elif name not in {"name", "chance", "first", "days"}:
                answers[name] = value

    def _miss(self, asked: PlannedAssessment, at: datetime) -> None:
        day = (asked.on - INFUSED_AT.astimezone(self.zone).date()).days
        awaited = Awaited(
            block=asked.block, on=asked.on, due_at=asked.due_at, late_until=asked.late_until,
            is_completed=False, days_since_infusion=day if day >= 0 else None,
            missed_before=self._missed_running[asked.family],
            open_tiers=frozenset(one.tier for one in self.flags if one.open_until > at),
        )  # fmt: skip
        self._missed_running[asked.family] += 1
        found = signals(self.package.silence, awaited, zone=self.zone, now=at)
        for signal in found[:1]:
            if signal.tier is not None:
                self._raise(signal.tier, {self.package.silence.id}, at)

    def _raise(self, tier: Tier, rules: set[str], at: datetime) -> None:
        shared = next(
            (one for one in self.flags if one.open_until > at and one.rules & rules), None
        )
        open_until = at + timedelta(days=int(self.rates["days_open"][tier.value]))
        if shared is None:
            self.flags.append(_Flag(tier, rules, open_until))
            return
        shared.rules |= rules
        if tier.urgency > shared.tier.urgency:
            shared.tier, shared.open_until = tier, open_until


def _details_of(chronic: str) -> dict[str, str]:
    return {"swelling": {"swelling": "ankles"}, "foam": {"urine": "foamy"}}.get(chronic, {})


def _tick(ticked: dict[str, set[str]], **codes: str) -> None:
    for name, code in codes.items():
        ticked.setdefault(name, set()).add(code)


def _taken(form: Questionnaire, answers: Mapping[str, Any]) -> Iterator[tuple[str, AnswerValue]]:
    for name, value in answers.items():
        item = form.item(name)
        if item is not None and (item.type is not ItemType.MULTI or set(value) <= set(item.codes)):
            yield name, value

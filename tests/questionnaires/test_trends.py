"""What earlier entries say: each derivation by its definition, at the days where it turns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeAlias

import pytest

from questionnaires.definition import Clause
from questionnaires.lint import check
from questionnaires.rules import with_history
from questionnaires.trends import (
    History,
    PastEntry,
    Trend,
    TrendKind,
    days_looked_back,
    derive_trends,
)
from tests.questionnaires.forms import clause, shipped

TODAY = date(2026, 3, 10)
Entry: TypeAlias = Mapping[str, object]
PAIN: Entry = {"pain": 5}
NOTHING: Mapping[int, Sequence[Entry]] = {}


def history(
    past: Mapping[int, Sequence[Entry]] = NOTHING, *, baseline: Sequence[Entry] = ()
) -> History:
    """Return what is known beside today's entry: earlier ones by how many days ago they were."""
    recent = [
        PastEntry(TODAY - timedelta(days=days_ago), entry)
        for days_ago, entries in past.items()
        for entry in entries
    ]
    return History(on=TODAY, baseline=baseline, recent=recent)


def trend(kind: str, *when: Clause, **kwargs: object) -> Trend:
    return Trend(name="trend", kind=TrendKind(kind), when=when, **kwargs)  # type: ignore[arg-type]


def value(one: Trend, inputs: Entry, past: History) -> object:
    return derive_trends([one], inputs, past).get("trend")


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("baseline", "change"),
    [
        ([], None),
        ([{"fatigue": 1}], None),
        ([{"pain": 2}], 3),
        ([{"pain": 0}, {"pain": 9}, {"pain": 2}], 3),
        ([{"pain": 2}, {"pain": 3}], 2.5),
    ],
)
def test_change_is_counted_from_the_median_of_the_baseline(
    baseline: list[Entry], change: float | None
) -> None:
    one = trend("change_from_baseline", question="pain")

    assert value(one, PAIN, history(baseline=baseline)) == change
    assert value(one, {}, history(baseline=baseline)) is None


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("usual", "now", "levels"),
    [(0, 0, 0), (0, 1, 1), (0, 3, 1), (0, 4, 2), (3, 4, 1), (3, 7, 2), (6, 7, 1), (7, 2, -2)],
)
def test_levels_are_none_mild_moderate_and_severe(usual: int, now: int, levels: int) -> None:
    one = trend("levels_from_baseline", question="pain", level_from=(1.0, 4.0, 7.0))

    assert value(one, {"pain": now}, history(baseline=[{"pain": usual}])) == levels


@pytest.mark.req("A-03")
def test_what_held_at_baseline_is_unknown_without_one() -> None:
    one = trend("held_at_baseline", clause("usual_signs", "=", "foam"))

    assert value(one, {}, history()) is None
    assert value(one, {}, history(baseline=[{"usual_signs": ["none"]}])) is False
    assert value(one, {}, history(baseline=[{}, {"usual_signs": ["foam", "rash"]}])) is True


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("past", "days"),
    [
        ({}, 1),
        ({1: [PAIN], 6: [PAIN]}, 3),
        ({1: [PAIN], 7: [PAIN]}, 2),
        ({1: [PAIN, PAIN]}, 2),
        ({0: [PAIN]}, 1),
        ({1: [{"pain": 4}], 2: [{}]}, 1),
    ],
)
def test_days_of_the_last_seven_are_counted_once_each_today_included(
    past: Mapping[int, Sequence[Entry]], days: int
) -> None:
    one = trend("days_of_last", clause("pain", ">=", 5), days=7)

    assert value(one, PAIN, history(past)) == days


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("now", "past", "days"),
    [
        (PAIN, {}, 1),
        (PAIN, {1: [PAIN]}, 2),
        (PAIN, {2: [PAIN]}, 1),
        (PAIN, {1: [PAIN], 2: [PAIN], 3: [{}]}, 3),
        ({"pain": 0}, {1: [PAIN]}, 0),
        ({"pain": 0}, {0: [PAIN], 1: [PAIN]}, 2),
    ],
)
def test_days_running_end_today_and_break_at_a_day_without(
    now: Entry, past: Mapping[int, Sequence[Entry]], days: int
) -> None:
    one = trend("days_running", clause("pain", ">=", 5), days=7)

    assert value(one, now, history(past)) == days


@pytest.mark.req("A-03")
def test_a_trend_over_days_reads_each_day_beside_the_baseline() -> None:
    trends = shipped().trends
    warm: Entry = {"temperature_tenths_oral": 372}
    usual: list[Entry] = [{"temperature_tenths_oral": tenths} for tenths in (366, 365, 368)]

    derived = derive_trends(trends, warm, history({1: [warm], 2: [usual[0]]}, baseline=usual))

    assert derived["temperature_above_baseline"] == 6
    assert derived["warm_days_running"] == 2


@pytest.mark.req("A-03")
def test_what_another_version_derived_is_worked_out_anew() -> None:
    stale = {"pain": 1, "pain_levels_up": 3, "words_of_emergency": ["住院"]}

    inputs = with_history(shipped(), stale, history(baseline=[{"pain": 1}]))

    assert inputs["pain_levels_up"] == 0
    assert "words_of_emergency" not in inputs


@pytest.mark.req("A-03")
def test_only_as_many_days_are_looked_back_on_as_any_trend_needs() -> None:
    assert days_looked_back(shipped().trends) == 7
    assert days_looked_back([trend("change_from_baseline", question="pain", days=20)]) == 0


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("one", "code"),
    [
        (trend("change_from_baseline"), "question"),
        (trend("change_from_baseline", question="other"), "no_order"),
        (trend("change_from_baseline", clause("pain", ">", 1), question="pain"), "when"),
        (trend("levels_from_baseline", question="pain"), "levels"),
        (trend("levels_from_baseline", question="pain", level_from=(4.0, 1.0)), "levels"),
        (trend("days_of_last", days=3), "when"),
        (trend("days_of_last", clause("pain", ">", 1), days=29), "days"),
        (trend("days_running", clause("pain", ">", 11), days=3), "unreachable"),
        (trend("days_running", clause("nothing", ">", 1), days=3), "unknown_question"),
        (trend("days_running", clause("worse_days_in_7", ">", 1), days=3), "circular"),
        (trend("held_at_baseline", clause("pain_levels_up", ">", 1)), "circular"),
        (Trend(name="pain", kind=TrendKind.HELD_AT_BASELINE,
               when=(clause("pain", ">", 1),)), "duplicate"),
    ],
)  # fmt: skip
def test_a_trend_that_cannot_be_meant_is_a_fault(one: Trend, code: str) -> None:
    changed = replace(shipped(), trends=(*shipped().trends, one))

    assert code in {finding.code for finding in check(changed)}

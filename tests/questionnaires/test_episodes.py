"""Which days of a diary make one episode, and when a decision about it no longer stands."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.adverse_events import EpisodePolicy, Symptom
from questionnaires.definition import Clause, Operator, Translated
from questionnaires.episodes import Entry, Episode, build, is_settled
from tests.factories import shipped_package

D1 = date(2026, 3, 1)
WORDS = Translated("痛", "pain")
PAIN = Symptom(code="pain", title=WORDS, question="pain", usual="usual_pain", at_least=4, rise=2)
COUGH = Symptom(code="cough", title=WORDS, when=(Clause("other", Operator.EQUAL, "cough"),))
POLICY = EpisodePolicy(baseline_days=7, bridge_days=1, symptoms=(PAIN, COUGH))

pytestmark = pytest.mark.req("E-04", "A-08")


def entry(day: int, **inputs: Any) -> Entry:
    """Return a form of a study day: 1 is the infusion day, 0 the day before."""
    return Entry(D1 + timedelta(days=day - 1), inputs)


def pains(levels: Mapping[int, int]) -> list[Entry]:
    return [entry(day, pain=level) for day, level in levels.items()]


def spans(entries: list[Entry], policy: EpisodePolicy = POLICY) -> list[tuple[str, int, int, bool]]:
    """Return what was built: symptom, first and last study day, whether it is over."""
    return [
        (one.symptom, (one.first_on - D1).days + 1, (one.last_on - D1).days + 1, one.is_over)
        for one in build(policy, entries, infused_on=D1)
    ]


def test_consecutive_days_above_are_one_episode_until_a_day_that_is_not() -> None:
    assert spans(pains({3: 5, 4: 7, 5: 4, 6: 1, 9: 6})) == [
        ("pain", 3, 5, True), ("pain", 9, 9, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "level", "is_above"),
    [
        ([3, 3, 3], 4, False),  # baseline 3: above from 5
        ([3, 3, 3], 5, True),
        ([0, 0, 0], 3, False),  # however low the baseline, above from 4
        ([0, 0, 0], 4, True),
        ([2, 9, 3], 5, True),  # one bad day does not raise the baseline
        ([], 4, True),  # without a baseline nothing is explained away
        ([], 3, False),
    ],
)
def test_a_scale_is_above_from_its_baseline_and_a_rise(
    before: list[int], level: int, *, is_above: bool
) -> None:
    known = pains({-index: one for index, one in enumerate(before)})

    assert bool(spans([*known, *pains({2: level})])) is is_above


def test_what_is_usual_for_her_stands_in_for_a_missing_baseline() -> None:
    usual = entry(-3, usual_pain=5)

    assert spans([usual, *pains({2: 6})]) == []
    assert spans([usual, *pains({2: 7})]) == [("pain", 2, 2, False)]


def test_days_before_the_baseline_and_before_the_infusion_make_no_episode() -> None:
    assert spans(pains({-9: 9, -8: 9, 0: 9})) == []


def test_the_baseline_is_of_the_days_just_before_only() -> None:
    assert spans(pains({-7: 8, -6: 2, 2: 5})) == [("pain", 2, 2, False)]


def test_one_day_without_an_answer_is_bridged_two_are_not() -> None:
    assert spans(pains({3: 5, 5: 5})) == [("pain", 3, 5, False)]
    assert spans(pains({3: 5, 6: 5})) == [("pain", 3, 3, True), ("pain", 6, 6, False)]


def test_a_day_that_was_answered_and_is_not_above_is_never_bridged() -> None:
    assert spans(pains({3: 5, 4: 3, 5: 5})) == [("pain", 3, 3, True), ("pain", 5, 5, False)]


def test_an_answer_to_other_questions_says_nothing_of_this_one() -> None:
    assert spans([*pains({3: 5, 5: 5}), entry(4, temp=36.6)]) == [("pain", 3, 5, False)]
    assert spans([*pains({3: 5}), entry(5, fatigue=1)]) == [("pain", 3, 3, False)]


def test_of_two_forms_of_a_day_the_higher_level_counts() -> None:
    assert spans([entry(2, pain=6), entry(2, pain=1)]) == [("pain", 2, 2, False)]


def test_a_sign_is_above_where_it_is_ticked_and_over_where_it_is_not() -> None:
    ticked = [entry(day, other=("cough", "skin")) for day in (2, 3)]
    none = [entry(0, other=("none",)), entry(4, other=("none",))]

    (episode,) = build(POLICY, [*ticked, *none], infused_on=D1)

    assert (episode.symptom, len(episode.days), episode.is_over) == ("cough", 2, True)
    assert episode.baseline == 0.0


def test_a_sign_that_was_there_before_is_still_asked_and_says_so() -> None:
    (episode,) = build(
        POLICY, [entry(0, other=("cough",)), entry(2, other=("cough",))], infused_on=D1
    )

    assert episode.baseline == 1.0


def _episode(levels: Mapping[int, int]) -> Episode:
    (episode,) = build(POLICY, pains(levels), infused_on=D1)
    return episode


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        ({3: 5, 4: 7}, True),
        ({3: 5, 4: 7, 5: 7, 6: 4}, True),  # it goes on, no worse
        ({3: 5, 4: 7, 5: 8}, False),  # it got worse
        ({3: 5, 4: 6}, False),  # corrected
        ({2: 4, 3: 5, 4: 7}, False),  # a late answer: it began earlier
        ({3: 5}, False),  # a day of it is gone
    ],
)
def test_a_decision_stands_until_what_it_was_about_changes(
    now: Mapping[int, int], *, stands: bool
) -> None:
    assert is_settled(_episode({3: 5, 4: 7}), _episode(now)) is stands


@given(st.dictionaries(st.integers(-6, 40), st.integers(0, 10), max_size=40))
def test_every_day_above_lies_in_exactly_one_episode(levels: dict[int, int]) -> None:
    policy = replace(POLICY, symptoms=(PAIN,))

    episodes = build(policy, pains(levels), infused_on=D1)

    found = [(one.on - D1).days + 1 for episode in episodes for one in episode.days]
    assert found == sorted(set(found))
    baseline = next((one.baseline for one in episodes), None)
    bar = max(4, (baseline or 0) + 2)
    if episodes:
        assert found == sorted(day for day, level in levels.items() if day >= 1 and level >= bar)
    for earlier, later in pairwise(episodes):
        assert earlier.last_on < later.first_on
        assert earlier.is_over


@given(st.permutations(range(1, 12)))
def test_the_order_in_which_answers_came_makes_no_difference(days: list[int]) -> None:
    levels = {day: (day * 7) % 11 for day in days}

    assert build(POLICY, pains(levels), infused_on=D1) == build(
        POLICY, pains(dict(sorted(levels.items()))), infused_on=D1
    )


def test_the_shipped_study_follows_each_sign_and_scale_of_its_diary() -> None:
    package = shipped_package()
    policy = package.adverse_events.episodes
    daily = package.questionnaire("daily")
    assert daily
    signs = {
        choice.code
        for item in daily.items
        if item.link_id in {"urgent", "other"}
        for choice in item.choices
        if not choice.exclusive
    }

    assert {one.code for one in policy.symptoms} == signs | {"fever", "pain", "fatigue"}

"""Sums, means and subscales; the published table of composite grades; the SLEDAI-2K total."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.definition import Choice, Item, Questionnaire, Recall, Translated
from questionnaires.lint_scores import find_score_faults
from questionnaires.scores import Response, Score, ScoreMethod
from questionnaires.scoring import (
    NoScore,
    ScoreResult,
    change,
    responded,
    score,
    sledai2k_weights,
)
from tests.questionnaires.forms import BOTH, clause, form, item, shipped_form

# Copied by hand from the tables of the protocol's appendix, not from the file that is shipped.
# Three attributes: a row for F=1-4, in it a group for S=0-4, in it I=0-4.
FREQUENCY_SEVERITY_INTERFERENCE = (
    "01122 11122 12223 22233 22333",
    "01122 11122 22233 22233 22333",
    "11122 11122 22233 22333 22333",
    "11122 11223 22233 22333 22333",
)
# Two attributes: a group for the first at 1-4, in it the second at 0-4.
FREQUENCY_SEVERITY = "11122 11222 11233 11233"
SEVERITY_INTERFERENCE = "11122 11223 12233 22233"
FREQUENCY_INTERFERENCE = "11122 11122 11233 11233"
SINGLE = {"frequency": "01123", "severity": "01233", "interference": "01122", "amount": "01122"}

Levels = Mapping[str, int]
Grade = Callable[[Levels], int]


def combinations() -> Iterator[tuple[Levels, int]]:
    """Every combination that the gate lets through, once, with its published grade."""
    yield {"frequency": 0, "severity": 0, "interference": 0}, 0
    for f, row in enumerate(FREQUENCY_SEVERITY_INTERFERENCE, start=1):
        for s, group in enumerate(row.split()):
            for i, grade in enumerate(group):
                yield {"frequency": f, "severity": s, "interference": i}, int(grade)
    for names, table in (
        (("frequency", "severity"), FREQUENCY_SEVERITY),
        (("severity", "interference"), SEVERITY_INTERFERENCE),
        (("frequency", "interference"), FREQUENCY_INTERFERENCE),
    ):
        yield dict.fromkeys(names, 0), 0
        for first, group in enumerate(table.split(), start=1):
            for second, grade in enumerate(group):
                yield dict(zip(names, (first, second), strict=True)), int(grade)
    for name, grades in SINGLE.items():
        if name != "amount":  # shares the row of interference
            yield from (({name: level}, int(grade)) for level, grade in enumerate(grades))


def wrong(grade: Grade) -> list[Levels]:
    return [levels for levels, expected in combinations() if grade(levels) != expected]


def attribute(link_id: str, **kwargs: Any) -> Item:
    choices = tuple(
        Choice(f"level-{level}", Translated(f"第{level}级", f"Level {level}"), score=level)
        for level in range(5)
    )
    words = Translated("过去 7 天", "In the past 7 days")
    plain = item(link_id, "choice", recall=Recall.PAST_7_DAYS, **kwargs)
    return replace(plain, choices=choices, text=words)


def term(*names: str) -> Questionnaire:
    """A term of an invented instrument: the first attribute opens the others."""
    first, *rest = names
    gate = clause(first, "=", "level-0")
    shut = (clause(first, "exists", True), replace(gate, operator=clause(first, "!=", "").operator))
    items = [attribute(first), *(attribute(name, enable_when=shut) for name in rest)]
    by_name: dict[str, Any] = {name: name for name in names}
    composite = Score(
        code="grade", version="1.0.0", title=BOTH, method=ScoreMethod.PROCTCAE_COMPOSITE, **by_name
    )
    return replace(form(*items), scores=(composite,))


def answers(levels: Levels) -> dict[str, Any]:
    return {name: f"level-{level}" for name, level in levels.items()}


def grade_of(levels: Levels) -> int | float | None:
    (result,) = score(term(*levels), answers(levels))
    return result.value


def summed(method: str = "sum", **changes: Any) -> Questionnaire:
    one = Score(code="total", version="1.0.0", title=BOTH, method=ScoreMethod(method),
                **({"items": ("a", "b", "c", "d")} | changes))  # fmt: skip
    return replace(form(*(item(name, "nrs") for name in "abcd")), scores=(one,))


def result_of(questionnaire: Questionnaire, **values: Any) -> ScoreResult:
    return score(questionnaire, values)[-1]


# --- PRO-CTCAE


@pytest.mark.req("Q-08")
def test_the_composite_grade_is_the_published_one_in_all_179_combinations() -> None:
    assert len(list(combinations())) == 179
    assert wrong(lambda levels: int(grade_of(levels) or 0)) == []
    assert all(grade_of(levels) is not None for levels, _ in combinations())


@pytest.mark.req("Q-08")
def test_the_highest_level_with_escalation_is_not_the_published_algorithm() -> None:
    def heuristic(levels: Levels) -> int:
        highest = max(levels.get("frequency", 0), levels.get("severity", 0))
        return min(highest + (levels.get("interference", 0) >= 3), 4)

    def capped(levels: Levels) -> int:
        return min(heuristic(levels), 3)

    assert len(wrong(heuristic)) > 50
    assert len(wrong(capped)) > 50


@pytest.mark.req("Q-08")
def test_amount_alone_is_graded_like_interference_alone() -> None:
    assert [grade_of({"amount": level}) for level in range(5)] == [0, 1, 1, 2, 2]


@pytest.mark.req("Q-08")
def test_a_rare_thing_without_severity_is_graded_by_how_many_questions_there_are() -> None:
    assert grade_of({"frequency": 1, "severity": 0}) == 1
    assert grade_of({"frequency": 1, "severity": 0, "interference": 0}) == 0


@pytest.mark.req("Q-08", "Q-06")
def test_an_attribute_that_the_gate_hides_is_derived_as_zero_and_its_answer_stays_missing() -> None:
    asked = term("frequency", "severity", "interference")

    (result,) = score(asked, answers({"frequency": 0}), hidden={"severity", "interference"})

    assert (result.value, result.reason) == (0, None)
    assert result.derived == {"severity": 0, "interference": 0}
    assert result.missing == ("severity", "interference")


@pytest.mark.req("Q-08", "Q-05")
@pytest.mark.parametrize(
    "names",
    [
        ("frequency", "severity", "interference"), ("frequency", "severity"),
        ("severity", "interference"), ("frequency", "interference"),
        ("frequency",), ("severity",), ("interference",), ("amount",),
    ],
)  # fmt: skip
def test_any_attribute_missing_gives_no_grade(names: tuple[str, ...]) -> None:
    for present in product([True, False], repeat=len(names)):
        levels = {name: 2 for name, is_given in zip(names, present, strict=True) if is_given}

        (result,) = score(term(*names), answers(levels))

        if not all(present):
            assert (result.value, result.reason) == (None, NoScore.ATTRIBUTE_MISSING)
            assert set(result.missing) == set(names) - set(levels)


# --- Sums and means


@pytest.mark.req("Q-08")
def test_a_sum_adds_and_a_mean_divides_by_what_was_answered() -> None:
    assert result_of(summed(), a=1, b=2, c=3, d=10).value == 16
    assert result_of(summed("mean", min_answered=2), a=1, b=2).value == 1.5
    assert result_of(summed("mean", min_answered=2, decimals=0), a=1, b=2).value == 2


@pytest.mark.req("Q-08", "Q-05")
def test_too_few_answers_give_no_score_and_are_named() -> None:
    result = result_of(summed("mean", min_answered=3), a=0, c=0)

    assert (result.value, result.reason) == (None, NoScore.TOO_FEW_ANSWERED)
    assert result.missing == ("b", "d")
    assert result_of(summed(), a=0, b=0, c=0).value is None
    assert result_of(summed(), a=0, b=0, c=0, d=0).value == 0


@pytest.mark.req("Q-08")
def test_a_prorated_sum_is_scaled_up_to_all_items() -> None:
    assert result_of(summed(min_answered=3, prorated=True), a=1, b=2, c=3).value == 8


@pytest.mark.req("Q-08")
def test_a_reversed_item_counts_upside_down() -> None:
    assert result_of(summed(reversed_items=("d",)), a=0, b=0, c=0, d=10).value == 0
    assert result_of(summed(reversed_items=("d",)), a=0, b=0, c=0, d=1).value == 9


@pytest.mark.req("Q-08")
def test_a_total_of_subscales_is_missing_when_one_of_them_is() -> None:
    first, second, total = (
        Score(code=code, version="1.0.0", title=BOTH, method=ScoreMethod.SUM, items=items)
        for code, items in (("s1", ("a", "b")), ("s2", ("c", "d")), ("all", ("s1", "s2")))
    )
    questionnaire = replace(summed(), scores=(first, second, total))

    assert [one.value for one in score(questionnaire, {"a": 1, "b": 2, "c": 3, "d": 4})] == [
        3,
        7,
        10,
    ]
    assert [one.value for one in score(questionnaire, {"a": 1, "b": 2, "c": 3})] == [3, None, None]


LEVEL = st.none() | st.integers(0, 10)


@pytest.mark.req("Q-08")
@given(st.tuples(LEVEL, LEVEL, LEVEL, LEVEL), st.integers(1, 4))
def test_missing_is_never_counted_as_zero(levels: tuple[int | None, ...], needed: int) -> None:
    values = {name: one for name, one in zip("abcd", levels, strict=True) if one is not None}

    result = result_of(summed("mean", min_answered=needed, decimals=6), **values)

    if len(values) < needed:
        assert result.value is None
        assert result.reason is NoScore.TOO_FEW_ANSWERED
    else:
        assert result.value == pytest.approx(sum(values.values()) / len(values), abs=1e-6)
        assert result.reason is None
    assert set(result.missing) == set("abcd") - set(values)


@pytest.mark.req("Q-08")
@given(st.tuples(LEVEL, LEVEL, LEVEL, LEVEL), st.randoms())
def test_a_score_does_not_depend_on_the_order_of_answers(
    levels: tuple[int | None, ...], chance: Any
) -> None:
    given_ = [(name, one) for name, one in zip("abcd", levels, strict=True) if one is not None]
    shuffled = chance.sample(given_, len(given_))

    assert score(summed(), dict(given_)) == score(summed(), dict(shuffled))


@pytest.mark.req("Q-08")
def test_a_stored_score_names_its_version_and_that_of_the_code_that_made_it() -> None:
    plain = result_of(summed(), a=1, b=2, c=3, d=4).to_plain()

    assert plain["version"] == "1.0.0+1"
    assert json.loads(json.dumps(plain)) == plain


# --- SLEDAI-2K

WEIGHTS = {
    8: "seizure psychosis organic_brain_syndrome visual_disturbance cranial_nerve_disorder "
       "lupus_headache cerebrovascular_accident vasculitis",
    4: "arthritis myositis urinary_casts haematuria proteinuria pyuria",
    2: "rash alopecia mucosal_ulcers pleurisy pericarditis low_complement increased_dna_binding",
    1: "fever thrombocytopenia leukopenia",
}  # fmt: skip
EXPECTED = {name: weight for weight, names in WEIGHTS.items() for name in names.split()}


def rating(*present: str, **others: str) -> ScoreResult:
    values = {name: "present" if name in present else "absent" for name in EXPECTED} | others
    return score(shipped_form("sledai_2k"), values)[0]


@pytest.mark.req("Q-08")
def test_the_24_descriptors_have_their_weights() -> None:
    assert dict(sledai2k_weights()) == EXPECTED
    assert (len(EXPECTED), rating(*EXPECTED).value) == (24, 105)
    assert {name: rating(name).value for name in EXPECTED} == EXPECTED
    assert rating().value == 0


@pytest.mark.req("Q-08")
@pytest.mark.parametrize("name", EXPECTED)
def test_one_descriptor_not_assessed_gives_no_total(name: str) -> None:
    result = rating("arthritis", **{name: "not-assessed"})

    assert (result.value, result.reason) == (None, NoScore.NOT_ASSESSED)
    assert result.missing == (name,)


@pytest.mark.req("Q-08")
@given(st.sets(st.sampled_from(sorted(EXPECTED))))
def test_the_total_is_the_sum_of_what_is_present(present: set[str]) -> None:
    assert rating(*present).value == sum(EXPECTED[name] for name in present)


@pytest.mark.req("Q-08")
@pytest.mark.parametrize(
    ("baseline", "later", "expected"),
    [(12, 8, True), (12, 9, False), (4, 0, True), (3, 0, False), (8, 12, False),
     (None, 0, None), (12, None, None), (8.5, 4.5, True)],
)  # fmt: skip
def test_a_responder_fell_by_four_points_or_more(
    baseline: float | None, later: float | None, expected: bool | None
) -> None:
    asked = shipped_form("sledai_2k").scores[0].response
    assert asked is not None

    assert (asked.points_down, asked.week) == (4, 24)
    assert responded(asked, baseline, later) is expected


@pytest.mark.req("Q-08")
def test_a_change_is_later_minus_baseline_in_plain_decimals() -> None:
    assert change(12, 8) == -4
    assert change(0.1, 0.3) == 0.2
    assert change(None, 8) is None


# --- Lint


def findings(questionnaire: Questionnaire) -> set[str]:
    return {code for code, _, _ in find_score_faults(questionnaire)}


def with_score(questionnaire: Questionnaire, **changes: Any) -> Questionnaire:
    first, *rest = questionnaire.scores
    return replace(questionnaire, scores=(replace(first, **changes), *rest))


@pytest.mark.req("Q-08")
@pytest.mark.parametrize(
    ("questionnaire", "code"),
    [
        (summed(items=("a", "nobody")), "score_items"),
        (summed(items=()), "score_items"),
        (summed(items=("a", "a")), "score_items"),
        (summed(min_answered=5), "score_items"),
        (summed(min_answered=0), "score_items"),
        (summed(reversed_items=("e",)), "score_items"),
        (summed("mean", prorated=True), "score_words"),
        (summed(decimals=9), "score_words"),
        (summed(frequency="a"), "score_words"),
        (summed(response=Response(points_down=0, week=24, within_days=7)), "score_words"),
        (
            summed(response=Response(points_down=4, week=24, within_days=7, beside=("x",))),
            "unknown_question",
        ),
        (with_score(summed(), code="a"), "duplicate"),
        (with_score(summed(), version="1"), "bad_id"),
        (with_score(summed(), method=ScoreMethod.SLEDAI2K, items=()), "score_items"),
        (with_score(term("severity"), severity=None), "score_items"),
        (with_score(term("severity", "interference"), frequency="severity", severity=None,
                    amount="interference", interference=None), "score_items"),
        (with_score(term("severity"), items=("severity",)), "score_words"),
        (replace(term("severity"), items=(item("severity", "nrs"),)), "score_items"),
        (
            replace(
                term("severity"),
                items=(replace(attribute("severity"), recall=Recall.PAST_24_HOURS),),
            ),
            "recall_changed",
        ),
    ],
)  # fmt: skip
def test_a_score_that_cannot_be_right_is_refused(questionnaire: Questionnaire, code: str) -> None:
    assert findings(questionnaire) == {code}


@pytest.mark.req("Q-08")
@pytest.mark.parametrize("questionnaire", [summed(), term("frequency", "severity"), term("amount")])
def test_a_score_that_can_be_right_is_taken(questionnaire: Questionnaire) -> None:
    assert findings(questionnaire) == set()

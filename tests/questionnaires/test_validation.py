"""Which values an item takes, and how they are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.validation import Answer
from tests.questionnaires.forms import item, temperature
from tests.questionnaires.judging import code_for, code_of, give, judged, value_of

SIGNS = item("signs", "multi", codes="rash cough none!")


# --- Numbers


@pytest.mark.req("Q-07")
def test_an_impossible_temperature_is_refused() -> None:
    assert code_of(temperature(), 45) == "out_of_range"


@pytest.mark.req("Q-07")
def test_an_impossible_value_is_refused_even_when_confirmed() -> None:
    assert code_for(temperature(), give("temp", 45.0, confirmed=True)) == "out_of_range"


@pytest.mark.req("Q-07")
def test_a_temperature_without_its_decimal_point_is_refused() -> None:
    assert code_of(temperature(), 385) == "out_of_range"


@pytest.mark.req("Q-07")
def test_an_unusual_temperature_asks_for_confirmation() -> None:
    assert code_of(temperature(), 40.5) == "needs_confirmation"


@pytest.mark.req("Q-07")
def test_a_confirmed_unusual_temperature_is_taken_and_the_confirmation_kept() -> None:
    judgement = judged(temperature(), give("temp", 40.5, confirmed=True))

    assert judgement.problems == ()
    assert judgement.answers == (Answer(link_id="temp", value=40.5, confirmed=True),)


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", [34.0, 43.0])
def test_the_hard_limits_themselves_are_possible(value: float) -> None:
    assert judged(temperature(), give("temp", value, confirmed=True)).problems == ()


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", [33.9, 43.1])
def test_just_outside_the_hard_limits_is_not(value: float) -> None:
    assert code_of(temperature(), value) == "out_of_range"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", [35.0, 40.4])
def test_the_soft_limits_themselves_need_no_confirmation(value: float) -> None:
    assert value_of(temperature(), value) == value


@pytest.mark.req("Q-07")
def test_more_decimals_than_the_thermometer_shows_are_refused() -> None:
    assert code_of(temperature(), 38.55) == "too_many_decimals"


@pytest.mark.req("Q-07")
def test_a_whole_temperature_is_kept_with_its_decimal() -> None:
    assert repr(value_of(temperature(), 38)) == "38.0"


@pytest.mark.req("Q-07")
def test_a_whole_number_written_with_a_point_is_kept_whole() -> None:
    weight = item("weight", "number", hard_min=20.0, hard_max=300.0)

    assert repr(value_of(weight, 70.0)) == "70"


@pytest.mark.req("Q-07")
@given(st.integers(340, 430))
def test_every_tenth_of_a_degree_is_kept_exactly(tenths: int) -> None:
    judgement = judged(temperature(), give("temp", tenths / 10, confirmed=True))

    assert judgement.values == {"temp": tenths / 10}


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", [True, "38.0", [38.0], {"a": 1}])
def test_only_a_number_is_a_number(value: object) -> None:
    assert code_of(temperature(), value) == "wrong_type"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 10**400, 1e300])
def test_no_number_is_beyond_judging(value: float) -> None:
    assert code_of(temperature(), value) == "out_of_range"


@pytest.mark.req("Q-07")
def test_a_rating_of_seven_point_zero_is_seven() -> None:
    assert repr(value_of(item("pain", "nrs"), 7.0)) == "7"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", [-1, 11])
def test_a_rating_outside_its_ends_is_refused(value: int) -> None:
    assert code_of(item("pain", "nrs"), value) == "out_of_range"


@pytest.mark.req("Q-07")
def test_half_a_rating_is_refused() -> None:
    assert code_of(item("pain", "nrs"), 6.5) == "too_many_decimals"


@pytest.mark.req("Q-05")
def test_a_rating_of_zero_is_an_answer() -> None:
    assert value_of(item("pain", "nrs"), 0) == 0


# --- Choices, truth, text, dates


@pytest.mark.req("Q-07")
def test_a_choice_that_is_not_offered_is_refused() -> None:
    assert code_of(item("sleep", "choice", codes="good bad"), "fair") == "unknown_choice"


@pytest.mark.req("Q-07")
def test_a_choice_is_no_list() -> None:
    assert code_of(item("sleep", "choice", codes="good bad"), ["good"]) == "wrong_type"


@pytest.mark.req("Q-07")
def test_several_choices_are_kept_in_the_order_shown() -> None:
    assert value_of(SIGNS, ["cough", "rash"]) == ("rash", "cough")


@pytest.mark.req("Q-07")
def test_none_of_these_does_not_go_with_one_of_these() -> None:
    assert code_of(SIGNS, ["rash", "none"]) == "exclusive_choice"


@pytest.mark.req("Q-07")
def test_none_of_these_alone_is_an_answer() -> None:
    assert value_of(SIGNS, ["none"]) == ("none",)


@pytest.mark.req("Q-07")
def test_a_choice_ticked_twice_is_refused() -> None:
    assert code_of(SIGNS, ["rash", "rash"]) == "duplicate_choice"


@pytest.mark.req("Q-07")
def test_an_empty_list_is_no_answer() -> None:
    assert code_of(SIGNS, []) == "empty_answer"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_only_true_and_false_are_truth(value: object) -> None:
    assert code_of(item("help"), value) == "wrong_type"


@pytest.mark.req("Q-05")
def test_false_is_an_answer() -> None:
    assert value_of(item("help"), False) is False


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", ["头痛 😖\n第二行\t完", "a" * 20, "😖" * 20])
def test_text_is_kept_as_given(value: str) -> None:
    assert value_of(item("note", "text", max_length=20), value) == value


@pytest.mark.req("Q-07")
def test_text_that_is_too_long_is_refused() -> None:
    assert code_of(item("note", "text", max_length=20), "字" * 21) == "too_long"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", ["a\x00b", "a\x1bb", "a\x7fb", "half \ud83d"])
def test_text_that_cannot_be_stored_or_shown_is_refused(value: str) -> None:
    assert code_of(item("note", "text"), value) == "control_character"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", ["", "  \n"])
def test_blank_text_is_no_answer(value: str) -> None:
    assert code_of(item("note", "text"), value) == "empty_answer"


@pytest.mark.req("Q-07")
def test_a_problem_never_repeats_what_was_written() -> None:
    (problem,) = judged(item("note", "text"), give("note", "secret\x00")).problems

    assert "secret" not in repr(problem)


@pytest.mark.req("Q-07")
def test_a_date_is_kept() -> None:
    assert value_of(item("day", "date"), "2026-02-28") == "2026-02-28"


@pytest.mark.req("Q-07")
def test_a_day_that_does_not_exist_is_refused() -> None:
    assert code_of(item("day", "date"), "2026-02-29") == "no_such_date"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(
    "value", ["20260228", "2026-W09-6", "2026-2-28", "\uff12\uff10\uff12\uff16-02-28", 20260228]
)
def test_a_date_is_written_in_one_way(value: object) -> None:
    assert code_of(item("day", "date"), value) == "wrong_type"


@pytest.mark.req("Q-07")
def test_a_time_keeps_the_offset_it_was_lived_in() -> None:
    moment = item("began_at", "datetime")

    assert value_of(moment, "2026-11-22T18:00+08:00") == "2026-11-22T18:00:00+08:00"


@pytest.mark.req("Q-07")
def test_a_time_without_an_offset_is_refused() -> None:
    assert code_of(item("began_at", "datetime"), "2026-11-22T18:00") == "wrong_type"


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", ["2026-11-22T25:00+08:00", "0001-01-01T00:00+14:00"])
def test_a_time_that_does_not_exist_is_refused(value: str) -> None:
    assert code_of(item("began_at", "datetime"), value) == "no_such_time"


# --- Declining


@pytest.mark.req("Q-05")
def test_declining_is_an_answer_without_a_value() -> None:
    judgement = judged(item("pain", "nrs"), {"link_id": "pain", "declined": True})

    assert judgement.problems == ()
    assert judgement.answers == (Answer(link_id="pain", declined=True),)
    assert judgement.values == {}


@pytest.mark.req("Q-05")
def test_an_item_that_must_be_answered_cannot_be_declined() -> None:
    help_now = item("help", skippable=False)

    assert code_for(help_now, {"link_id": "help", "declined": True}) == "not_skippable"


@pytest.mark.req("Q-05")
def test_declining_and_answering_exclude_each_other() -> None:
    pain = item("pain", "nrs")

    assert code_for(pain, give("pain", 7, declined=True)) == "value_and_declined"


@pytest.mark.req("Q-05")
def test_neither_a_value_nor_declined_is_a_problem() -> None:
    assert code_for(item("pain", "nrs"), {"link_id": "pain"}) == "no_value"


@pytest.mark.req("Q-05")
def test_null_is_never_a_value() -> None:
    assert code_of(item("pain", "nrs"), None) == "wrong_type"

"""What a device may send: the answer around the value, and the form as a whole."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.validation import Answer, judge
from tests.questionnaires.forms import clause, form, item, shipped_form, temperature
from tests.questionnaires.judging import code_for, give, judged

# --- The shape on the wire


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("raw", [None, 7, "temp", [], {}, {"link_id": 7}, {"link_id": ["temp"]}])
def test_what_is_no_answer_at_all_is_a_problem(raw: object) -> None:
    assert code_for(temperature(), raw, is_complete=False) == "not_an_answer"


@pytest.mark.req("Q-07")
def test_an_unknown_item_is_a_problem() -> None:
    assert code_for(temperature(), give("tmep", 38.0), is_complete=False) == "unknown_item"


@pytest.mark.req("Q-07")
def test_information_takes_no_answer() -> None:
    assert code_for(item("read_me", "info"), give("read_me", "ok")) == "unknown_item"


@pytest.mark.req("Q-07")
def test_an_item_answered_twice_is_a_problem() -> None:
    assert code_for(temperature(), give("temp", 36.5), give("temp", 39.5)) == "duplicate_item"


@pytest.mark.req("Q-07")
def test_an_unknown_key_is_a_problem() -> None:
    assert code_for(temperature(), give("temp", 36.5, valeu=39.5)) == "unknown_key"


@pytest.mark.req("Q-07")
def test_a_problem_says_where_it_is() -> None:
    asked = form(item("pain", "nrs"), temperature())

    (problem,) = judged(asked, give("pain", 1), give("temp", 50)).problems

    assert problem.place == "answers[1].value"


@pytest.mark.req("Q-10")
def test_when_it_was_shown_and_changed_is_kept_in_utc() -> None:
    raw = give(
        "temp",
        36.5,
        shown_at="2026-11-22T19:00:00+08:00",
        changed_at="2026-11-22T11:00:05.5Z",
        change_count=2,
    )

    (answer,) = judged(temperature(), raw).answers

    assert answer.shown_at == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert answer.changed_at == datetime(2026, 11, 22, 11, 0, 5, 500_000, tzinfo=UTC)
    assert answer.change_count == 2


@pytest.mark.req("Q-10")
@pytest.mark.parametrize(
    "more",
    [
        {"shown_at": "2026-11-22T19:00:00"},
        {"changed_at": 1},
        {"change_count": -1},
        {"change_count": True},
        {"confirmed": "true"},
    ],
)
def test_faulty_side_data_is_a_problem_but_hides_no_fever(more: dict[str, Any]) -> None:
    judgement = judged(temperature(), give("temp", 39.2, **more))

    assert [problem.code for problem in judgement.problems] == ["wrong_type"]
    assert judgement.values == {"temp": 39.2}


@pytest.mark.req("Q-10")
@given(
    st.builds(
        Answer,
        link_id=st.just("signs"),
        value=st.lists(st.sampled_from(["rash", "cough"]), min_size=1, unique=True).map(tuple),
        confirmed=st.booleans(),
        shown_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        changed_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        change_count=st.none() | st.integers(0, 9),
    )
)
def test_an_answer_survives_plain_json(answer: Answer) -> None:
    assert Answer.from_plain(answer.to_plain()) == answer


# --- The whole form


GATED = form(
    item("pain", "nrs"),
    item("where", "multi", codes="chest knee", enable_when=(clause("pain", ">=", 4),)),
    item("note", "text", optional=True),
    item("read_me", "info"),
)


@pytest.mark.req("Q-06")
def test_a_hidden_item_needs_no_answer_and_is_named() -> None:
    judgement = judged(GATED, give("pain", 0))

    assert judgement.problems == ()
    assert judgement.hidden == ("where",)


@pytest.mark.req("Q-06")
def test_an_answer_to_a_hidden_item_is_a_problem_but_reaches_the_safety_rules() -> None:
    judgement = judged(GATED, give("pain", 0), give("where", ["chest"]))

    assert [problem.code for problem in judgement.problems] == ["hidden_item_answered"]
    assert judgement.values["where"] == ("chest",)


@pytest.mark.req("Q-06")
def test_declining_a_gate_hides_what_is_behind_it() -> None:
    judgement = judged(GATED, {"link_id": "pain", "declined": True})

    assert judgement.problems == ()
    assert judgement.hidden == ("where",)


@pytest.mark.req("Q-05")
def test_a_complete_form_with_a_hole_is_refused() -> None:
    (problem,) = judged(GATED, give("pain", 7)).problems

    assert (problem.code, problem.place) == ("missing_answer", "answers[where]")


@pytest.mark.req("Q-10")
def test_an_unfinished_form_may_have_holes_and_names_them() -> None:
    judgement = judged(GATED, give("pain", 7), is_complete=False)

    assert judgement.problems == ()
    assert judgement.not_reached == ("where", "note")


@pytest.mark.req("Q-05")
def test_a_refused_answer_is_not_missing_as_well() -> None:
    assert code_for(form(temperature()), give("temp", 50)) == "out_of_range"


@pytest.mark.req("A-04")
def test_well_formed_answers_come_back_beside_refused_ones() -> None:
    asked = form(item("pain", "nrs"), temperature())

    judgement = judged(asked, give("temp", 39.2), give("pain", "strong"))

    assert judgement.values == {"temp": 39.2}
    assert judgement.problems != ()


@pytest.mark.req("Q-06")
def test_the_order_of_sending_does_not_matter() -> None:
    sent = [give("where", ["knee"]), give("pain", 7)]

    assert judged(GATED, *sent) == judged(GATED, *reversed(sent))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RAW = JSON | st.fixed_dictionaries(
    {"link_id": st.sampled_from([one.link_id for one in shipped_form("ae_report").items])},
    optional={"value": JSON, "declined": JSON, "confirmed": JSON, "shown_at": JSON},
)


@pytest.mark.req("Q-07")
@given(st.lists(RAW, max_size=6), st.booleans())
def test_whatever_is_sent_is_judged_and_what_is_taken_stays_taken(
    raw: list[object], is_complete: bool
) -> None:
    report = shipped_form("ae_report")

    judgement = judge(report, raw, is_complete=is_complete)

    again = judge(report, [one.to_plain() for one in judgement.answers], is_complete=is_complete)
    assert again.answers == judgement.answers

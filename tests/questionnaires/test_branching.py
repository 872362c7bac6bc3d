"""Properties of branching; its meaning case by case stands in test_twins.py."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.branching import visible
from tests.questionnaires.forms import shipped_form

ANSWERS = st.dictionaries(
    st.sampled_from([one.link_id for one in shipped_form("daily").items]),
    st.none() | st.booleans() | st.integers(0, 45) | st.text() | st.lists(st.text(), max_size=3),
)


@pytest.mark.req("Q-06")
@given(ANSWERS)
def test_taking_hidden_answers_away_changes_nothing(answers: dict[str, Any]) -> None:
    daily = shipped_form("daily")

    shown = visible(daily, answers)

    assert visible(daily, {one: answers.get(one) for one in shown}) == shown

"""The shared vectors hold this interpreter and the phone's to one meaning."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.branching import applies, visible
from questionnaires.definition import Behavior, Clause
from tests.questionnaires.forms import clause, form, item, shipped_form

VECTORS = Path(__file__).parent / "vectors"


def vectors(name: str) -> list[Any]:
    return [
        pytest.param(vector, id=vector["name"])
        for vector in json.loads((VECTORS / name).read_text(encoding="utf-8"))
    ]


def clauses(raw: dict[str, Any]) -> tuple[Clause, ...]:
    return tuple(clause(**one) for one in raw["enableWhen"])


@pytest.mark.req("Q-06")
@pytest.mark.parametrize("vector", vectors("enable_when.json"))
def test_clauses_mean_what_the_vectors_say(vector: dict[str, Any]) -> None:
    result = applies(clauses(vector), Behavior(vector["enableBehavior"]), vector["answers"])

    assert result is vector["expect"]


@pytest.mark.req("Q-06")
@pytest.mark.parametrize("vector", vectors("visible.json"))
def test_items_appear_as_the_vectors_say(vector: dict[str, Any]) -> None:
    items = [
        item(
            raw["linkId"],
            "text",
            enable_when=clauses(raw),
            enable_behavior=Behavior(raw["enableBehavior"]),
        )
        for raw in vector["items"]
    ]

    assert visible(form(*items), vector["answers"]) == tuple(vector["expect"])


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

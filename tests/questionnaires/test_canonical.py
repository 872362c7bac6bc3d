"""One text for one package, whatever its YAML looks like, and back without a loss."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.canonical import from_text, sha256, to_text
from questionnaires.definition import (
    Behavior,
    Choice,
    Clause,
    Ends,
    Item,
    ItemType,
    Operator,
    Questionnaire,
    QuestionnaireKind,
    Recall,
    Translated,
)
from questionnaires.reading import from_canonical_json, read_package, to_canonical_json
from questionnaires.scores import Response, Score, ScoreMethod
from tests.questionnaires.forms import STUDY, clause, form, item, shipped

WORDS = st.text(max_size=6)
TRANSLATED = st.builds(Translated, WORDS, WORDS)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
CLAUSES = st.builds(
    Clause,
    WORDS,
    st.sampled_from(Operator),
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
)
ITEMS = st.builds(
    Item,
    link_id=WORDS,
    type=st.sampled_from(ItemType),
    text=TRANSLATED,
    hint=st.none() | TRANSLATED,
    ends=st.none() | st.builds(Ends, TRANSLATED, TRANSLATED),
    choices=st.lists(st.builds(Choice, WORDS, TRANSLATED, st.booleans(), NUMBERS), max_size=2).map(
        tuple
    ),
    enable_when=st.lists(CLAUSES, max_size=3).map(tuple),
    enable_behavior=st.sampled_from(Behavior),
    skippable=st.booleans(),
    unit=st.none() | WORDS,
    hard_min=NUMBERS,
    soft_max=NUMBERS,
    recall=st.none() | st.sampled_from(Recall),
    group=st.none() | WORDS,
    hides_value=st.booleans(),
)
SCORES = st.builds(
    Score,
    code=WORDS,
    version=WORDS,
    title=TRANSLATED,
    method=st.sampled_from(ScoreMethod),
    items=st.lists(WORDS, max_size=3).map(tuple),
    min_answered=st.none() | st.integers(),
    prorated=st.booleans(),
    severity=st.none() | WORDS,
    change=st.booleans(),
    response=st.none()
    | st.builds(
        Response, points_down=NUMBERS.filter(bool), week=st.integers(), within_days=st.integers()
    ),
)
QUESTIONNAIRES = st.builds(
    Questionnaire,
    code=WORDS,
    version=WORDS,
    kind=st.sampled_from(QuestionnaireKind),
    title=TRANSLATED,
    intro=st.none() | TRANSLATED,
    minutes=st.integers(),
    items=st.lists(ITEMS, max_size=2).map(tuple),
    recall=st.none() | st.sampled_from(Recall),
    scores=st.lists(SCORES, max_size=2).map(tuple),
)


@pytest.mark.req("Q-01")
def test_the_shipped_package_survives_its_canonical_text() -> None:
    text = to_canonical_json(shipped())

    again = from_canonical_json(text)

    assert again == shipped()
    assert to_canonical_json(again) == text


@pytest.mark.req("Q-01")
@given(QUESTIONNAIRES)
def test_any_questionnaire_survives_its_canonical_text(questionnaire: Questionnaire) -> None:
    text = to_text(questionnaire)

    again = from_text(Questionnaire, text)

    assert again == questionnaire
    assert to_text(again) == text  # 1, 1.0 and true are equal to Python, but not the same


@pytest.mark.req("Q-01")
def test_the_text_is_sorted_dense_and_in_plain_characters() -> None:
    text = to_canonical_json(shipped())

    assert text == json.dumps(
        json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert "日记" in text


@pytest.mark.req("Q-01")
def test_comments_and_the_order_of_names_do_not_change_the_hash(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(STUDY, folder)
    lines = (folder / "texts.yaml").read_text(encoding="utf-8")
    reordered = lines.replace(
        "    audience: participant\n    channel: sms\n",
        "    channel: sms  # first\n    audience: participant\n",
    )
    assert reordered != lines
    (folder / "texts.yaml").write_text("# another comment\n" + reordered, encoding="utf-8")

    package = read_package(folder)

    assert sha256(to_canonical_json(package)) == sha256(to_canonical_json(shipped()))


@pytest.mark.req("Q-01")
def test_one_changed_word_changes_the_hash() -> None:
    changed = replace(shipped(), title=replace(shipped().title, en="Another"))

    assert sha256(to_canonical_json(changed)) != sha256(to_canonical_json(shipped()))


@pytest.mark.req("Q-01")
def test_what_equals_its_default_is_left_out_so_that_later_fields_change_no_hash() -> None:
    text = to_text(form(item("help")))

    assert set(json.loads(text)["items"][0]) == {"link_id", "type", "text"}


@pytest.mark.req("Q-01")
def test_false_and_zero_are_told_apart() -> None:
    texts = {
        to_text(form(item("a"), item("b", enable_when=(clause("a", "=", literal),))))
        for literal in (False, 0, 0.0)
    }

    assert len(texts) == 3


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "7", '{"code":1}', to_text(form(item("help"))), "null"]
)
def test_another_text_is_no_package(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_canonical_json(text)

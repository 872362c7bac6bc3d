"""Everything that is put on record has words in both languages."""

import ast
import re
from string import Formatter

import pytest

from epro.services.journal_words import VERBS, changes
from tests.architecture.sources import ROOT, calls_in_product, dotted

SERVICES = ROOT / "epro"
VERB = re.compile(r"[a-z_]+\.[a-z_]+")
WRITERS = {"record", "entry", "_put_on_record", "_record", "_change"}


def verbs_in_code() -> set[str]:
    """Find the verbs that calls of the journal name, by reading the code."""
    found = set()
    for file, call in calls_in_product():
        if file.is_relative_to(SERVICES) and called(call) in WRITERS:
            texts = [one for arg in call.args for one in ast.walk(arg)]
            found |= {
                one.value
                for one in texts
                if isinstance(one, ast.Constant)
                and isinstance(one.value, str)
                and VERB.fullmatch(one.value)
            }
    return found | {"response.completed", "response.in_progress"}


def called(call: ast.Call) -> str:
    return dotted(call.func).rpartition(".")[2]


@pytest.mark.req("T-04")
def test_every_verb_that_is_put_on_record_has_words() -> None:
    assert len(verbs_in_code()) > 15
    assert sorted(verbs_in_code() - VERBS.keys()) == []


@pytest.mark.req("T-04", "P-10")
@pytest.mark.parametrize("verb", VERBS)
def test_both_languages_say_the_same_values(verb: str) -> None:
    words = VERBS[verb]

    assert fields_of(words.zh) == fields_of(words.en)
    assert re.search("[\u4e00-\u9fff]", words.zh)
    assert not re.search("[\u4e00-\u9fff]", words.en)


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.req("T-04")
def test_changes_stand_one_to_a_field_old_beside_new() -> None:
    content = {"before": {"a": 1, "b": None}, "after": {"a": 2, "b": 3, "c": 4}}

    assert changes(content) == [
        {"field": "a", "before": 1, "after": 2},
        {"field": "b", "before": None, "after": 3},
    ]

"""Danger in free text is found, everyday words are let pass, and how often either fails is told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from questionnaires.definition import Clause, Operator, Trigger
from questionnaires.lexicon import Lexicon, Phrases, find, find_in
from questionnaires.lint import check
from tests.questionnaires.forms import shipped

VECTORS = Path(__file__).parent / "vectors"
LEXICONS = {one.name.removeprefix("words_of_"): one for one in shipped().lexicons}


@dataclass(frozen=True, slots=True)
class Tally:
    """How a set of sentences came out."""

    counts: Mapping[str, int]
    missed: list[str]
    false_alarms: list[str]

    @property
    def dangers(self) -> int:
        return sum(self.counts.values()) - self.counts["none"]

    def __str__(self) -> str:
        harmless, dangers = self.counts["none"], self.dangers
        return "\n".join(
            [
                f"{len(self.false_alarms)} of {harmless} harmless sentences alarm"
                f" ({len(self.false_alarms) / max(harmless, 1):.1%}),"
                f" {len(self.missed)} of {dangers} dangers are missed"
                f" ({len(self.missed) / dangers:.1%}).",
                *(f"  false alarm: {one}" for one in self.false_alarms),
                *(f"  missed: {one}" for one in self.missed),
            ]
        )


def tally(name: str) -> Tally:
    counts: Counter[str] = Counter()
    missed, false_alarms = [], []
    for line in (VECTORS / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        expected, sentence = line.split("\t")
        counts[expected] += 1
        found = {kind for kind, lexicon in LEXICONS.items() if find(lexicon, sentence)}
        wanted = {expected} - {"none"}
        missed += [sentence] if wanted - found else []
        false_alarms += [sentence] if found - wanted else []
    return Tally(counts, missed, false_alarms)


def lexicon(phrases: str, exceptions: str = "") -> Lexicon:
    return Lexicon(
        name="words",
        phrases=Phrases(zh=tuple(phrases.split("|")), en=("icu",)),
        exceptions=Phrases(zh=tuple(filter(None, exceptions.split("|"))), en=()),
    )


@pytest.mark.req("A-11")
def test_reviewed_sentences_are_told_apart() -> None:
    found = tally("free_text.tsv")
    print(f"\nReviewed sentences: {found}")  # noqa: T201 - the rates are to be seen (pytest -rP)

    assert sum(found.counts.values()) >= 500
    assert found.missed == []
    assert len(found.false_alarms) <= 0.02 * found.counts["none"]


@pytest.mark.req("A-11")
def test_sentences_nobody_had_looked_at_show_what_the_lexicons_are_worth() -> None:
    found = tally("free_text_held_out.tsv")
    print(f"\nHeld-out sentences: {found}")  # noqa: T201 - the rates are to be seen (pytest -rP)

    assert len(found.missed) <= 0.5 * found.dangers
    assert len(found.false_alarms) <= 0.1 * found.counts["none"]


@pytest.mark.req("A-11")
def test_how_many_dangers_told_in_a_round_about_way_are_missed_is_told_too() -> None:
    found = tally("free_text_round_about.tsv")
    print(f"\nTold without the usual words: {found}")  # noqa: T201 - the rate is to be seen

    assert found.dangers >= 50
    assert len(found.missed) < found.dangers


@pytest.mark.req("A-11")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("没有住院", ()),
        ("没有住院，但是住院单在这里", ("住院",)),
        ("没有 住 院", ()),
        ("住ＩＣＵ了", ("icu",)),
        ("ICU", ("icu",)),
        ("difficult", ()),
        ("不是，住\n院", ()),
    ],
)
def test_an_exception_takes_away_only_what_lies_inside_it(text: str, found: tuple[str]) -> None:
    assert find(lexicon("住院", "没有住院"), text) == found


@pytest.mark.req("A-11")
def test_a_gap_ends_with_the_clause() -> None:
    words = lexicon("吐*血")

    assert find(words, "吐了好多血") == ("吐*血",)
    assert find(words, "吐了，流鼻血") == ()


@pytest.mark.req("A-11")
def test_every_text_is_looked_through_and_a_phrase_is_told_once() -> None:
    words = lexicon("住院|昏迷")

    assert dict(find_in([words], ["住院", "又住院", "昏迷"])) == {"words": ("住院", "昏迷")}
    assert dict(find_in([words], ["还好", ""])) == {}


@pytest.mark.req("A-11")
def test_no_rule_can_be_held_back_by_what_somebody_writes() -> None:
    first, *rest = shipped().rules
    absent = Clause("words_of_emergency", Operator.EXISTS, answer=False)
    held_back = replace(first, triggers=(Trigger((*first.triggers[0].clauses, absent)),))

    findings = check(replace(shipped(), rules=(held_back, *rest)))

    assert [one.code for one in findings] == ["suppresses"]


@pytest.mark.req("A-11")
def test_a_phrase_that_an_exception_swallows_is_a_fault() -> None:
    swallowed = lexicon("住院", "住院")

    findings = check(replace(shipped(), lexicons=(*shipped().lexicons, swallowed)))

    assert [one.code for one in findings] == ["exception"]

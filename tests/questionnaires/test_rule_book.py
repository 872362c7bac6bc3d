"""The rules as they are signed: all of them, in words, and a hash that changes when they do."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from questionnaires.preview.rules_page import html_of, markdown_of
from questionnaires.preview.rules_pdf import pdf_of
from questionnaires.rule_book import RuleBook, rule_book
from questionnaires.tiers import Tier
from tests.questionnaires.forms import shipped

PAGE = Path(__file__).parents[2] / "docs" / "safety-rules.md"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return rule_book(shipped())


@pytest.mark.req("A-03")
def test_the_documentation_tells_the_rules_as_they_are(book: RuleBook) -> None:
    command = "epro safety rules questionnaires/studies/bk-sle-i-01 --markdown docs/safety-rules.md"

    assert PAGE.read_text(encoding="utf-8") == markdown_of(book), f"Run: {command}"


@pytest.mark.req("A-03")
def test_every_rule_stands_with_its_conditions_words_and_recipients(book: RuleBook) -> None:
    page = html_of(book)

    assert [entry.rule for entry in book.entries] == list(shipped().rules)
    for entry in book.entries:
        assert len(entry.conditions) == len(entry.rule.triggers)
        assert entry.ladders
        assert f'id="{entry.rule.id}"' in page
        said = [*entry.conditions, *entry.ladders, entry.rule.advice, entry.rule.title]
        assert all(one.zh and one.en and one.zh != one.en for one in said)
    assert "<script" not in page
    assert "http" not in page


@pytest.mark.req("A-03")
def test_no_condition_is_left_as_it_is_written_in_the_file(book: RuleBook) -> None:
    codes = re.compile(r"\b(temperature_tenths_oral|hours_since_infusion|[a-z]+_at_baseline)\b")

    left = [
        one.en for entry in book.entries for one in entry.conditions if codes.search(one.en)
    ]  # fmt: skip

    assert left == []


@pytest.mark.req("A-03")
def test_the_hash_is_another_when_a_tier_a_phrase_or_a_ladder_is(book: RuleBook) -> None:
    package = shipped()
    first, *rest = package.rules
    lexicon, *others = package.lexicons
    _first_ladder, *ladders = package.escalation.ladders
    changed = [
        replace(package, rules=(replace(first, tier=Tier.RED_A), *rest)),
        replace(package, lexicons=(replace(lexicon, exceptions=lexicon.phrases), *others)),
        replace(package, escalation=replace(package.escalation, ladders=tuple(ladders))),
    ]

    hashes = {rule_book(one).rules_sha256 for one in changed}

    assert len(hashes | {book.rules_sha256}) == 4
    assert book.rules_sha256 in html_of(book)


@pytest.mark.req("A-03")
def test_the_document_to_sign_is_a_pdf_and_the_same_for_the_same_rules(book: RuleBook) -> None:
    document = pdf_of(book)

    assert document.startswith(b"%PDF-")
    assert document == pdf_of(book)
    assert b"STSong-Light" in document

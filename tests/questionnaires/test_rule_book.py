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


@pytest.mark.req("A-03", "A-06", "A-07")
@pytest.mark.parametrize(
    ("tier", "tonight", "zh", "en"),
    [
        (Tier.RED_A, False, "每 5 分钟", "every 5 min"),
        (Tier.RED_B, False, "每 5 分钟", "every 5 min"),
        (Tier.RED_A, False, "30 分钟内", "acknowledged within 30 min"),
        (Tier.ORANGE, True, "到 23:00 仍未确认", "not acknowledged at 23:00"),
        (Tier.ORANGE, True, "红 B", "RED-B"),
        (Tier.ORANGE, True, "每 5 分钟", "every 5 min"),
        (Tier.ORANGE, False, "上班时", "when the site opens"),
        (Tier.YELLOW, False, "每个工作日", "on each working day"),
        (Tier.YELLOW, False, "工作清单", "on the work list at once"),
    ],
)  # fmt: skip
def test_whoever_signs_a_rule_reads_who_is_told_at_night_by_phone_and_in_the_daily_mail(
    book: RuleBook, tier: Tier, tonight: bool, zh: str, en: str
) -> None:
    entries = [
        one for one in book.entries if (one.rule.tier, one.rule.tonight) == (tier, tonight)
    ]  # fmt: skip

    assert entries
    for entry in entries:
        assert any(zh in one.zh for one in entry.ladders), entry.rule.id
        assert any(en in one.en for one in entry.ladders), entry.rule.id
        assert all(one.zh in html_of(book) for one in entry.ladders)


@pytest.mark.req("A-03", "A-07")
def test_what_is_not_of_tonight_is_not_said_to_become_red_at_night(book: RuleBook) -> None:
    others = [one for one in book.entries if not one.rule.tonight or one.rule.tier.is_red]

    assert others
    assert all("23:00" not in one.en for entry in others for one in entry.ladders)


@pytest.mark.req("A-03", "A-13")
def test_whoever_signs_reads_when_a_silence_asks_for_a_call(book: RuleBook) -> None:
    said = " ".join(one.en for one in book.silence)

    assert "120 min after due" in said
    assert "Weekly questionnaire: where it is not filled in at 10:00 2 days after its day" in said
    assert "between 21:30 and 08:00" in said


@pytest.mark.req("A-03")
def test_the_words_follow_the_policy(book: RuleBook) -> None:
    package = shipped()
    night = replace(package.escalation.night, tier=Tier.RED_A)
    silent = rule_book(
        replace(package, escalation=replace(package.escalation, night=night, digest=None))
    )
    said = " ".join(one.en for _title, told in silent.told for one in told)

    assert "handled as RED-A" in said
    assert "one mail" not in said


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

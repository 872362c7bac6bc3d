"""The page for those who approve a study: all of it, in both languages, in one file."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from lxml import html

from questionnaires import canonical
from questionnaires.definition import Behavior, Translated
from questionnaires.preview.clauses import Words
from questionnaires.preview.page import page_of
from questionnaires.reading import to_canonical_json
from tests.questionnaires.forms import clause, form, item, shipped, temperature


@cache
def page() -> Any:
    return html.document_fromstring(page_of(shipped()))


@cache
def read() -> str:
    return " ".join(page().text_content().split())


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.req("Q-01", "P-10")
def test_every_word_that_is_asked_or_said_stands_on_the_page_in_both_languages() -> None:
    package = shipped()
    texts: list[Translated | None] = [package.title]
    for one in package.questionnaires:
        texts += [one.title, one.intro]
        for asked in one.items:
            texts += [asked.text, asked.hint, asked.skip_text, *(c.text for c in asked.choices)]
            texts += [asked.ends.low, asked.ends.high] if asked.ends else []
    texts += [rule.title for rule in package.rules] + [rule.advice for rule in package.rules]
    for text in package.texts:
        texts += [text.body, text.subject]
    words = [words for text in texts if text for words in (text.zh, text.en)]

    assert len(words) > 1000
    assert [one for one in words if one_line(one) not in read()] == []


@pytest.mark.req("Q-01", "V-03")
def test_what_is_signed_is_named_by_version_and_hash() -> None:
    package = shipped()

    assert canonical.sha256(to_canonical_json(package)) in read()
    for one in package.questionnaires:
        assert f"{one.code} {one.version}" in read()
        assert canonical.sha256(canonical.to_text(one)) in read()
    for signatory in ("Ethics committee", "Principal investigator"):
        assert signatory in read()


@pytest.mark.req("Q-01")
def test_every_rule_block_and_form_is_there() -> None:
    for rule in shipped().rules:
        assert page().get_element_by_id(f"rule-{rule.id}").text_content().count(rule.id) == 1
    blocks = [one.text.strip() for one in page().xpath("//tbody/tr/th")]
    assert blocks == [block.code for block in shipped().schedule.blocks]
    for one in shipped().questionnaires:
        section = page().get_element_by_id(f"form-{one.code}")
        assert len(section.xpath(".//article")) == len(one.items)


@pytest.mark.req("Q-01")
def test_settings_without_words_of_their_own_are_shown_as_they_are_written() -> None:
    names = {one.text for one in page().xpath("//dl[@class='facts']/dt")}

    assert {"thermometer_route", "silence.early_days", "quiet_hours.begin"} <= names


@pytest.mark.req("Q-01")
def test_the_page_stands_alone_without_script_or_network() -> None:
    assert page().xpath("//script | //link | //img | //iframe | //object | //@style") == []
    assert [one for one in page().xpath("//@href | //@src") if not one.startswith("#")] == []
    targets = {one.removeprefix("#") for one in page().xpath("//@href")}
    assert targets <= set(page().xpath("//@id"))
    assert "url(" not in page_of(shipped())


@pytest.mark.req("Q-01")
def test_a_word_of_the_study_is_never_taken_for_html() -> None:
    sly = form(item("sly", hint=Translated("<b>中</b>", "<script>alert(1)</script>")))
    package = replace(shipped(), questionnaires=(*shipped().questionnaires, sly))

    shown = page_of(package)

    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown


@pytest.mark.req("Q-01", "P-10")
@pytest.mark.parametrize(
    ("named", "zh", "en"),
    [
        (clause("temp", ">=", 37.2), "temp 不小于 37.2", "temp is at least 37.2"),
        (clause("temp", "exists", answer=False), "temp 没有回答", "temp is not answered"),
        (clause("signs", "=", "a"), "signs 选了“中文”", "signs has “English” ticked"),
        (clause("signs", "!=", "a"), "signs 没有选“中文”", "signs has “English” not ticked"),
        (clause("which", "=", "b"), "which 是“中文”", "which is “English”"),
        (clause("help", "=", answer=True), "help 是“是”", "help is “yes”"),
        (clause("temp", "!=", 38), "temp 不等于 38", "temp does not equal 38"),
        (
            clause("temperature_tenths_oral", "<", 385),
            "体温（折算为口腔） 小于 38.5 °C",
            "temperature (as if by mouth) is less than 38.5 °C",
        ),
    ],
)
def test_a_clause_in_words(named: Any, zh: str, en: str) -> None:
    asked = form(
        temperature(), item("signs", "multi", codes="a b"), item("which", "choice", codes="a b"),
        item("help"),
    )  # fmt: skip

    assert Words.of_questionnaire(asked).clause(named) == Translated(zh, en)


@pytest.mark.req("Q-01")
def test_several_clauses_say_whether_all_or_any() -> None:
    words = Words.of_questionnaire(form(item("a"), item("b")))
    both = (clause("a", "=", answer=True), clause("b", "=", answer=False))

    assert words.clauses(both, Behavior.ALL).en == "a is “yes”, and b is “no”"
    assert words.clauses(both, Behavior.ANY).zh == "a 是“是”，或者 b 是“否”"

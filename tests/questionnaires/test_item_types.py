"""Scales, times of day and check lists: read from YAML, judged, linted, answered."""

import shutil
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from questionnaires.definition import Item, ItemType, Questionnaire, Recall, Translated
from questionnaires.invented import calm_answers
from questionnaires.lint_items import find_item_faults
from questionnaires.reading import (
    from_canonical_json,
    read_package,
    to_canonical_json,
)
from questionnaires.recalls import filled
from questionnaires.sources import PackageFaults
from questionnaires.validation import judge
from tests.questionnaires.forms import BOTH, STUDY, clause, form, item, shipped
from tests.questionnaires.judging import code_of, value_of

EVERY_TYPE = """\
code: every
version: 1.0.0
kind: report
minutes: 1
title: {zh: 各种题目, en: Every type}
items:
  - {link_id: hello, type: info, text: {zh: 您好, en: Hello}}
  - link_id: pain
    type: nrs
    recall: past_24_hours
    text: {zh: 过去 24 小时有多痛？, en: "How bad was it in the past 24 hours?"}
    ends: {low: {zh: 不痛, en: No pain}, high: {zh: 很痛, en: Much pain}}
  - link_id: health
    type: vas
    hides_value: true
    recall: now
    text: {zh: 您今天的健康怎么样？, en: "How is your health today?"}
    ends: {low: {zh: 最差, en: Worst}, high: {zh: 最好, en: Best}}
  - link_id: weight
    type: number
    unit: kg
    decimals: 1
    hard_min: 25
    hard_max: 250
    soft_min: 35.5
    soft_max: 150
    text: {zh: 体重是多少？, en: "What do you weigh?"}
  - link_id: sleep
    type: choice
    text: {zh: 睡得好吗？, en: "Did you sleep well?"}
    choices:
      - {code: good, score: 0, text: {zh: 好, en: Well}}
      - {code: bad, score: 2.5, text: {zh: 不好, en: Badly}}
  - link_id: signs
    type: multi
    recall: since_last_entry
    text:
      zh: 自上次填写（{last_entry_on}）以来，有下面的情况吗？
      en: Since your last entry on {last_entry_on}, did you have any of these?
    choices:
      - {code: rash, text: {zh: 皮疹, en: Rash}}
      - {code: none, exclusive: true, text: {zh: 都没有, en: None of these}}
  - {link_id: better, type: boolean, text: {zh: 好些了吗？, en: "Is it better?"}}
  - {link_id: began_on, type: date, text: {zh: 哪天开始的？, en: "On which day did it begin?"}}
  - {link_id: taken_at, type: time, text: {zh: 几点吃的？, en: "At what time did you take it?"}}
  - {link_id: seen_at, type: datetime, text: {zh: 什么时候看的？, en: "When were you seen?"}}
  - {link_id: note, type: text, optional: true, text: {zh: 还有吗？, en: "Anything else?"}}
  - checklist: findings
    recall: past_30_days
    text: {zh: 过去 30 天里, en: In the past 30 days}
    choices:
      - {code: present, text: {zh: 有, en: Present}}
      - {code: absent, text: {zh: 无, en: Absent}}
      - {code: not-assessed, text: {zh: 未评估, en: Not assessed}}
    dated: present
    date_text: {zh: 日期, en: Date}
    rows:
      - {link_id: rash, text: {zh: 皮疹, en: Rash}}
      - {link_id: fever, text: {zh: 发热, en: Fever}, hint: {zh: 超过 38 °C, en: Above 38 °C}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(STUDY, tmp_path / "study"))
    (folder / "every.yaml").write_text(EVERY_TYPE, encoding="utf-8")
    file = folder / "study.yaml"
    text = file.read_text(encoding="utf-8").replace("questionnaires: [", "questionnaires: [every, ")
    file.write_text(text, encoding="utf-8")
    return folder


def every(study: Path) -> Questionnaire:
    found = read_package(study).questionnaire("every")
    assert found is not None
    return found


def faults_of(one: Item, *others: Item, recall: Recall | None = None) -> set[str]:
    questionnaire = replace(form(*others, one), recall=recall)
    return {code for code, _, _ in find_item_faults(questionnaire, one, "item")}


@pytest.mark.req("Q-07")
def test_every_type_is_read_frozen_and_answered(study: Path) -> None:
    package = read_package(study)
    questionnaire = every(study)
    answered_at = datetime(2026, 3, 4, 21, 5, tzinfo=ZoneInfo("Asia/Shanghai"))

    again = from_canonical_json(to_canonical_json(package)).questionnaire("every")
    answers = calm_answers(questionnaire, answered_at=answered_at, chance=Random(1))
    judgement = judge(questionnaire, list(answers), is_complete=True)

    assert again == questionnaire
    assert {one.type for one in questionnaire.items} == set(ItemType)
    assert judgement.problems == ()
    assert judgement.values["taken_at"] == "21:05"


@pytest.mark.req("Q-01")
def test_no_type_has_a_fault_of_its_own(study: Path) -> None:
    questionnaire = every(study)

    found = [
        fault
        for one in questionnaire.items
        for fault in find_item_faults(questionnaire, one, one.link_id)
    ]

    assert found == []


@pytest.mark.req("Q-07")
def test_a_check_list_becomes_its_rows_each_with_an_optional_date(study: Path) -> None:
    questionnaire = every(study)
    rows = [one for one in questionnaire.items if one.group == "findings"]

    assert [one.link_id for one in rows] == ["rash", "rash_on", "fever", "fever_on"]
    assert [one.codes for one in rows[::2]] == [("present", "absent", "not-assessed")] * 2
    assert all(one.optional and one.type is ItemType.DATE for one in rows[1::2])
    given = [{"link_id": "rash", "value": "present"}, {"link_id": "fever", "value": "absent"}]
    hidden = judge(questionnaire, list(given), is_complete=False).hidden
    assert "rash_on" not in hidden
    assert "fever_on" in hidden


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("    dated: present\n", "", "items[11]", "needs both `dated` and `date_text`"),
        ("dated: present", "dated: seen", "items[11]", "asks for the date of 'seen'"),
        ("zh: 皮疹, en: Rash}}\n      - {link", "zh: 皮疹}}\n      - {link",
         "items[11].rows[0].text.en", "is missing"),
        ("recall: now", "recall: lately", "items[2].recall", "must be one of: now, past_24_hours"),
        ("score: 0,", "score: nil,", "items[4].choices[0].score", "must be a number"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_new_words_is_named(
    study: Path, old: str, new: str, place: str, reason: str
) -> None:
    file = study / "every.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")

    with pytest.raises(PackageFaults) as caught:
        read_package(study)

    (fault,) = caught.value.faults
    assert (fault.file, fault.path) == ("every.yaml", place)
    assert fault.reason.startswith(reason)
    assert fault.line


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(("value", "code"), [
    (0, None), (100, None), (37, None), (101, "out_of_range"), (-1, "out_of_range"),
    (50.5, "too_many_decimals"), ("50", "wrong_type"), (True, "wrong_type"),
])  # fmt: skip
def test_a_mark_on_a_line_is_a_whole_number_to_a_hundred(value: object, code: str | None) -> None:
    scale = item("health", "vas")

    if code is None:
        assert value_of(scale, value) == value
    else:
        assert code_of(scale, value) == code


@pytest.mark.req("Q-07")
@pytest.mark.parametrize("value", ["00:00", "09:05", "23:59"])
def test_a_time_of_day_is_taken_as_clocks_show_it(value: str) -> None:
    assert value_of(item("taken_at", "time"), value) == value


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(
    "value", ["24:00", "9:05", "09:60", "09:05:00", "09:05\n", "\uff10\uff19:05", 905]
)
def test_what_no_clock_shows_is_refused(value: object) -> None:
    assert code_of(item("taken_at", "time"), value) == "wrong_type"


@pytest.mark.req("Q-09")
@pytest.mark.parametrize(
    ("text", "recall", "code"),
    [
        (Translated("过去 7 天有多痛？", "In the past 7 days, how bad?"), "past_7_days", None),
        (Translated("有多痛？", "In the past 7 days, how bad?"), "past_7_days", "recall_not_said"),
        (Translated("过去 7 天有多痛？", "How bad?"), "past_7_days", "recall_not_said"),
        (Translated("过去 24 小时", "past 24 hours"), "past_7_days", "recall_not_said"),
        (Translated("过去 7 天{last_entry_on}", "past 7 days"), "past_7_days", "placeholder"),
        (Translated("自上次填写{day}以来", "Since your last entry"), "since_last_entry",
         "placeholder"),
    ],
)  # fmt: skip
def test_a_text_says_the_recall_period_that_the_item_has(
    text: Translated, recall: str, code: str | None
) -> None:
    asked = replace(item("pain", "nrs"), text=text, recall=Recall(recall))

    assert faults_of(asked) == ({code} if code else set())


@pytest.mark.req("Q-09")
@pytest.mark.parametrize("recall", [Recall.PAST_24_HOURS, None])
def test_the_recall_of_an_instrument_cannot_be_changed(recall: Recall | None) -> None:
    words = Translated("过去 24 小时有多痛？", "In the past 24 hours, how bad?")
    asked = replace(item("pain", "nrs"), text=words, recall=recall)

    assert faults_of(asked, recall=Recall.PAST_7_DAYS) == {"recall_changed"}


@pytest.mark.req("Q-09")
def test_what_the_trial_asks_since_the_last_entry_is_data_and_names_the_day() -> None:
    since = [
        (questionnaire.code, one)
        for questionnaire in shipped().questionnaires
        for one in questionnaire.items
        if "since your last entry" in one.text.en.lower()
    ]
    # Practice is no entry, and a follow-up asks about one problem since it was last asked about.
    opening = [
        one
        for code, one in since
        if not one.enable_when and code not in {"practice", "ae_follow_up"}
    ]

    assert len(opening) > 10
    assert {one.recall for _, one in since} == {Recall.SINCE_LAST_ENTRY}
    assert [one.link_id for one in opening if "{last_entry_on}" not in one.text.en] == []
    assert [one.link_id for one in opening if "{last_entry_on}" not in one.text.zh] == []


@pytest.mark.req("Q-09")
def test_the_day_of_the_last_entry_is_put_into_the_text(study: Path) -> None:
    shown = filled(every(study), date(2026, 11, 22)).item("signs")

    assert shown is not None
    assert shown.text.zh == "自上次填写（11月22日 周日）以来，有下面的情况吗？"
    assert shown.text.en == "Since your last entry on Sun 22 Nov, did you have any of these?"


@pytest.mark.req("Q-09")
def test_where_no_day_is_known_the_text_names_none(study: Path) -> None:
    shown = filled(every(study), None).item("signs")

    assert shown is not None
    assert shown.text.zh == "自上次填写以来，有下面的情况吗？"
    assert shown.text.en == "Since your last entry, did you have any of these?"


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    ("asked", "others", "code"),
    [
        (replace(item("health", "vas"), ends=None), (), "ends"),
        (item("pain", "nrs", hides_value=True), (), "hides_value"),
        (item("note", "text", hard_max=3.0), (), "limits"),
        (item("temp", "number", hard_min=34.05, hard_max=43.0, decimals=1), (), "limits"),
        (item("row", group="head"), (), "group"),
        (item("row", group="head"), (item("head", "boolean"),), "group"),
        (item("row", group="head"), (item("head", "info"), item("between")), "group"),
    ],
)
def test_what_a_type_cannot_have_is_refused(
    asked: Item, others: tuple[Item, ...], code: str
) -> None:
    assert faults_of(asked, *others) == {code}


@pytest.mark.req("Q-01")
def test_codes_and_words_of_choices_must_not_be_mistaken_for_each_other() -> None:
    alike = item("where", "choice", codes="left-arm left_arm", enable_when=(clause("a", "=", 1),))
    same = item("where", "choice", codes="left right")

    assert "ambiguous_code" in faults_of(alike)
    assert BOTH.zh in next(
        reason for code, _, reason in find_item_faults(form(same), same, "item")
        if code == "ambiguous_code"
    )  # fmt: skip


@pytest.mark.req("Q-09")
def test_the_day_of_the_last_entry_stands_in_all_that_may_name_it(study: Path) -> None:
    asked, day = every(study), "{last_entry_on}"
    signs = replace(
        next(one for one in asked.items if one.link_id == "signs"),
        hint=Translated(f"自{day}起", f"Since {day}"),
        skip_text=Translated(f"{day}以来没有", f"None since {day}"),
    )

    for last_entry_on in (date(2026, 11, 22), None):
        shown = filled(replace(asked, items=(signs,)), last_entry_on).items[0]
        for text in (shown.text, shown.hint, shown.skip_text):
            assert text is not None
            assert day not in text.zh + text.en

"""The study as shipped: what a good day costs, and what is said."""

import re

import pytest

from questionnaires.branching import visible
from questionnaires.definition import (
    ItemType,
    Language,
)
from questionnaires.tiers import Tier
from questionnaires.validation import judge
from tests.questionnaires.forms import rules_met, shipped, shipped_form

DIARIES = ["daily", "infusion_evening", "morning_check"]
GOOD_DAY: dict[str, object] = {
    "temp": 36.6,
    "pain": 2,
    "fatigue": 3,
    "urgent": ["none"],
    "other": ["none"],
    "changes": ["none"],
    "help_now": False,
}


# --- A good day


@pytest.mark.req("Q-03")
@pytest.mark.parametrize("code", DIARIES)
def test_a_good_day_has_at_most_seven_screens_and_alarms_nobody(code: str) -> None:
    diary = shipped_form(code)
    answers = {item.link_id: GOOD_DAY[item.link_id] for item in diary.items if not item.enable_when}

    shown = visible(diary, answers)

    assert set(shown) == set(answers)
    assert len(shown) <= 7
    assert rules_met(answers, hours=30) == set()
    raw: list[object] = [{"link_id": one, "value": value} for one, value in answers.items()]
    assert judge(diary, raw, is_complete=True).problems == ()


@pytest.mark.req("Q-03")
def test_the_urgent_signs_have_at_most_seven_rows_and_none_of_these() -> None:
    urgent = shipped_form("daily").item("urgent")

    assert urgent is not None
    assert len([one for one in urgent.choices if not one.exclusive]) <= 7
    assert [one.code for one in urgent.choices if one.exclusive] == ["none"]


@pytest.mark.req("Q-09")
@pytest.mark.parametrize("code", DIARIES)
def test_every_question_of_a_diary_carries_its_recall_period(code: str) -> None:
    recall = re.compile(r"(since your last entry|past 24 hours|now\?)", re.IGNORECASE)
    about_another = {
        "temp_route",
        "temp_again",
        "temp_again_route",
        "temp_at",
        "urine_period",
    }  # about an answer just given

    without = {
        item.link_id
        for item in shipped_form(code).items
        if not recall.search(item.text.en) and item.link_id not in about_another
    }

    assert without == set()


@pytest.mark.req("Q-07")
def test_a_temperature_of_45_is_refused_and_40_5_has_to_be_confirmed() -> None:
    diary = shipped_form("daily")

    codes = [
        judge(diary, [{"link_id": "temp", "value": value}], is_complete=False).problems[0].code
        for value in (45, 40.5)
    ]

    assert codes == ["out_of_range", "needs_confirmation"]


@pytest.mark.req("Q-05")
def test_not_having_measured_asks_whether_she_felt_hot() -> None:
    raw: list[object] = [{"link_id": "temp", "declined": True}]

    judgement = judge(shipped_form("daily"), raw, is_complete=False)

    assert judgement.problems == ()
    assert judgement.not_reached[0] == "temp_why"


@pytest.mark.req("P-10")
def test_chinese_texts_are_chinese_and_english_ones_are_not() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    texts = [item.text for one in shipped().questionnaires for item in one.items]
    texts += [rule.advice for rule in shipped().rules] + [rule.title for rule in shipped().rules]
    texts += [
        choice.text
        for one in shipped().questionnaires
        for item in one.items
        for choice in item.choices
    ]

    assert [text for text in texts if not han.search(text.zh) or han.search(text.en)] == []


@pytest.mark.req("P-10")
def test_participants_are_never_told_off() -> None:
    told = [item.text.zh for one in shipped().questionnaires for item in one.items]
    told += [rule.advice.zh for rule in shipped().rules]

    assert [text for text in told if re.search("异常|非法|依从性|警告|错误|失败", text)] == []


# --- What is said


@pytest.mark.req("A-01")
def test_the_report_never_asks_whether_it_is_serious_or_related() -> None:
    words = re.compile(
        "serious|severe|related|caused|because of the study|严重|相关|引起", re.IGNORECASE
    )
    own = [
        item
        for item in shipped_form("ae_report").items
        if shipped_form("daily").item(item.link_id) is None
    ]

    assert [item.link_id for item in own if words.search(item.text.en + item.text.zh)] == []


@pytest.mark.req("A-01")
def test_the_report_asks_what_the_investigator_needs() -> None:
    asked = {item.link_id for item in shipped_form("ae_report").items}

    assert asked >= {
        "what", "began_at", "still", "ended_at", "worst", "effect", "temp", "done",
        "hospital_planned", "outcome", "note", "help_now",
    }  # fmt: skip


@pytest.mark.req("A-05")
@pytest.mark.parametrize("language", Language)
def test_red_advice_says_that_nobody_is_watching_and_not_to_stop_steroids(
    language: Language,
) -> None:
    said = {
        "zh": ("没有人实时查看", "不要停用激素药"),
        "en": ("Nobody is watching", "stop your steroid"),
    }

    for rule in shipped().rules:
        if rule.tier.is_red and rule.id != "R26":  # read by the family of somebody who has died
            advice = " ".join(rule.advice.in_language(language).split())
            assert all(words in advice for words in said[language]), rule.id


@pytest.mark.req("A-05")
def test_who_is_already_in_hospital_is_not_sent_to_an_emergency_number_first() -> None:
    rule = next(rule for rule in shipped().rules if rule.id == "R23")

    assert rule.tier is Tier.RED_B
    assert rule.advice.zh.startswith("如果您还在医院")


@pytest.mark.req("B-01")
def test_no_text_speaks_of_allocation() -> None:
    words = re.compile(
        r"\b(arm [A-Z0-9]|placebo|cohort|allocat|randomi)|安慰剂|剂量组|随机|对照", re.IGNORECASE
    )
    texts = [item.text for one in shipped().questionnaires for item in one.items]
    texts += [text.body for text in shipped().texts] + [rule.advice for rule in shipped().rules]

    assert [text for text in texts if words.search(text.zh + text.en)] == []


@pytest.mark.req("Q-03")
def test_one_choice_of_several_has_at_most_seven_rows() -> None:
    long = {
        item.link_id
        for one in shipped().questionnaires
        for item in one.items
        if item.type is ItemType.CHOICE and len(item.choices) > 7
    }

    assert long == set()

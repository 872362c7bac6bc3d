"""The study as shipped: what a good day costs, and that every danger is heard."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.branching import visible
from questionnaires.definition import (
    Derivation,
    ItemType,
    Language,
    SafetyRule,
    Trigger,
)
from questionnaires.lint import asks_all
from questionnaires.reachability import answers_for
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
FEVERS = {"R01", "R02", "R03", "R04", "R05"}
TRIGGERS = [
    pytest.param(rule, trigger, id=f"{rule.id}-{number}")
    for rule in shipped().rules
    for number, trigger in enumerate(rule.triggers, start=1)
]


def oral(temp: float, **more: object) -> dict[str, object]:
    return {"temp": temp, "temp_route": "oral", **more}


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
    about_another = {"temp_route", "temp_at", "urine_period"}  # about an answer just given

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


# --- Every danger is heard


@pytest.mark.req("A-03")
@pytest.mark.parametrize(("rule", "trigger"), TRIGGERS)
def test_every_trigger_is_reached_by_answers_that_the_form_takes(
    rule: SafetyRule, trigger: Trigger
) -> None:
    forms = [one for one in shipped().questionnaires if asks_all(one, trigger.clauses)]
    hours = next(
        (
            None if clause.answer is False else (1.0 if clause.operator.value == "<=" else 49.0)
            for clause in trigger.clauses
            if clause.question == Derivation.HOURS_SINCE_INFUSION
        ),
        None,
    )

    met_in = []
    for form in forms:
        answers = answers_for(form, trigger.clauses)
        if answers is None:
            continue
        raw: list[object] = [
            {
                "link_id": link_id,
                "value": list(value) if isinstance(value, tuple) else value,
                "confirmed": True,
            }
            for link_id, value in answers.items()
        ]
        assert judge(form, raw, is_complete=False).problems == ()
        by_mouth = {**answers, "temp_route": "oral"} if "temp" in answers else answers
        met_in += [form.code] if rule.id in rules_met(by_mouth, hours=hours) else []

    assert met_in != []


@pytest.mark.req("A-05")
@pytest.mark.parametrize(
    "code", [one.code for one in shipped().questionnaires if one.item("urgent")]
)
@pytest.mark.parametrize("row", shipped_form("daily").item("urgent").codes[:-1])  # type: ignore[union-attr]
def test_every_urgent_row_is_red_the_moment_it_is_ticked(code: str, row: str) -> None:
    assert shipped_form(code).item("urgent") is not None

    met = rules_met({"urgent": [row]})

    assert [rule.id for rule in shipped().rules if rule.id in met and rule.tier.is_red] != []


@pytest.mark.req("A-05")
@pytest.mark.parametrize(
    ("row", "detail"),
    [
        (item.link_id, code)
        for item in shipped_form("daily").items
        if any(clause.question == "urgent" for clause in item.enable_when)
        for code in item.codes
    ],
)
def test_an_urgent_row_stays_red_whatever_it_turns_out_to_be(row: str, detail: str) -> None:
    met = rules_met({"urgent": [row], row: [detail]})

    assert [rule.id for rule in shipped().rules if rule.id in met and rule.tier.is_red] != []


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("temp", "hours", "rule"),
    [
        (37.9, 48, None),
        (37.9, 48 + 1 / 60, None),
        (38.0, 48, "R04"),
        (38.0, 48 + 1 / 60, "R05"),
        (38.4, 48, "R04"),
        (38.4, 48 + 1 / 60, "R05"),
        (38.5, 48, "R04"),
        (38.5, 48 + 1 / 60, "R02"),
        (38.9, 48, "R04"),
        (38.9, 48 + 1 / 60, "R02"),
        (39.0, 48, "R01"),
        (39.0, 48 + 1 / 60, "R01"),
        (38.0, None, "R05"),
        (38.5, None, "R02"),
    ],
)
def test_the_fever_table_at_its_boundaries(
    temp: float, hours: float | None, rule: str | None
) -> None:
    assert rules_met(oral(temp), hours=hours) & FEVERS == ({rule} if rule else set())


@pytest.mark.req("A-03")
@given(
    tenths=st.integers(340, 430),
    hours=st.none() | st.floats(0, 100),
    urgent=st.none() | st.sets(st.sampled_from(["chills", "breathing", "chest", "limb", "none"])),
    skin=st.none() | st.sets(st.sampled_from(["hives", "rash", "abscess"])),
    route=st.sampled_from(["oral", "ear", "forehead", "axillary"]),
)
def test_every_fever_meets_exactly_one_fever_rule(
    tenths: int, hours: float | None, urgent: set[str] | None, skin: set[str] | None, route: str
) -> None:
    answers = {
        "temp": tenths / 10,
        "temp_route": route,
        "urgent": sorted(urgent or ()),
        "skin": sorted(skin or ()),
    }

    met = rules_met(answers, hours=hours) & FEVERS

    is_fever = tenths + 3 * (route == "axillary") >= 380
    assert len(met) == (1 if is_fever else 0)


@pytest.mark.req("A-03")
@pytest.mark.parametrize("sign", ["chills", "breathing", "chest"])
def test_a_fever_after_an_infusion_with_a_danger_sign_is_no_longer_a_fever_alone(
    sign: str,
) -> None:
    met = rules_met(oral(38.2, urgent=[sign]), hours=5)

    assert "R03" in met
    assert "R04" not in met


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(("temp", "is_met"), [(37.6, False), (37.7, True)])
def test_under_the_arm_the_limit_is_three_tenths_lower(temp: float, is_met: bool) -> None:
    assert ("R05" in rules_met({"temp": temp, "temp_route": "axillary"})) is is_met


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("answers", "hours", "met"),
    [
        ({"temp_why": "felt-hot"}, None, {"R06a"}),
        ({"temp_why": "felt-well"}, None, set()),
        ({"changes": ["fever-medicine"]}, None, {"R06a"}),
        (oral(37.4, other=["bruises"]), None, {"R19"}),
        (oral(37.5, other=["bruises"]), None, {"R06b", "R19"}),
        (oral(37.5, other=["none"], urgent=["none"]), None, set()),
        (oral(37.4, other=["cough"]), None, set()),
        (oral(37.5, other=["cough"]), None, {"R06b", "R20"}),
        ({"skin": ["hives"], "hives_with": ["none"]}, 48, {"R07a"}),
        ({"skin": ["hives"], "hives_with": ["none"]}, 48.1, set()),
        ({"skin": ["hives"], "hives_with": ["hoarse"]}, 48, {"R07b"}),
        ({"urine": ["red"], "urine_period": "period"}, None, set()),
        ({"urine": ["red"], "urine_period": "unsure"}, None, {"R16"}),
        ({"urine": ["red"]}, None, set()),
        ({"site": ["sore"]}, None, {"R37a"}),
        (oral(37.9, site=["sore"]), None, {"R37a"}),
        (oral(38.0, site=["sore"]), None, {"R05"}),
        ({"site": ["spreading"]}, None, {"R37b"}),
        ({"steroid": ["missed-two"], "steroid_with": ["none"]}, None, set()),
        ({"steroid": ["missed-two"], "steroid_with": ["dizzy"]}, None, {"R40"}),
        ({"steroid": ["vomited"]}, None, {"R40"}),
        ({"steroid": ["stopped"]}, None, {"R42"}),
        ({"changes": ["hospital"], "hospital_planned": "planned"}, None, set()),
        ({"changes": ["hospital"], "hospital_planned": "unplanned"}, None, {"R23"}),
        ({"changes": ["emergency"]}, None, {"R24"}),
        ({"help_now": True}, None, {"R35"}),
        ({"help_now": False}, None, set()),
    ],
)
def test_the_rule_table(answers: dict[str, object], hours: float | None, met: set[str]) -> None:
    assert rules_met(answers, hours=hours) == met


@pytest.mark.req("A-02")
@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"worst": "danger"}, id="life-threatening"),
        pytest.param({"hospital_planned": "unplanned"}, id="hospitalisation"),
        pytest.param({"hospital_planned": "longer"}, id="prolonged hospitalisation"),
        pytest.param({"effect": "help"}, id="incapacity"),
        pytest.param({"outcome": "lasting"}, id="persistent disability"),
        pytest.param({"what": "pregnancy"}, id="congenital anomaly"),
        pytest.param({"done": ["emergency"]}, id="important medical event"),
    ],
)
def test_the_report_hears_every_criterion_of_seriousness(answers: dict[str, object]) -> None:
    report = shipped_form("ae_report")
    assert {one.link_id for one in report.items} >= set(answers)

    met = rules_met(answers)

    assert [rule.id for rule in shipped().rules if rule.id in met and rule.possible_serious] != []


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
        if rule.tier.is_red:
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

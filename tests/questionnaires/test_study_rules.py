"""The rules as shipped: every danger is heard, each at its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.definition import (
    Derivation,
    Operator,
    SafetyRule,
    Trigger,
)
from questionnaires.lint import asks_all
from questionnaires.reachability import answers_for
from questionnaires.rules import inputs_of, met_rules
from questionnaires.validation import judge
from tests.questionnaires.forms import rules_met, shipped, shipped_form, surroundings

FEVERS = {"R01", "R02", "R03", "R04", "R05"}
TRIGGERS = [
    pytest.param(rule, trigger, id=f"{rule.id}-{number}")
    for rule in shipped().rules
    if rule.is_on
    for number, trigger in enumerate(rule.triggers, start=1)
]


def oral(temp: float, **more: object) -> dict[str, object]:
    return {"temp": temp, "temp_route": "oral", **more}


@pytest.mark.req("A-03")
@pytest.mark.parametrize(("rule", "trigger"), TRIGGERS)
def test_every_trigger_is_reached_by_answers_that_the_form_takes(
    rule: SafetyRule, trigger: Trigger
) -> None:
    beyond = shipped().derived_names - {Derivation.TEMPERATURE_TENTHS_ORAL}
    forms = [one for one in shipped().questionnaires if asks_all(one, trigger.clauses, beyond)]
    history = {
        clause.question: clause.answer
        for clause in trigger.clauses
        if clause.question in beyond and clause.operator is not Operator.NOT_EQUAL
    }
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
        answers = answers_for(form, trigger.clauses, beyond=beyond)
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
        inputs = {
            **inputs_of(by_mouth, surroundings(hours), default_route=shipped().thermometer_route),
            **{name: value for name, value in history.items() if name not in list(Derivation)},
        }
        met_in += [form.code] if rule in {one.rule for one in met_rules((rule,), inputs)} else []

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

"""Which rules answers meet, with the derivations as exact as the protocol's limits."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.definition import Derivation, Language, ThermometerRoute
from questionnaires.rules import (
    Surroundings,
    derive,
    highest,
    inputs_of,
    latest_infusion,
    met_rules,
)
from questionnaires.validation import judge
from tests.questionnaires.forms import (
    ANSWERED_AT,
    met_by,
    rules_met,
    shipped,
    shipped_form,
    surroundings,
)

FEVERS = {"R01", "R02", "R03", "R04", "R05"}
TWO_DAYS = timedelta(hours=48)
AT_48_00, AT_48_01 = TWO_DAYS, TWO_DAYS + timedelta(minutes=1)
ROUTES = list(ThermometerRoute)


def fevers(temp: float, since: timedelta | None, **more: object) -> set[str]:
    """Return the fever rules that a temperature meets, so long after an infusion."""
    around = Surroundings(
        answered_at=ANSWERED_AT,
        latest_infusion_at=None if since is None else ANSWERED_AT - since,
    )
    inputs = inputs_of({"temp": temp, **more}, around, default_route=shipped().thermometer_route)
    return {met.rule.id for met in met_rules(shipped().rules, inputs)} & FEVERS


def tenths(answers: dict[str, object], route: ThermometerRoute | None = None) -> object:
    derived = derive(answers, surroundings(route=route), default_route=ThermometerRoute.AXILLARY)
    return derived.get(Derivation.TEMPERATURE_TENTHS_ORAL)


# --- Derivations


@pytest.mark.req("A-03")
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("oral", "until_48_00", "from_48_01"),
    [
        (379, None, None),
        (380, "R04", "R05"),
        (384, "R04", "R05"),
        (385, "R04", "R02"),
        (389, "R04", "R02"),
        (390, "R01", "R01"),
    ],
)
def test_each_limit_of_the_fever_table_by_route(
    oral: int, until_48_00: str | None, from_48_01: str | None, route: ThermometerRoute
) -> None:
    measured = (oral - 3 * (route is ThermometerRoute.AXILLARY)) / 10

    met = [fevers(measured, since, temp_route=route.value) for since in (AT_48_00, AT_48_01)]

    assert met == [{rule} if rule else set() for rule in (until_48_00, from_48_01)]


@pytest.mark.req("A-03")
def test_one_microsecond_more_than_48_hours_is_more() -> None:
    just_after = TWO_DAYS + timedelta(microseconds=1)

    met = [fevers(38.5, since, temp_route="oral") for since in (TWO_DAYS, just_after)]

    assert met == [{"R04"}, {"R02"}]


@pytest.mark.req("A-03")
@given(st.integers(340, 430), st.sampled_from(ROUTES))
def test_every_tenth_of_a_degree_is_read_exactly(measured: int, route: ThermometerRoute) -> None:
    read = tenths({"temp": measured / 10, "temp_route": route.value})

    assert read == measured + 3 * (route is ThermometerRoute.AXILLARY)
    assert type(read) is int


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(
    ("answers", "own_route", "expected"),
    [
        ({"temp": 37.8, "temp_route": "oral"}, ThermometerRoute.AXILLARY, 378),
        ({"temp": 37.8}, ThermometerRoute.EAR, 378),
        ({"temp": 37.8}, None, 381),
        ({"temp": 38}, None, 383),
        ({"temp": 37.8, "temp_route": "elsewhere"}, ThermometerRoute.ORAL, 378),
        ({"temp_route": "oral"}, None, None),
        ({"temp": True}, None, None),
        ({"temp": "37.8"}, None, None),
    ],
)
def test_the_route_is_that_of_the_answer_then_the_participants_then_the_studys(
    answers: dict[str, object], own_route: ThermometerRoute | None, expected: int | None
) -> None:
    assert tenths(answers, own_route) == expected


@pytest.mark.req("A-03")
def test_answers_given_before_the_infusion_are_not_counted_from_it() -> None:
    later = Surroundings(
        answered_at=ANSWERED_AT, latest_infusion_at=ANSWERED_AT + timedelta(hours=1)
    )

    assert derive({}, later, default_route=ThermometerRoute.ORAL) == {}


@pytest.mark.req("A-03")
def test_hours_count_from_the_latest_infusion_before_the_answers() -> None:
    first, second, third = (ANSWERED_AT + timedelta(days=day) for day in (-28, 0, 1))

    assert latest_infusion([second, third, first], answered_at=ANSWERED_AT) == second
    assert latest_infusion([third], answered_at=ANSWERED_AT) is None


# --- Rules


@pytest.mark.req("A-03")
def test_the_most_urgent_rule_comes_first_then_the_one_of_tonight() -> None:
    answers = {
        "temp": 37.6, "temp_route": "oral", "other": ["bruises", "lupus"],
        "urgent": ["limb", "chest"], "chest": ["faint"],
    }  # fmt: skip

    met = met_by(answers)

    assert [one.rule.id for one in met] == ["R41", "R11", "R19", "R31", "R06b"]
    assert highest(met) == met[0]


@pytest.mark.req("A-03")
def test_a_met_rule_names_the_first_of_its_triggers_that_is_met() -> None:
    answers = {"chest": ["racing", "cold-sweat"]}

    (met,) = met_by(answers)

    assert (met.rule.id, met.trigger_index) == ("R41", 1)


@pytest.mark.req("A-03")
def test_nothing_answered_meets_nothing() -> None:
    met = met_by({}, hours=5)

    assert met == ()
    assert highest(met) is None


@pytest.mark.req("A-03")
@pytest.mark.parametrize("hours", [None, 1, 48, 200])
def test_a_calm_diary_meets_none(hours: float | None) -> None:
    calm = {
        "temp": 36.6, "pain": 10, "fatigue": 10, "urgent": ["none"], "other": ["none"],
        "changes": ["none"], "help_now": False,
    }  # fmt: skip

    assert rules_met(calm, hours=hours) == set()


@pytest.mark.req("A-03")
def test_stored_inputs_replay_to_the_same_rules() -> None:
    around = surroundings(30)
    values = {"temp": 38.2, "urgent": ("chills", "chest"), "help_now": True}
    inputs = inputs_of(values, around, default_route=ThermometerRoute.AXILLARY)
    met = met_rules(shipped().rules, inputs)

    replayed = met_rules(shipped().rules, json.loads(json.dumps(inputs)))

    assert replayed == met
    assert [one.rule.id for one in met] == ["R03", "R10", "R35", "R39"]


@pytest.mark.req("A-04")
def test_what_is_refused_or_hidden_is_screened_all_the_same() -> None:
    raw: list[object] = [
        {"link_id": "temp", "value": 41.0},  # has to be confirmed, and is not
        {"link_id": "chest", "value": ["pain"]},  # its row was unticked
        {"link_id": "nobody", "value": 1},
        {"link_id": "other", "value": ["no-such-choice"]},
    ]

    judgement = judge(shipped_form("daily"), raw, is_complete=True)

    assert judgement.problems != ()
    assert rules_met(judgement.values) == {"R01", "R10"}


@pytest.mark.req("A-04")
def test_a_fever_in_a_draft_does_not_wait_for_the_rest() -> None:
    draft: list[object] = [{"link_id": "temp", "value": 38.2}]

    values = judge(shipped_form("daily"), draft, is_complete=False).values

    assert rules_met(values, hours=5) == {"R04"}


@pytest.mark.req("A-05")
@pytest.mark.parametrize("language", Language)
def test_every_rule_says_what_it_is_and_what_to_do(language: Language) -> None:
    for rule in shipped().rules:
        assert rule.title.in_language(language).strip(), rule.id
        assert rule.advice.in_language(language).strip(), rule.id

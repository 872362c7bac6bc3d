"""The reviewed table of rules holds line by line, and no trigger of any rule is without a line."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from questionnaires.adverse_events import Seriousness
from questionnaires.definition import Questionnaire, ThermometerRoute
from questionnaires.invented import calm_answers
from questionnaires.rules import MetRule, Surroundings, inputs_of, met_rules, with_history
from questionnaires.trends import BASELINE_SPAN, History, PastEntry
from questionnaires.validation import judge
from tests.questionnaires.forms import rules_met, shipped
from tests.questionnaires.truth import FEVERS, Case, Line, Told, day_of, lines, on_rules, rows_of

INFUSED_AT = datetime(2026, 3, 1, 2, tzinfo=UTC)
FEVER_RULES = {"R01", "R02", "R03", "R04", "R05"}
# What every participant of the table measures with, unless she says where she took it.
OWN_ROUTE = ThermometerRoute.AXILLARY


def values_of(form: Questionnaire, told: Told, answered_at: datetime) -> Mapping[str, object]:
    """Return the answers of a form that is complete and would be taken."""
    raw: list[object] = list(
        calm_answers(form, answered_at=answered_at, chance=Random(1), but={"temp": 36.4, **told})
    )
    for one in raw:
        assert isinstance(one, dict)
        one["confirmed"] = True
    judgement = judge(form, raw, is_complete=True)
    assert judgement.problems == ()
    unused = [name for name in told if name not in {one.link_id for one in judgement.answers}]
    assert unused == []
    return judgement.values


def known_of(case: Case) -> dict[str, object]:
    answered_at = INFUSED_AT + case.since_infusion
    surroundings = Surroundings(
        answered_at=answered_at,
        latest_infusion_at=None if case.hours is None else INFUSED_AT,
        thermometer_route=OWN_ROUTE,
    )
    values = values_of(case.form, case.told, answered_at)
    return inputs_of(values, surroundings, default_route=shipped().thermometer_route)


def met_by(case: Case) -> tuple[MetRule, ...]:
    entries = []
    for one in case.earlier:
        at = INFUSED_AT + timedelta(days=one.day, hours=8)
        values = values_of(one.form, one.told, at)
        surroundings = Surroundings(answered_at=at, thermometer_route=OWN_ROUTE)
        inputs = inputs_of(values, surroundings, default_route=shipped().thermometer_route)
        entries.append((at, PastEntry(day_of(one.day), inputs)))
    history = History(
        on=day_of(case.days_since),
        baseline=[
            entry.inputs for at, entry in entries if INFUSED_AT - BASELINE_SPAN <= at < INFUSED_AT
        ],
        recent=[entry for _at, entry in entries],
    )
    return met_rules(shipped().rules, with_history(shipped(), known_of(case), history))


def tier_in_words(met: tuple[MetRule, ...]) -> str:
    return met[0].rule.tier.value if met else "none"


@pytest.mark.req("A-02", "A-03")
@pytest.mark.parametrize("line", [pytest.param(one, id=one.name) for one in lines()])
def test_the_rule_is_met_with_its_tier_and_the_near_miss_is_not(line: Line) -> None:
    met, near = met_by(line.case), met_by(line.near)

    (rule,) = [one.rule for one in met if one.rule.id == line.case.rule]
    assert f"{rule.tier.value}{' tonight' if rule.tonight else ''}" == line.tier
    assert line.case.rule not in {one.rule.id for one in near}
    assert tier_in_words(near) == line.near_tier


@pytest.mark.req("A-03")
def test_every_trigger_of_every_rule_has_a_line() -> None:
    covered = {
        (one.rule.id, one.trigger_index)
        for line in lines()
        for one in met_by(line.case)
        if one.rule.id == line.case.rule
    }

    assert {rule_id for rule_id, _trigger in covered} == on_rules()
    missing = {
        (rule.id, index)
        for rule in shipped().rules
        if rule.is_on
        for index, _trigger in enumerate(rule.triggers)
    } - covered
    assert missing == set()


@pytest.mark.req("A-03", "Q-07")
@pytest.mark.parametrize("row", [pytest.param(one, id=one["temp"]) for one in rows_of(FEVERS)])
def test_fever_by_route_and_tenth_on_both_sides_of_48_hours(row: dict[str, str]) -> None:
    routes = {"mouth": ("oral", "ear", "forehead"), "arm": ("axillary",)}
    for column, expected in list(row.items())[1:]:
        how, _, when = column.partition("_")
        hours = {"48_00": 48.0, "48_01": 48 + 1 / 60, "before": None}[when]
        for route in routes[how]:
            met = rules_met({"temp": float(row["temp"]), "temp_route": route}, hours=hours)
            assert met & FEVER_RULES == set(expected.split()) - {"-"}, (column, route)


@pytest.mark.req("A-02")
@pytest.mark.parametrize(
    ("criterion", "name"),
    [
        (Seriousness.DEATH, "R26 died"),
        (Seriousness.LIFE_THREATENING, "R33 in danger"),
        (Seriousness.HOSPITALISATION, "R23 unplanned"),
        (Seriousness.HOSPITALISATION, "R23 prolonged"),
        (Seriousness.DISABILITY, "R25 lasting effect"),
        (Seriousness.CONGENITAL_ANOMALY, "R27 in a report"),
        (Seriousness.MEDICALLY_IMPORTANT, "R24 in a report"),
    ],
)
def test_every_criterion_of_seriousness_is_heard_and_is_never_named(
    criterion: Seriousness, name: str
) -> None:
    (line,) = [one for one in lines() if one.name == name]

    met = [one.rule for one in met_by(line.case)]

    assert [rule.id for rule in met if rule.possible_serious and rule.id == line.case.rule] != []
    said = " ".join(rule.title.en + rule.advice.en for rule in met).lower()
    assert "sae" not in said.split()
    assert criterion.value.replace("_", " ") not in said or criterion is Seriousness.DEATH


def test_no_criterion_of_seriousness_is_without_a_case() -> None:
    marks = test_every_criterion_of_seriousness_is_heard_and_is_never_named.pytestmark  # type: ignore[attr-defined]
    cases = next(one.args[1] for one in marks if one.name == "parametrize")

    assert {criterion for criterion, _name in cases} == set(Seriousness)

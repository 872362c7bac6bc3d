"""An emergency must not leave the screen because something else was answered."""

from dataclasses import replace

import pytest

from questionnaires.definition import Behavior, Clause, StudyPackage, Trigger
from questionnaires.lint import check
from tests.questionnaires.forms import clause, item, with_items


def codes(package: StudyPackage) -> set[str]:
    return {finding.code for finding in check(package)}


@pytest.mark.req("A-05", "Q-06")
@pytest.mark.parametrize(
    "gate",
    [
        (clause("extra_gate", "exists", False),),
        (clause("extra_gate", "exists", True), clause("extra_gate", "!=", True)),
    ],
)
def test_an_emergency_that_another_answer_hides_is_refused(gate: tuple[Clause, ...]) -> None:
    package = with_items(item("extra_gate"), item("extra", enable_when=gate))
    first, *rest = package.rules
    assert first.tier.is_red
    rule = replace(first, triggers=(*first.triggers, Trigger((clause("extra", "=", True),))))

    assert codes(replace(package, rules=(rule, *rest))) == {"hidden_advice"}


@pytest.mark.req("A-05", "Q-06")
def test_an_emergency_behind_a_gate_that_is_itself_hidden_is_refused() -> None:
    package = with_items(
        item("extra_gate"),
        item("between", enable_when=(clause("extra_gate", "exists", False),)),
        item("extra", enable_when=(clause("between", "=", True),)),
    )
    first, *rest = package.rules
    rule = replace(first, triggers=(*first.triggers, Trigger((clause("extra", "=", True),))))

    assert codes(replace(package, rules=(rule, *rest))) == {"hidden_advice"}


@pytest.mark.req("Q-06")
def test_a_text_that_any_of_two_answers_opens_can_be_shown() -> None:
    opened = (clause("pain", ">", 10), clause("pain", ">", 3))
    shown = with_items(item("extra", "info", enable_when=opened, enable_behavior=Behavior.ANY))
    never = with_items(item("extra", "info", enable_when=opened[:1], enable_behavior=Behavior.ANY))

    assert codes(shown) == set()
    assert codes(never) == {"unreachable"}

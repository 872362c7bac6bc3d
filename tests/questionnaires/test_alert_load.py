"""The simulated load of flags: repeatable, within its target, and it moves when the rates do."""

from collections.abc import Mapping
from typing import Any

import pytest

from questionnaires.alert_load import Load, read_rates, simulate
from questionnaires.tiers import Tier
from tests.questionnaires.forms import shipped

RED = (Tier.RED_A, Tier.RED_B)
FEW = 10


def with_rates(**but: Any) -> Load:
    return simulate(shipped(), {**read_rates(), **but}, seed=7, participants=FEW)


def nothing_happens() -> Mapping[str, Any]:
    rates = read_rates()
    quiet = {name: {**one, "ticked": 0.0} for name, one in rates["chronic"].items()}
    return {
        "missed": 0.0, "episodes": [], "chronic": quiet,
        "menstruation": {**rates["menstruation"], "share": 0.0},
        "scales": {"usual": 2.0, "between_people": 0.0, "between_days": 0.0},
        "temperature": {"usual": 36.5, "between_people": 0.0, "between_days": 0.0},
    }  # fmt: skip


@pytest.mark.req("A-03")
def test_equal_seeds_give_equal_loads_and_it_stays_within_the_target() -> None:
    found, again = (with_rates() for _ in range(2))

    assert found == again
    assert 0 < found.per_participant(*RED) < 1
    assert 0 < found.per_participant(Tier.ORANGE) < 3
    assert 0.06 < found.missed / (found.answered + found.missed) < 0.18


@pytest.mark.req("A-03")
def test_who_is_well_and_answers_everything_raises_no_flag() -> None:
    found = with_rates(**nothing_happens())

    assert [len(each) for each in found.flags] == [0] * FEW
    assert found.missed == 0


@pytest.mark.req("A-03")
def test_what_she_lives_with_raises_nothing_unless_the_baseline_was_not_told() -> None:
    def everybody(said: float) -> Load:
        lived = {"share": 0.5, "ticked": 0.3, "said": said}
        chronic = dict.fromkeys(("swelling", "foam", "bruises"), lived)
        return with_rates(**{**nothing_happens(), "chronic": chronic})

    told, untold = everybody(1.0), everybody(0.0)

    assert told.per_participant(Tier.ORANGE) == 0
    assert untold.per_participant(Tier.ORANGE) > 1


@pytest.mark.req("A-03")
def test_silence_and_fever_are_in_it() -> None:
    hot = {"name": "fever", "chance": 1.0, "first": [5, 20], "days": 1, "temperature": [39.0, 39.4]}

    found = with_rates(**{**nothing_happens(), "missed": 0.12, "episodes": [hot]})

    assert dict(found.by_rule(*RED))["R01"] > 0.7
    assert "R34" in dict(found.by_rule(Tier.YELLOW, Tier.ORANGE))

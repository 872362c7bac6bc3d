"""The oracle's own book-keeping, where a mistake in it would look like one of the system."""

from datetime import timedelta
from typing import Any

import pytest

from epro.rehearsal.facts import Script
from epro.rehearsal.oracle.flagging import Flags
from epro.rehearsal.oracle.protocol import Protocol
from tests.clock import START
from tests.factories import SHIPPED


@pytest.mark.req("V-02", "A-10")
def test_a_correction_that_says_the_same_red_thing_again_makes_nothing_urgent() -> None:
    flags = Flags(Protocol(SHIPPED), Script())
    flags.raise_or_join([rule("R18", "RED_A")], "answers", START, response="one")
    flags.take(["R18"], START + timedelta(minutes=5))

    corrected_at, said_by_another_at = START + timedelta(hours=1), START + timedelta(hours=2)
    flags.raise_or_join([rule("R18", "RED_A")], "answers", corrected_at, response="one")
    after_correction = flags.all[0].urgent_since
    flags.raise_or_join([rule("R18", "RED_A")], "answers", said_by_another_at, response="two")

    assert (after_correction, flags.all[0].urgent_since) == (START, said_by_another_at)


@pytest.mark.req("V-02", "A-07")
def test_who_is_told_anew_reads_of_the_new_sign_and_who_is_told_later_of_the_worst() -> None:
    flags = Flags(Protocol(SHIPPED), Script())
    again_at = START + timedelta(hours=1)
    flags.raise_or_join([rule("R18", "RED_A"), rule("R30")], "answers", START, response="one")
    flags.take(["R18", "R30"], START + timedelta(minutes=5))

    flags.raise_or_join([rule("R06a", "RED_B"), rule("R30")], "answers", again_at, response="two")
    flags.tell_until(again_at + timedelta(hours=1))

    named = [(one.rule, one.at) for one in flags.all[0].told if one.since == again_at]
    assert named[0] == ("R06a", again_at)
    assert {rule_id for rule_id, _at in named[1:]} == {"R18"}


def rule(id_: str, tier: str = "ORANGE") -> dict[str, Any]:
    return {"id": id_, "tier": tier}


@pytest.mark.req("V-02")
def test_of_two_open_flags_that_share_a_rule_the_one_with_just_these_rules_is_taken() -> None:
    flags = Flags(Protocol(SHIPPED), Script())
    flags.raise_or_join([rule("R35")], "first", START)
    flags.raise_or_join([rule("R30")], "second", START)
    flags.raise_or_join([rule("R35"), rule("R30")], "third", START)
    first, second = flags.all

    flags.take(["R30"], START + timedelta(minutes=5))
    flags.close(["R30"], START + timedelta(hours=1))

    assert (first.rules, second.rules) == (["R35", "R30"], ["R30"])
    assert (first.acknowledged_at, first.closed_at) == (None, None)
    assert second.closed_at == START + timedelta(hours=1)

"""Other rules on the answers so far: what would differ is shown, and nothing is written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.models import FlagTrigger, JournalEntry, ResponseStatus, SafetyFlag, Screening
from epro.services import replaying, screening
from epro.services.replaying import Replayed
from questionnaires.definition import Clause, Operator, SafetyRule, StudyPackage, Trigger
from questionnaires.replaying import Change
from questionnaires.schedule import AnchorEvent
from questionnaires.tiers import Tier
from tests.factories import shipped_package
from tests.services.given import local
from tests.services.line import INFUSED_AT, INFUSED_ON, Line, begin_line

DAY = timedelta(days=1)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def changed(*but: SafetyRule) -> StudyPackage:
    """Return the shipped package with these rules instead of those of the same id."""
    package, other = shipped_package(), {rule.id: rule for rule in but}
    return replace(package, rules=tuple(other.get(rule.id, rule) for rule in package.rules))


def shipped_rule(rule_id: str) -> SafetyRule:
    return next(rule for rule in shipped_package().rules if rule.id == rule_id)


def replayed(session: Session, line: Line, package: StudyPackage) -> Replayed:
    session.expire_all()
    return replaying.replay(
        session, line.given.participant, package, catalogue=line.given.catalogue
    )


def told(found: Replayed) -> list[tuple[str, Change, Tier | None, Tier | None]]:
    return [
        (one.on.isoformat()[5:], one.change, one.before.tier, one.after.tier)
        for one in found.differences
    ]


def a_fortnight(session: Session, line: Line) -> None:
    """Fever, foam, words, a trend over days, a draft put away, a draft gone on with."""
    but: dict[int, dict[str, Any]] = {
        1: {"temp": 38.2, "temp_route": "oral"},
        3: {"other": ("urine",), "urine": ("foamy",), "compared": "new"},
        5: {"other": ("cough",)},
        7: {"other": ("cough",)},
        8: {"temp": 38.0, "temp_route": "oral", "other": ("cough",)},
        9: {},
    }
    for number, answers in but.items():
        on = INFUSED_ON + number * DAY
        line.answer(session, line.diary_on(session, on), now=local(on, 18), **answers)
    line.answer(session, None, now=local(INFUSED_ON + 10 * DAY, 9), note="昨天晕倒，叫了救护车")
    for number, goes_on in ((11, True), (12, False)):
        on, response_id = INFUSED_ON + number * DAY, uuid4()
        line.answer(
            session, line.diary_on(session, on), now=local(on, 18), response_id=response_id,
            status=ResponseStatus.IN_PROGRESS, urgent=("limb",),
        )  # fmt: skip
        if goes_on:
            line.answer(
                session, line.diary_on(session, on), now=local(on, 18, 5), revision=2,
                response_id=response_id,
            )  # fmt: skip


@pytest.mark.req("A-03")
def test_under_its_own_rules_every_evaluation_repeats(session: Session, line: Line) -> None:
    a_fortnight(session, line)

    found = replayed(session, line, shipped_package())

    assert (found.differences, found.unrepeated) == ((), 0)
    assert len(found.judged) == 10
    assert sum(before.tier is not None for before, _after in found.judged) == 6


@pytest.mark.req("A-03")
def test_a_limit_that_moves_shows_each_day_it_would_have_changed(
    session: Session, line: Line
) -> None:
    a_fortnight(session, line)
    hotter = Clause("temperature_tenths_oral", Operator.AT_LEAST, 381)
    rule = shipped_rule("R05")
    later = replace(
        rule,
        triggers=tuple(
            Trigger((hotter, *one.clauses[1:])) for one in rule.triggers
        ),
    )  # fmt: skip

    found = replayed(session, line, changed(later))

    # Without R05 the fever of that evening is still a cough with fever (R20).
    assert told(found) == [("03-09", Change.OTHER_RULES, Tier.ORANGE, Tier.ORANGE)]
    assert "R05" in found.differences[0].before.rules
    assert "R05" not in found.differences[0].after.rules


@pytest.mark.req("A-03")
def test_flags_gained_lost_higher_and_lower_are_told_apart(session: Session, line: Line) -> None:
    a_fortnight(session, line)
    off = replace(shipped_rule("R17"), is_on=False)
    up = replace(shipped_rule("R04"), tier=Tier.RED_B)
    down = replace(shipped_rule("R30"), tier=Tier.YELLOW, tonight=False)
    cough = Trigger((Clause("other", Operator.EQUAL, "cough"),))
    more = replace(shipped_rule("R37a"), triggers=(cough,))

    found = replayed(session, line, changed(off, up, down, more))

    assert told(found) == [
        ("03-02", Change.HIGHER, Tier.ORANGE, Tier.RED_B),
        ("03-04", Change.LOST, Tier.ORANGE, None),
        ("03-06", Change.GAINED, None, Tier.YELLOW),
        ("03-08", Change.OTHER_RULES, Tier.YELLOW, Tier.YELLOW),
        ("03-09", Change.OTHER_RULES, Tier.ORANGE, Tier.ORANGE),
        ("03-11", Change.LOWER, Tier.ORANGE, Tier.YELLOW),
    ]


@pytest.mark.req("A-03")
def test_a_draft_that_was_gone_on_with_says_nothing_and_one_put_away_does(
    session: Session, line: Line
) -> None:
    a_fortnight(session, line)

    found = replayed(session, line, changed(replace(shipped_rule("R11"), is_on=False)))

    assert told(found) == [("03-13", Change.LOST, Tier.RED_B, None)]


@pytest.mark.req("A-03")
def test_it_is_judged_by_what_was_known_then(session: Session, line: Line) -> None:
    """Three days of seven were not three yet, and the infusion was recorded an hour earlier."""
    a_fortnight(session, line)
    line.given.record(
        session, AnchorEvent.INF1, INFUSED_AT + timedelta(hours=5),
        reason="transcription", now=local(INFUSED_ON + 13 * DAY, 9),
    )  # fmt: skip
    twice = Trigger(
        (
            Clause("worse_days_in_7", Operator.AT_LEAST, 2),
            Clause("other", Operator.EQUAL, "cough"),
        )
    )

    found = replayed(session, line, changed(replace(shipped_rule("R37a"), triggers=(twice,))))

    assert found.unrepeated == 0
    assert [(day, how) for day, how, _before, _after in told(found)] == [
        ("03-06", Change.GAINED),
        ("03-08", Change.OTHER_RULES),
        ("03-09", Change.OTHER_RULES),
    ]


@pytest.mark.req("A-03")
def test_nothing_is_written(session: Session, line: Line) -> None:
    a_fortnight(session, line)
    tables = (Screening, SafetyFlag, FlagTrigger, JournalEntry)
    counts = [session.scalar(select(func.count()).select_from(one)) for one in tables]

    replayed(session, line, changed(replace(shipped_rule("R35"), tier=Tier.YELLOW)))

    assert not session.new
    assert not session.dirty
    assert counts == [session.scalar(select(func.count()).select_from(one)) for one in tables]


@pytest.mark.req("A-03")
def test_what_became_of_the_draft_agrees_with_the_flags_that_were_raised(
    session: Session, line: Line
) -> None:
    a_fortnight(session, line)
    after = local(INFUSED_ON + 12 * DAY, 18, 10)
    screening.flag_idle_drafts(session, catalogue=line.given.catalogue, now=after)

    found = replayed(session, line, shipped_package())

    reds = [before for before, _after in found.judged if before.tier and before.tier.is_red]
    flagged = select(func.count()).select_from(FlagTrigger).where(FlagTrigger.rule == "R11")
    assert len(reds) == session.scalar(flagged) == 1

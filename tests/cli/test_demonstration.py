"""The demonstration shows the whole line: flags taken and not taken, and what was told of them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.clock import wall_clock_now
from epro.db import Database
from epro.models import (
    AdverseEvent,
    Assessment,
    CandidateDecision,
    Disposition,
    FlagTrigger,
    Participant,
    SafetyFlag,
)
from notifications.messages import DevelopmentMessage, MessageState, OutboxMessage
from tests.cli.conftest import Demonstration


@pytest.fixture
def shown(demonstration: Demonstration) -> Iterator[Session]:
    database = Database(demonstration.url)
    with database.reading() as session:
        yield session
    database.engine.dispose()


@pytest.mark.req("A-06")
def test_it_shows_a_flag_that_nobody_has_taken_and_one_that_somebody_has(
    shown: Session,
) -> None:
    rows = shown.execute(
        select(Participant.code, SafetyFlag.tier, FlagTrigger.rule, SafetyFlag.acknowledged_at)
        .join(SafetyFlag, SafetyFlag.participant_id == Participant.id)
        .join(FlagTrigger, FlagTrigger.flag_id == SafetyFlag.id)
        .order_by(Participant.code)
    ).all()
    told = shown.scalars(select(DevelopmentMessage.address)).all()
    states = set(shown.scalars(select(OutboxMessage.state)))

    on_purpose = [row for row in rows if row[0] <= "SZ01-005"]
    assert [(code, str(tier), rule, at is not None) for code, tier, rule, at in on_purpose] == [
        ("SZ01-002", "ORANGE", "R05", True),
        ("SZ01-003", "RED_A", "R09", False),
        ("SZ01-005", "YELLOW", "R32", False),
    ]
    # Whoever lives as people do has flags as well; somebody looks after all of them.
    others = [row for row in rows if row[0] > "SZ01-005"]
    assert len(others) > 0
    assert [row for row in others if row[3] is None] == []
    # Coordinator and investigator, each by mail and by text, of each flag.
    assert len(told) >= 8
    assert {"coordinator@example.org", "+8613900139001"} <= set(told)
    assert states == {MessageState.SENT}


@pytest.mark.req("C-02")
def test_people_as_in_a_rehearsal_have_filled_in_most_of_their_forms(
    shown: Session,
) -> None:
    counted = shown.execute(
        select(Participant.code, func.count(Assessment.completed_at), func.count())
        .join(Assessment, Assessment.participant_id == Participant.id)
        .where(Participant.code > "SZ01-005", Assessment.late_until < wall_clock_now())
        .where(Assessment.family.in_(("daily", "morning_check")))
        .where(Assessment.cancelled_at.is_(None))
        .group_by(Participant.code)
    ).all()

    assert [code for code, _done, _all in counted] == [f"SZ01-00{one}" for one in (6, 7, 8, 9)]
    assert all(done > expected / 2 for _code, done, expected in counted)
    assert sum(done for _code, done, _all in counted) < sum(one for _code, _done, one in counted)


@pytest.mark.req("A-08", "E-04")
def test_it_shows_events_in_different_states_and_an_episode_nobody_has_decided_about(
    shown: Session,
) -> None:
    events = shown.scalars(select(AdverseEvent).order_by(AdverseEvent.number)).all()
    decisions = shown.scalars(select(CandidateDecision.disposition)).all()

    assert [(one.number, one.source.value, one.is_open) for one in events] == [
        (1, "episode", False), (2, "investigator", True), (3, "investigator", False),
    ]  # fmt: skip
    assert events[2].duplicate_of_number == 2
    assert decisions == [Disposition.ACCEPTED]

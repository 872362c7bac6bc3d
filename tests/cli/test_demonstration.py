"""The demonstration shows the whole line: flags taken and not taken, and what was told of them."""

from pathlib import Path

import pytest
from sqlalchemy import select

from epro.db import Database
from epro.models import (
    AdverseEvent,
    CandidateDecision,
    Disposition,
    FlagTrigger,
    Participant,
    SafetyFlag,
)
from notifications.messages import DevelopmentMessage, MessageState, OutboxMessage
from tests.cli.test_commands import commands_on


@pytest.fixture
def demonstration(fresh_database_url: str, tmp_path: Path) -> Database:
    result = commands_on(fresh_database_url, tmp_path)("demo", "seed")
    assert result.exit_code == 0, result.output
    return Database(fresh_database_url)


@pytest.mark.req("A-06")
def test_it_shows_a_flag_that_nobody_has_taken_and_one_that_somebody_has(
    demonstration: Database,
) -> None:
    with demonstration.reading() as session:
        rows = session.execute(
            select(Participant.code, SafetyFlag.tier, FlagTrigger.rule, SafetyFlag.acknowledged_at)
            .join(SafetyFlag, SafetyFlag.participant_id == Participant.id)
            .join(FlagTrigger, FlagTrigger.flag_id == SafetyFlag.id)
            .order_by(Participant.code)
        ).all()
        told = session.scalars(select(DevelopmentMessage.address)).all()
        states = set(session.scalars(select(OutboxMessage.state)))
    demonstration.engine.dispose()

    assert [(code, str(tier), rule, at is not None) for code, tier, rule, at in rows] == [
        ("SZ01-002", "ORANGE", "R05", True),
        ("SZ01-003", "RED_A", "R09", False),
        ("SZ01-005", "YELLOW", "R32", False),
    ]
    # Coordinator and investigator, each by mail and by text, of each flag.
    assert len(told) == 8
    assert {"coordinator@example.org", "+8613900139001"} <= set(told)
    assert states == {MessageState.SENT}


@pytest.mark.req("A-08", "E-04")
def test_it_shows_events_in_different_states_and_an_episode_nobody_has_decided_about(
    demonstration: Database,
) -> None:
    with demonstration.reading() as session:
        events = session.scalars(select(AdverseEvent).order_by(AdverseEvent.number)).all()
        decisions = session.scalars(select(CandidateDecision.disposition)).all()
    demonstration.engine.dispose()

    assert [(one.number, one.source.value, one.is_open) for one in events] == [
        (1, "episode", False), (2, "investigator", True), (3, "investigator", False),
    ]  # fmt: skip
    assert events[2].duplicate_of_number == 2
    assert decisions == [Disposition.ACCEPTED]

"""A phone that cannot be made to ring is told to its owner; a call that nobody takes is not."""

from uuid import UUID

import pytest

from epro.db import Database
from epro.models import IncidentKind, SafetyFlag
from notifications import receipts
from notifications.channels import Refused, Unclear
from notifications.messages import MessageState, OutboxMessage
from notifications.refusals import Refusal
from tests.clock import FrozenClock
from tests.line import STAFF_NUMBER, Line
from tests.notifications.post import Lost

DOWN = Refused("smtp_no_session", meaning=Refusal.TRANSIENT)


@pytest.fixture
def line(fresh_database: Database, clock: FrozenClock) -> Line:
    return Line(fresh_database, clock, FrozenClock())


def ring(line: Line, flag_id: UUID, *, rounds: int) -> None:
    """Let rounds of calls pass, five minutes each, as the worker makes them."""
    for _ in range(rounds):
        line.call(flag_id)
        for _ in range(5):
            line.dispatcher.run()
            line.wait(minutes=1)


@pytest.mark.req("A-06", "A-14")
@pytest.mark.parametrize(
    "outcome",
    [
        Refused("20003", meaning=Refusal.TRANSIENT), Refused("fault_OSError"),
        Lost("http_500"), Refused("21214"),
    ],
    ids=["account locked", "not to be told", "no clear answer", "no such number"],
)  # fmt: skip
def test_whose_phone_cannot_ring_is_told_so_by_text_once_and_the_calls_go_on(
    line: Line, outcome: Refused | Unclear
) -> None:
    flag_id, _ = line.alert()
    line.voice.next_outcomes.extend([outcome] * 100)
    line.voice.answers.extend([Unclear("http_500")] * 100)

    ring(line, flag_id, rounds=4)
    line.dispatcher.run()

    ((_, told, _),) = line.sms.taken
    assert (told.address, told.template) == (STAFF_NUMBER, "incident_undelivered_sms")
    (incident,) = line.incidents
    assert (incident.kind, incident.site_id) == (IncidentKind.UNDELIVERED, line.site_id)
    assert line.voice.taken == []
    calls = [one for one in line.rows(OutboxMessage) if one.purpose == "call"]
    assert len(calls) == 4
    assert all(one.attempt_count for one in calls)


@pytest.mark.req("A-06", "A-14")
def test_an_alarm_that_begins_anew_is_told_anew_where_the_phone_still_cannot_ring(
    line: Line,
) -> None:
    flag_id, _ = line.alert()
    line.voice.next_outcomes.extend([DOWN] * 100)
    ring(line, flag_id, rounds=2)
    with line.database.transaction() as session:
        session.get_one(SafetyFlag, flag_id).urgent_since = line.clock()

    ring(line, flag_id, rounds=2)
    line.dispatcher.run()

    assert len(line.sms.taken) == 2


@pytest.mark.req("A-06", "A-14")
@pytest.mark.parametrize(
    ("status", "count"), [("failed", 1), ("no-answer", 0), ("busy", 0), ("completed", 0)]
)
def test_a_call_that_the_network_could_not_connect_is_told_and_one_that_nobody_took_is_not(
    line: Line, status: str, count: int
) -> None:
    flag_id, _ = line.alert()
    for number in (1, 2):
        call = line.call(flag_id)
        line.dispatcher.run()
        with line.database.transaction() as session:
            receipts.note(
                session, call, provider_id=f"CA{number}", status=status, now=line.clock(),
                hooks=line.hooks,
            )  # fmt: skip
        line.wait(minutes=5)
    line.dispatcher.run()

    assert len(line.incidents) == len(line.sms.taken) == count
    assert len(line.voice.taken) == 2


@pytest.mark.req("A-06")
def test_a_call_whose_time_passed_before_anybody_tried_it_tells_nothing_of_the_phone(
    line: Line,
) -> None:
    flag_id, _ = line.alert()
    call = line.call(flag_id)
    line.wait(minutes=6)

    line.dispatcher.run()

    assert line.state_of(call) is MessageState.EXPIRED
    assert line.incidents == []

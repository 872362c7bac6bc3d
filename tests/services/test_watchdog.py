"""Silence is noticed within ten minutes and told by a way that works (A-14)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from epro.access import Role
from epro.db import Database
from epro.models import Incident, IncidentKind, SafetyFlag
from epro.services import heartbeat, incidents, watchdog
from epro.services.heartbeat import Outcome
from notifications.channels import Refused, Unclear
from notifications.messages import ChannelName, MessageState, OutboxMessage
from notifications.refusals import Refusal
from tests.clock import FrozenClock
from tests.line import STAFF_NUMBER, Line

pytestmark = pytest.mark.req("A-14")

DOWN = Refused("smtp_no_session_ConnectionRefusedError", meaning=Refusal.TRANSIENT)
EVERY = {"dispatch": timedelta(seconds=2), "housekeeping": timedelta(minutes=10)}


@pytest.fixture
def line(fresh_database: Database, clock: FrozenClock) -> Line:
    return Line(fresh_database, clock, FrozenClock())


def watch(line: Line) -> int:
    with line.database.transaction() as session:
        return watchdog.watch(
            session, every=EVERY, catalogue=line.catalogue, now=line.clock(), wall_now=line.wall()
        )


def ran(line: Line, job: str, *, error: str | None = None) -> None:
    with line.database.transaction() as session:
        heartbeat.record_run(session, job, Outcome(line.wall(), line.wall(), error=error))


def start_worker(line: Line) -> timedelta | None:
    with line.database.transaction() as session:
        return watchdog.note_start(
            session, catalogue=line.catalogue, now=line.clock(), wall_now=line.wall()
        )


# --- messages -------------------------------------------------------------------------------------


def test_a_mail_server_that_is_down_for_two_hours_is_told_by_text_and_the_mail_arrives(
    line: Line,
) -> None:
    _flag, (alert,) = line.alert(ChannelName.EMAIL)
    line.email.next_outcomes.extend([DOWN] * 121)
    told_after: list[int] = []
    for minute in range(120):
        line.dispatcher.run()
        watch(line)
        if line.sms.taken and not told_after:
            told_after.append(minute)
        line.wait(minutes=1)
    line.email.next_outcomes.clear()
    line.dispatcher.run()

    assert told_after[0] in {11, 12}
    assert [told.address for _, told, _ in line.sms.taken] == [STAFF_NUMBER]
    assert line.state_of(alert) is MessageState.SENT
    (incident,) = line.incidents
    assert incident.kind is IncidentKind.UNDELIVERED
    assert incident.resolved_at == line.clock()


@pytest.mark.parametrize(("minutes", "count"), [(10, 0), (10.1, 1)])
def test_ten_minutes_are_the_limit(line: Line, minutes: float, count: int) -> None:
    line.alert(ChannelName.EMAIL)
    line.wait(minutes=minutes)

    assert watch(line) == count


def test_what_is_told_once_is_not_told_again(line: Line) -> None:
    line.alert(ChannelName.EMAIL)
    line.wait(minutes=11)

    assert [watch(line) for _ in range(3)] == [1, 0, 0]
    assert len(line.rows(OutboxMessage)) == 2


def test_when_both_ways_are_closed_no_message_tells_of_a_message_that_tells_of_one(
    line: Line,
) -> None:
    line.alert(ChannelName.EMAIL)
    for _ in range(5):
        line.wait(minutes=11)
        watch(line)

    assert len(line.rows(OutboxMessage)) == 2


def test_an_incident_is_over_when_somebody_has_taken_the_flag(line: Line) -> None:
    flag_id, _ = line.alert(ChannelName.EMAIL)
    line.wait(minutes=11)
    watch(line)
    with line.database.transaction() as session:
        session.get_one(SafetyFlag, flag_id).acknowledged_at = line.clock()

    watch(line)

    assert [one.resolved_at for one in line.incidents] == [line.clock()]


def test_what_is_told_of_a_flag_that_somebody_has_taken_is_an_incident_until_it_is_out(
    line: Line,
) -> None:
    flag_id, _ = line.alert()
    with line.database.transaction() as session:
        session.get_one(SafetyFlag, flag_id).acknowledged_at = line.clock()
    line.wait(hours=12)
    line.email.next_outcomes.extend([DOWN] * 100)
    line.warn(flag_id)
    line.dispatcher.run()
    line.wait(minutes=11)

    assert [watch(line) for _ in range(3)] == [1, 0, 0]
    assert [one.resolved_at for one in line.incidents] == [None]
    line.email.next_outcomes.clear()
    line.dispatcher.run()
    assert [one.resolved_at for one in line.incidents] == [line.clock()]


def test_that_nobody_was_there_to_be_told_is_over_when_somebody_has_taken_the_flag(
    line: Line,
) -> None:
    flag_id, _ = line.alert()
    with line.database.transaction() as session:
        incidents.open_incident(
            session, IncidentKind.NOBODY_TO_TELL, about=f"flag:{flag_id}:3",
            site_id=line.site_id, now=line.clock(),
        )  # fmt: skip

    assert watch(line) == 0
    with line.database.transaction() as session:
        session.get_one(SafetyFlag, flag_id).acknowledged_at = line.clock()
    assert watch(line) == 1

    assert [one.resolved_at for one in line.incidents] == [line.clock()]


def test_a_call_that_nobody_can_tell_of_for_ten_minutes_is_told_once(line: Line) -> None:
    flag_id, _ = line.alert()
    line.voice.next_outcomes.append(Unclear("http_500"))
    call = line.call(flag_id)
    line.dispatcher.run()
    line.wait(minutes=11)

    assert line.state_of(call) is MessageState.UNKNOWN
    assert [watch(line) for _ in range(3)] == [1, 0, 0]
    (incident,) = line.incidents
    assert incident.about == f"message:{call}"


def test_a_reminder_that_waits_is_no_incident(line: Line) -> None:
    line.remind_of(line.add_diary())
    line.wait(minutes=11)

    assert watch(line) == 0


# --- jobs and workers -----------------------------------------------------------------------------


def silences(line: Line) -> list[Incident]:
    return [one for one in line.incidents if one.kind is IncidentKind.SILENT_WORKER]


def test_a_job_that_keeps_failing_is_told_both_ways_and_is_over_when_it_works_again(
    line: Line,
) -> None:
    ran(line, "dispatch")
    line.wait(minutes=11)
    ran(line, "dispatch", error="OperationalError")
    watch(line)
    watch(line)
    line.dispatcher.run()
    ran(line, "dispatch")
    watch(line)

    (incident,) = silences(line)
    assert (incident.about, incident.resolved_at) == ("job:dispatch", line.clock())
    assert len(line.sms.taken) == len(line.email.taken) == 1
    assert "03-01 10:00" in line.sms.taken[0][1].body  # local time of the last good run


def test_a_job_that_has_never_worked_is_noticed_too(line: Line) -> None:
    for _ in range(301):
        ran(line, "dispatch", error="ValueError")
        line.wait(seconds=2)

    watch(line)

    assert len(silences(line)) == 1


@pytest.mark.parametrize(("minutes", "count"), [(29, 0), (31, 1)])
def test_a_job_that_runs_seldom_may_be_silent_for_three_times_its_pause(
    line: Line, minutes: int, count: int
) -> None:
    ran(line, "housekeeping")
    line.wait(minutes=minutes)
    ran(line, "housekeeping", error="ValueError")
    watch(line)

    assert len(silences(line)) == count


def test_a_worker_that_starts_after_a_gap_tells_of_it_and_ends_it(line: Line) -> None:
    ran(line, "dispatch")
    line.wait(hours=2)

    gap = start_worker(line)
    line.dispatcher.run()

    assert gap == timedelta(hours=2)
    (incident,) = silences(line)
    assert incident.resolved_at == incident.told_at == line.clock()
    assert "03-01 10:00" in line.sms.taken[0][1].body
    assert "03-01 10:00" in line.email.taken[0][1].body


def test_of_several_workers_that_start_together_one_tells(line: Line) -> None:
    ran(line, "dispatch")
    line.wait(hours=2)

    assert [start_worker(line) for _ in range(3)] == [timedelta(hours=2), None, None]
    assert len(silences(line)) == 1


def test_neither_the_first_start_nor_a_short_stop_is_an_incident(line: Line) -> None:
    first = start_worker(line)
    line.wait(minutes=9)

    assert (first, start_worker(line)) == (None, None)
    assert line.incidents == []


def test_jobs_get_time_for_their_first_tick_after_a_gap(line: Line) -> None:
    ran(line, "dispatch")
    line.wait(hours=2)
    start_worker(line)

    watch(line)

    assert [one.about for one in silences(line)] == ["worker"]


def test_coordinators_investigators_and_administrators_hear_of_silence_and_nobody_else(
    line: Line,
) -> None:
    with line.database.transaction() as session:
        line.add_user(session, "wang.fang", Role.INVESTIGATOR)
        line.add_user(session, "admin", Role.SYSTEM_ADMIN)
        line.add_user(session, "monitor", Role.MONITOR)
        closed = line.add_user(session, "gone.away", Role.COORDINATOR)
        closed.deactivated_at = line.clock()
    ran(line, "dispatch")
    line.wait(hours=1)

    start_worker(line)
    line.dispatcher.run()

    told = {outgoing.address for _, outgoing, _ in line.email.taken}
    assert told == {f"{name}@example.org" for name in ("li.na", "wang.fang", "admin")}


def test_where_no_study_is_in_force_the_incident_stands_untold(line: Line) -> None:
    ran(line, "dispatch")
    line.clock.set(line.clock().replace(year=2020))
    line.wall.advance(hours=1)

    start_worker(line)

    with line.database.reading() as session:
        assert session.scalars(select(Incident.told_at)).all() == [None]

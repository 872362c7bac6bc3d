"""Alive and ready: what load balancers and people on call are told, and that it names nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from epro.app import create_app
from epro.clock import wall_clock_now
from epro.db import Database
from epro.models import IncidentKind
from epro.parts import Parts
from epro.services import heartbeat, incidents, journal
from epro.services.heartbeat import Outcome
from notifications import outbox
from notifications.messages import ChannelName
from notifications.outbox import NewMessage
from tests.clock import FrozenClock
from tests.services.test_journal import note
from tests.settings import make_settings

NOWHERE = "postgresql+psycopg://epro@127.0.0.1:1/nowhere"


@pytest.fixture
def app(fresh_database_url: str, clock: FrozenClock) -> Iterator[Flask]:
    app = create_app(make_settings(fresh_database_url), clock=clock)
    yield app
    database_of(app).engine.dispose()


def database_of(app: Flask) -> Database:
    parts: Parts = app.extensions["epro"]
    return parts.database


def beat(app: Flask, *, ago: timedelta = timedelta(), error: str | None = None) -> None:
    at: datetime = wall_clock_now() - ago
    with database_of(app).transaction() as session:
        heartbeat.record_run(session, "sequence_journal", Outcome(at, at, error=error))


def readiness(app: Flask) -> tuple[int, dict[str, Any]]:
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()["checks"]


@pytest.mark.parametrize("is_rehearsal", [False, True])
def test_a_process_is_alive_without_any_database(is_rehearsal: bool) -> None:
    app = create_app(make_settings(NOWHERE, is_rehearsal=is_rehearsal))

    answer = app.test_client().get("/healthz")

    assert (answer.status_code, answer.get_json()) == (200, {"status": "alive"})


@pytest.mark.parametrize("is_rehearsal", [False, True])
def test_without_its_database_a_process_is_not_ready_and_says_what_to_do(
    is_rehearsal: bool,
) -> None:
    status, checks = readiness(create_app(make_settings(NOWHERE, is_rehearsal=is_rehearsal)))

    assert status == 503
    assert not checks["database"]["ok"]
    assert "EPRO_DATABASE_URL" in checks["database"]["advice"]


def test_missing_migrations_are_named(empty_database_url: str) -> None:
    app = create_app(make_settings(empty_database_url))

    status, checks = readiness(app)

    database_of(app).engine.dispose()
    assert status == 503
    assert checks["migrations"]["revision"] is None
    assert "epro db upgrade" in checks["migrations"]["advice"]


def test_with_database_migrations_worker_and_journal_in_order_it_is_ready(app: Flask) -> None:
    beat(app)

    status, checks = readiness(app)

    assert status == 200
    assert [name for name, check in checks.items() if check["ok"]] == [
        "database", "migrations", "worker", "journal", "messages",
    ]  # fmt: skip


def test_without_a_worker_it_is_not_ready(app: Flask) -> None:
    status, checks = readiness(app)

    assert status == 503
    assert "epro worker" in checks["worker"]["advice"]


@pytest.mark.parametrize(("ago_s", "status"), [(50, 200), (70, 503)])
def test_a_worker_that_has_not_run_for_a_minute_is_missing(
    app: Flask, ago_s: int, status: int
) -> None:
    beat(app, ago=timedelta(seconds=ago_s))

    assert readiness(app)[0] == status


def test_a_failing_job_is_shown_and_turns_nobody_away(app: Flask) -> None:
    beat(app, error="ValueError")

    status, checks = readiness(app)

    assert status == 200
    assert checks["worker"]["failing_jobs"] == ["sequence_journal"]


@pytest.mark.req("T-02")
@pytest.mark.parametrize(("age_s", "status"), [(60, 200), (61, 503)])
def test_an_entry_that_waits_for_its_place_over_a_minute_makes_it_not_ready(
    app: Flask, clock: FrozenClock, age_s: int, status: int
) -> None:
    beat(app)
    with database_of(app).transaction() as session:
        note(session, "waits", now=clock() - timedelta(seconds=age_s))

    answered, checks = readiness(app)

    assert answered == status
    assert checks["journal"]["unlinked_count"] == 1


def test_entries_in_their_place_do_not_wait(app: Flask, clock: FrozenClock) -> None:
    beat(app)
    with database_of(app).transaction() as session:
        note(session, "linked", now=clock() - timedelta(hours=1))
        journal.sequence(session)

    assert readiness(app)[0] == 200


@pytest.mark.req("A-14")
def test_urgent_messages_that_wait_and_incidents_are_counted_and_turn_nobody_away(
    app: Flask, clock: FrozenClock
) -> None:
    beat(app)
    with database_of(app).transaction() as session:
        outbox.enqueue(
            session,
            NewMessage(
                purpose="safety", channel=ChannelName.SMS, template="alert_sms",
                template_version="1", language="zh", recipient_ref="user:1", is_vital=True,
            ),
            now=clock(),
        )  # fmt: skip
        incidents.open_incident(
            session, IncidentKind.NOBODY_TO_TELL, about="flag:1", site_id=None, now=clock()
        )
        journal.sequence(session)
    before = readiness(app)[1]["messages"]
    clock.advance(minutes=11)

    status, checks = readiness(app)

    assert before == {"ok": True, "stuck_count": 0, "open_incident_count": 1}
    assert checks["messages"] == {"ok": True, "stuck_count": 1, "open_incident_count": 1}
    assert status == 200

"""What a monitoring system reads: figures as they stand, for whoever shows the token, of nobody."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import TestResponse

from epro.app import create_app
from epro.clock import wall_clock_now
from epro.db import Database
from epro.models import IncidentKind, SafetyFlag
from epro.parts import Parts
from epro.services import heartbeat, incidents
from epro.services.heartbeat import Outcome
from epro.settings import BadSettings, Settings
from notifications import outbox
from questionnaires.tiers import Tier
from tests.clock import FrozenClock
from tests.factories import add_participant, add_site, add_study_version
from tests.notifications.post import reminder
from tests.settings import make_settings

pytestmark = pytest.mark.req("A-14", "X-07")

TOKEN = "what a monitoring system of the tests shows"


@pytest.fixture
def app(fresh_database_url: str, clock: FrozenClock) -> Iterator[Flask]:
    app = create_app(make_settings(fresh_database_url, metrics_token=TOKEN), clock=clock)
    yield app
    database_of(app).engine.dispose()


def database_of(app: Flask) -> Database:
    parts: Parts = app.extensions["epro"]
    return parts.database


def asked(app: Flask, token: str | None = TOKEN) -> TestResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return app.test_client().get("/metrics", headers=headers)


def figures(app: Flask) -> dict[tuple[str, str], float]:
    """Return every figure by its name and its label, as a reader of the format finds them."""
    answer = asked(app)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/plain"
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def raise_flag(app: Flask, clock: FrozenClock, *, minutes_ago: int, is_taken: bool) -> None:
    since = clock() - timedelta(minutes=minutes_ago)
    with database_of(app).transaction() as session:
        site = add_site(session, f"SZ{minutes_ago:02}")
        her = add_participant(session, site, code=f"SZ{minutes_ago:02}-014")
        version = add_study_version(session, site)
        flag = SafetyFlag(
            participant_id=her.id, site_id=site.id, study_version_id=version.id, version=1,
            tier=Tier.RED_A, tonight=False, possible_serious=True, raised_at=since,
            urgent_since=since, rung_count=0, acknowledged_at=clock() if is_taken else None,
        )  # fmt: skip
        session.add(flag)


def test_flags_are_counted_by_tier_and_the_oldest_that_nobody_took_is_aged(
    app: Flask, clock: FrozenClock
) -> None:
    raise_flag(app, clock, minutes_ago=60, is_taken=True)
    raise_flag(app, clock, minutes_ago=20, is_taken=False)
    raise_flag(app, clock, minutes_ago=5, is_taken=False)

    found = figures(app)

    assert found["epro_flags_open", "RED_A"] == 3
    assert found["epro_flags_unacknowledged", "RED_A"] == 2
    assert found["epro_flag_oldest_unacknowledged_age_seconds", "RED_A"] == 20 * 60
    assert found["epro_flags_open", "YELLOW"] == 0


def test_what_waits_fails_or_is_silent_is_told(app: Flask, clock: FrozenClock) -> None:
    quiet = figures(app)
    at = wall_clock_now() - timedelta(seconds=90)
    with database_of(app).transaction() as session:
        heartbeat.record_run(session, "remind", Outcome(at, at, error="it broke"))
        outbox.enqueue(session, reminder(), now=clock())
        incidents.open_incident(
            session, IncidentKind.SILENT_WORKER, about="job:remind", site_id=None, now=clock()
        )
    clock.advance(minutes=12)

    found = figures(app)

    assert ("epro_worker_heartbeat_age_seconds", "") not in quiet
    assert found["epro_worker_heartbeat_age_seconds", ""] >= 90
    assert found["epro_jobs_failing", ""] == 1
    assert found["epro_message_oldest_wait_seconds", ""] == 12 * 60
    assert found["epro_incidents_open", IncidentKind.SILENT_WORKER.value] == 1
    assert quiet["epro_incidents_open", IncidentKind.SILENT_WORKER.value] == 0


@pytest.mark.parametrize("token", [None, "", "another token of the right length ...."])
def test_without_the_token_nothing_is_told(app: Flask, token: str | None) -> None:
    answer = asked(app, token)

    assert answer.status_code == 401
    assert "epro_flags" not in answer.text


def test_where_none_is_set_there_is_no_such_page(fresh_database_url: str) -> None:
    app = create_app(make_settings(fresh_database_url))

    assert [asked(app, token).status_code for token in (None, "", "None")] == [404] * 3
    database_of(app).engine.dispose()


def test_a_short_token_is_refused_at_the_start() -> None:
    with pytest.raises(BadSettings, match="EPRO_METRICS_TOKEN is shorter than 32 bytes"):
        Settings.from_env({"EPRO_METRICS_TOKEN": "short", "EPRO_DATABASE_URL": "sqlite://"})


def test_no_figure_names_a_participant_or_a_site(app: Flask, clock: FrozenClock) -> None:
    raise_flag(app, clock, minutes_ago=20, is_taken=False)

    said = asked(app).text

    assert "SZ20" not in said
    assert "infusion" not in said.lower()

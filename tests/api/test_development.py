"""The clock of a rehearsal, asked over HTTP, with a worker and without."""

from collections.abc import Iterator
from datetime import datetime
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from epro.app import create_app
from epro.jobs.runner import Worker
from epro.jobs.tasks import JOBS
from epro.parts import Parts, build_parts
from tests.settings import make_settings

FAR = "2040-01-01T08:00:00+08:00"


@pytest.fixture
def app(fresh_database_url: str) -> Iterator[Flask]:
    app = create_app(make_settings(fresh_database_url, is_rehearsal=True))
    yield app
    parts: Parts = app.extensions["epro"]
    parts.database.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def worker(fresh_database_url: str) -> Iterator[None]:
    """A worker in a thread, as eager as the real one."""
    parts = build_parts(make_settings(fresh_database_url, is_rehearsal=True))
    follower, is_over = Worker(parts), Event()

    def follow() -> None:
        while not is_over.wait(0.02):
            follower.follow_rehearsal()

    thread = Thread(target=follow)
    thread.start()
    yield
    is_over.set()
    thread.join()
    parts.database.engine.dispose()


def read(client: FlaskClient) -> dict[str, datetime]:
    answer: dict[str, str] = client.get("/dev/clock").get_json()
    return {name: datetime.fromisoformat(instant) for name, instant in answer.items()}


@pytest.mark.usefixtures("worker")
def test_a_move_answers_with_the_time_and_what_each_job_did(client: FlaskClient) -> None:
    answer = client.post("/dev/clock", json={"to": FAR})

    assert answer.status_code == 200
    # Nothing was due but the entry that the move itself put on record.
    assert answer.get_json()["jobs"] == {job.name: 0 for job in JOBS} | {"sequence_journal": 1}
    assert read(client)["now"] > datetime.fromisoformat(FAR) > read(client)["wall"]


def test_without_a_worker_a_move_says_so_and_is_kept(app: Flask, client: FlaskClient) -> None:
    app.config["SETTLE_TIMEOUT_S"] = 0.1

    answer = client.post("/dev/clock", json={"to": FAR})

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (504, "worker_not_running")
    assert read(client)["now"] > datetime.fromisoformat(FAR)


@pytest.mark.usefixtures("worker")
def test_the_clock_is_never_moved_back(client: FlaskClient) -> None:
    client.post("/dev/clock", json={"to": FAR})

    answer = client.post("/dev/clock", json={"to": "2039-12-31T08:00:00+08:00"})

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (
        422,
        "clock_never_goes_back",
    )


@pytest.mark.parametrize(
    "body", [{}, [], {"to": 7}, {"to": "tomorrow"}, {"to": "2040-01-01T08:00:00"}]
)
def test_what_is_no_instant_with_an_offset_moves_nothing(client: FlaskClient, body: Any) -> None:
    answer = client.post("/dev/clock", json=body)

    assert (answer.status_code, answer.get_json()["error"]["details"]) == (422, {"place": "to"})
    assert (read(client)["now"] - read(client)["wall"]).total_seconds() < 1


def test_without_rehearsing_there_is_no_such_route(fresh_database_url: str) -> None:
    client = create_app(make_settings(fresh_database_url)).test_client()

    assert client.get("/dev/clock").status_code == 404


def test_a_move_that_waits_for_nobody_needs_no_worker(client: FlaskClient) -> None:
    answer = client.post("/dev/clock", json={"to": FAR, "settle": False})

    assert (answer.status_code, answer.get_json()["jobs"]) == (200, {})
    assert read(client)["now"] > datetime.fromisoformat(FAR)

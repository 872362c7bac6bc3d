"""One shape for every error, whoever raises it."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from epro.api.context import trial_parts
from epro.app import create_app
from epro.errors import InvalidAnswers, NotFound
from epro.logs import JsonLines
from tests.settings import make_settings

SECRET = "so ashamed"
FAULTS = {
    "broken": RuntimeError(SECRET),
    "integrity": IntegrityError("INSERT", {"answers": SECRET}, Exception(SECRET)),
    "busy": OperationalError("SELECT", {"answers": SECRET}, Exception(SECRET)),
    "crowded": PoolTimeout(SECRET),
    "absent": NotFound(),
    "answers": InvalidAnswers([{"place": "answers[0]", "code": "unknown_item", "message": "No."}]),
}


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    app = create_app(make_settings("sqlite://"))

    @app.get("/fault/<name>")
    def fault(name: str) -> str:
        raise FAULTS[name]

    yield app
    with app.app_context():
        trial_parts().database.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/v1/me", 401, "not_signed_in"),
        ("GET", "/api/v1/sessions/staff", 405, "method_not_allowed"),
        ("PATCH", "/api/v1/me", 405, "method_not_allowed"),
        ("PUT", "/api/v1/me/responses/not-an-id", 404, "not_found"),
        ("GET", "/fault/absent", 404, "not_found"),
        ("GET", "/fault/answers", 422, "invalid_answers"),
        ("GET", "/fault/broken", 500, "internal_error"),
        ("GET", "/fault/integrity", 500, "internal_error"),
        ("GET", "/fault/busy", 503, "database_unavailable"),
        ("GET", "/fault/crowded", 503, "database_unavailable"),
    ],
)
def test_every_error_has_one_shape(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    body = answer.get_json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert (body["error"]["code"], body["error"]["message"] != "") == (code, True)


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    allowed = client.get("/api/v1/sessions/staff").headers["Allow"]

    assert "POST" in allowed


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer x",
        "Bearer a.b.c",
        "Basic YTpi",
        "x",
        "Bearer \u00e4",
        "Bearer " + "a" * 9000,
    ],
)
def test_a_token_that_cannot_be_read_is_401_in_our_shape(
    client: FlaskClient, authorization: str
) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": authorization})

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.req("X-07")
@pytest.mark.parametrize("fault", ["broken", "integrity", "busy", "crowded"])
def test_a_fault_of_ours_tells_neither_the_caller_nor_the_log_what_was_in_it(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    answer = client.get(f"/fault/{fault}")

    assert SECRET not in answer.text
    error_id = answer.get_json()["error"]["details"]["request_id"]
    assert error_id == answer.headers["X-Request-ID"]
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(records) == 1
    assert SECRET not in JsonLines().format(records[0])


def test_a_busy_database_asks_to_try_again(client: FlaskClient) -> None:
    assert client.get("/fault/busy").headers["Retry-After"] == "2"

"""Every answer has its id and safe headers; every request leaves one line that tells no tales."""

import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from epro.api.context import trial_parts
from epro.app import create_app
from epro.logs import JsonLines
from tests.settings import make_settings

PATHS = {
    "an answer": "/healthz",
    "nothing there": "/api/v1/nothing",
    "not signed in": "/api/v1/me",
    "wrong method": "/api/v1/sessions/staff",
}


@pytest.fixture
def app() -> Iterator[Flask]:
    app = create_app(make_settings("sqlite://"))
    yield app
    with app.app_context():
        trial_parts().database.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def access_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="epro.access")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [JsonLines().format(record) for record in log.records if record.name == "epro.access"]


@pytest.mark.req("X-05")
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_every_answer_has_the_headers_that_keep_browsers_safe(
    client: FlaskClient, path: str
) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith(
        "default-src 'none'; frame-ancestors 'none'"
    )
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    ("public_url", "has_it"), [("https://epro.example.org", True), ("http://127.0.0.1:8000", False)]
)
def test_browsers_are_held_to_tls_where_there_is_tls(public_url: str, has_it: bool) -> None:
    client = create_app(make_settings("sqlite://", public_url=public_url)).test_client()

    assert ("Strict-Transport-Security" in client.get("/healthz").headers) is has_it


def test_each_request_gets_an_id_of_its_own(client: FlaskClient) -> None:
    ids = {client.get("/healthz").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


def test_a_sane_id_of_the_caller_is_taken_over(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": "proxy-4f1c.27"})

    assert answer.headers["X-Request-ID"] == "proxy-4f1c.27"


@pytest.mark.req("X-07")
@pytest.mark.parametrize(
    "proposed", ["short", "a" * 65, "13800138000", "with space", "<b>bold</b>"]
)
def test_an_id_that_could_carry_something_is_replaced(client: FlaskClient, proposed: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": proposed})

    assert answer.headers["X-Request-ID"] != proposed


def test_a_request_leaves_one_line_with_its_id_status_and_time(
    client: FlaskClient, access_log: pytest.LogCaptureFixture
) -> None:
    client.get("/healthz")

    (line,) = (json.loads(line) for line in lines(access_log))
    assert (line["method"], line["route"], line["status"]) == ("GET", "/healthz", 200)
    assert line["duration_ms"] >= 0


def test_the_line_of_a_request_names_its_id(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("epro.access")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        answer = app.test_client().get("/healthz")
    finally:
        logger.removeHandler(handler)

    assert json.loads(capsys.readouterr().err)["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.req("X-07")
def test_the_line_holds_the_template_of_the_path_and_no_query(
    client: FlaskClient, access_log: pytest.LogCaptureFixture
) -> None:
    client.get("/api/v1/participants/SZ01-014/identity?phone=13800138000&name=Li")
    client.get("/api/v1/li-na-13800138000")
    client.open("/healthz", method="LINA")

    logged = "\n".join(lines(access_log))
    assert len(lines(access_log)) == 3
    assert not [
        secret for secret in ("SZ01-014", "13800138000", "Li", "li-na", "LINA") if secret in logged
    ]

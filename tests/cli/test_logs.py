"""No record holds what it must not, whoever writes it and however."""

import json
import logging
import sys
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, StatementError

from epro.logs import JsonLines, log_uncaught, redact

ID = UUID("7d3f0b6e-8a51-4c43-9d0e-123456789012")
ALL_DIGITS = UUID("12345678-1234-4123-8123-123456789012")


def written(message: str, *args: Any, error: BaseException | None = None) -> str:
    """Return the line for one record."""
    caught = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("epro.test", logging.INFO, __file__, 1, message, args, caught)
    return JsonLines().format(record)


def caught(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as raised:
        return raised


def test_a_line_is_json_with_time_level_logger_and_message() -> None:
    line = json.loads(written("Job %s handled %s.", "remind", 3))

    assert line["message"] == "Job remind handled 3."
    assert (line["level"], line["logger"], line["request_id"]) == ("info", "epro.test", "")
    assert line["time"].endswith("+00:00")


@pytest.mark.parametrize("identifier", [ID, str(ID), ALL_DIGITS, "SZ01-014", "2026-03-01", 4711])
def test_ids_codes_and_days_may_be_logged(identifier: object) -> None:
    assert str(identifier) in written("Response %s stored.", identifier)


@pytest.mark.req("X-07")
@pytest.mark.parametrize(
    "secret",
    [
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "+8613800138000",
        "0755-83366388",
        "li.na@example.org",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Bearer c2VjcmV0LXRva2Vu",
        "gAAAAABoZ3Vlc3NpbmctaXMtaG9wZWxlc3M=",
        "otpauth://totp/epro:li.na?secret=JBSWY3DPEHPK3PXP",
    ],
)
def test_what_looks_like_a_secret_is_struck_out(secret: str) -> None:
    in_text, as_argument = written(f"Seen {secret} there."), written("Seen %s there.", secret)

    assert secret not in in_text + as_argument
    assert "[struck out]" in in_text
    assert "there." in as_argument


@pytest.mark.req("X-07")
def test_query_strings_and_logins_in_addresses_are_struck_out() -> None:
    assert redact("GET /x?phone=1&name=Li HTTP/1.1") == "GET /x?[struck out] HTTP/1.1"
    assert redact("postgresql://epro:pass@db/x") == "postgresql://[struck out]@db/x"


@pytest.mark.req("X-07")
@pytest.mark.parametrize(
    "argument",
    [{"pain": "terrible"}, ["terrible"], ValueError("terrible"), b"terrible"],
    ids=["answers", "list", "exception", "body"],
)
def test_only_plain_values_are_written(argument: object) -> None:
    line = written("Refused %s, %s.", argument, 7)

    assert "terrible" not in line
    assert f"<{type(argument).__name__}>, 7" in json.loads(line)["message"]


@pytest.mark.req("X-07")
def test_a_mapping_of_arguments_is_written_value_by_value() -> None:
    line = written("%(route)s %(answers)s", {"route": "/x", "answers": {"pain": "terrible"}})

    assert json.loads(line)["message"] == "/x <dict>"


@pytest.mark.req("X-07")
def test_an_exception_is_named_with_its_place_and_cause_but_without_its_words() -> None:
    error = caught(RuntimeError("she wrote: terrible"))
    error.__cause__ = caught(KeyError("terrible"))

    line = written("Failed.", error=error)

    described = json.loads(line)["error"]
    assert described["type"] == "builtins.RuntimeError"
    assert described["cause"]["type"] == "builtins.KeyError"
    assert described["frames"][0].startswith("tests/cli/test_logs.py:")
    assert "terrible" not in line


@pytest.mark.req("X-07")
@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO t VALUES (:value)", "INSERT INTO nowhere VALUES (:value)"],
    ids=["a constraint", "a fault of ours"],
)
def test_what_a_database_complains_of_is_not_in_its_values(statement: str) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (v text CHECK (v <> 'terrible'))"))
        with pytest.raises((IntegrityError, StatementError)) as raised:
            connection.execute(text(statement), {"value": "terrible"})
    engine.dispose()

    line = written("Unexpected %s.", type(raised.value).__name__, error=raised.value)

    assert "terrible" in str(raised.value)
    assert "terrible" not in line


def test_a_message_that_does_not_fit_its_arguments_is_still_written() -> None:
    assert json.loads(written("Count %d.", {"a": 1}))["message"] == "Count %d."


def test_what_nobody_catches_is_logged_without_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = caught(RuntimeError("terrible"))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    monkeypatch.setattr(logging.getLogger("epro"), "handlers", [handler])

    log_uncaught(RuntimeError, error, error.__traceback__)

    said = capsys.readouterr().err
    assert "builtins.RuntimeError" in said
    assert "terrible" not in said

"""Logs as JSON lines on standard error: what happened, to which ids; never what anybody answered.

Records end up with people and systems that must not see a participant's data (EMA 4.10). So a line
is built from what is allowed, not from what is left after searching for what is forbidden:

1. Arguments of a message are written only when they are plain values. An object, a list or a dict
   (a body, answers, a row) is written as the name of its type.
2. An exception is written as its type and where it was raised. Its text is left out: databases put
   values into it.
3. What still looks like a phone number, an address, a token or a query string is struck out.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from traceback import extract_tb
from types import TracebackType
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
STRUCK_OUT = "[struck out]"
ACCESS_FIELDS = ("method", "route", "status", "duration_ms")
OWN_LOGGERS = ("epro", "notifications", "questionnaires")
MAX_FRAMES = 40

# Which request the present thread works for; empty outside one.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_PLAIN = (str, int, float, bool, UUID, date, time, timedelta, Enum, Path, type(None))
_FORBIDDEN = re.compile(
    r"""
    (?P<uuid> \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b )     # is kept: ids may be logged
    | (?P<login> (?<=://) [^/\s@]+ (?=@) )                          # scheme://user:password@host
    | \botpauth://\S+
    | \beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?                              # a signed token
    | \bgAAAA[\w=-]{20,}                                            # a sealed field
    | \b(?:bearer|basic)\s+[\w.~+/=-]{8,}
    | (?<=\?)[^\s"'<>]*=[^\s"'<>]*                                  # a query string
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                                  # an e-mail address
    | \+\d[\d\ ()-]{6,}\d                                           # an international number
    | (?<!\d)1[3-9]\d[\ -]?\d{4}[\ -]?\d{4}(?!\d)                   # a mobile number in China
    | (?<![\w-])0\d{2,3}[\ -]\d{7,8}(?![\w-])                       # a landline in China
    | (?<![\w-])\d{9,}(?![\w-])                                     # any other long number
    """,
    re.VERBOSE | re.IGNORECASE,
)


def configure_logging(*, level: int = logging.INFO) -> None:
    """Send everything that is logged, warned of or uncaught to standard error, one JSON a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def redact(text: str) -> str:
    """Strike out what looks like a phone number, an e-mail address, a token or a query string."""
    return _FORBIDDEN.sub(lambda match: match["uuid"] or STRUCK_OUT, text)


class JsonLines(logging.Formatter):
    """One record as one line of JSON; `time` is wall-clock time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(_message_of(record)),
            "request_id": request_id.get(),
        }
        for field in ACCESS_FIELDS:
            if hasattr(record, field):
                value = getattr(record, field)
                line[field] = redact(value) if isinstance(value, str) else _plain(value)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _message_of(record: logging.LogRecord) -> str:
    """Fill in the arguments, each only when it is plain."""
    if not record.args:
        return str(record.msg) if isinstance(record.msg, str) else _type_of(record.msg)
    args: Any = record.args
    if isinstance(args, Mapping):
        args = {name: _plain(value) for name, value in args.items()}
    else:
        args = tuple(_plain(value) for value in args)
    try:
        return str(str(record.msg) % args)
    except (TypeError, ValueError):
        # %d for something that is not plain, or the wrong number of arguments.
        return str(record.msg)


def _plain(value: object) -> Any:
    return value if isinstance(value, _PLAIN) else _type_of(value)


def _type_of(value: object) -> str:
    return f"<{type(value).__qualname__}>"


def _describe(error: BaseException) -> dict[str, Any]:
    """Name an exception, where it came from and what caused it; leave its words out."""
    described: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": list(_frames(error.__traceback__)),
    }
    hidden = error.__context__ if not error.__suppress_context__ else None
    if (cause := error.__cause__ or hidden) is not None:
        described["cause"] = _describe(cause)
    return described


def _frames(traceback: TracebackType | None) -> Iterator[str]:
    for frame in extract_tb(traceback)[-MAX_FRAMES:]:
        place = frame.filename.removeprefix(f"{ROOT}/").rpartition("site-packages/")[2]
        yield f"{place}:{frame.lineno} {frame.name}"


def log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Log what ends the process, in place of a traceback with the exception's words."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("epro").critical(
        "The process ends by an error nobody caught.", exc_info=(kind, error, traceback)
    )


def _log_uncaught_in_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is not None:
        log_uncaught(caught.exc_type, caught.exc_value, caught.exc_traceback)

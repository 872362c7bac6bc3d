"""Around every request: its id, the headers every answer carries, one line in the access log."""

import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, request, request_started

from epro.api.context import trial_parts
from epro.errors import BodyTooLarge
from epro.logs import redact, request_id

# Named apart from the module, so that access lines can be filtered by their logger.
logger = logging.getLogger("epro.access")

SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Pages say for themselves what may be kept: their styles may.
NEVER_STORED = ("/api/", "/fhir/", "/dev/", "/hooks/", "/healthz", "/readyz")
A_YEAR_S = 365 * 24 * 60 * 60

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Answers of the API are never shown as pages; a page of ours sets its own policy.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}


def watch(app: Flask) -> None:
    """Give every request its id, log line and headers, also those refused before any view."""
    # Kept by the application: a signal alone would forget it.
    request_started.connect(_begin, app, weak=False)
    app.before_request(_refuse_cut_off_body)
    app.after_request(_add_headers)
    app.after_request(_log)
    app.teardown_request(_forget)


def _begin(_app: Flask, **_context: Any) -> None:
    g.started = time.monotonic()
    g.request_id = _sane(request.headers.get("X-Request-ID", "")) or str(uuid4())
    request_id.set(g.request_id)


def _refuse_cut_off_body() -> None:
    """Refuse a body of unannounced length that reaches the limit: the rest of it was cut off."""
    limit = request.max_content_length
    if request.content_length is None and limit and len(request.get_data()) >= limit:
        raise BodyTooLarge


def _sane(proposed: str) -> str:
    """Take over a caller's id only when nothing else could be hidden in it."""
    is_sane = SANE_ID.fullmatch(proposed) is not None and redact(proposed) == proposed
    return proposed if is_sane else ""


def _add_headers(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith(NEVER_STORED):
        response.headers["Cache-Control"] = "no-store"
    if trial_parts().settings.public_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = f"max-age={A_YEAR_S}; includeSubDomains"
    return response


def _log(response: Response) -> Response:
    # The template, never the path: what a caller puts into a path is not ours to keep.
    route = request.url_rule.rule if request.url_rule else "-"
    method = request.method if request.method in METHODS else "OTHER"
    duration_ms = round((time.monotonic() - g.get("started", time.monotonic())) * 1000, 1)
    logger.info(
        "%s %s %s", method, route, response.status_code,
        extra={"method": method, "route": route, "status": response.status_code,
               "duration_ms": duration_ms},
    )  # fmt: skip
    return response


def _forget(_error: BaseException | None) -> None:
    request_id.set("")

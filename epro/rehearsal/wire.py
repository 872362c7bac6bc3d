"""The one way in: HTTP over connections that stay open, one for each thread."""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode

TIMEOUT_S = 150.0
# gunicorn closes a connection that has been quiet for five seconds; a request must not meet that.
GOOD_FOR_S = 3.0


class Unexpected(Exception):
    """The system did not answer as it should have; the message holds what was asked and said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the body as values (None where there is none)."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser got: the status, where it is led to, the cookies to keep, and the text."""

    status: int
    goes_to: str
    cookies: list[str]
    text: str


class Wire:
    """Speaks JSON with one server; counts what it asked, by the kind of request."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._local = threading.local()
        self._lock = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.took_s: defaultdict[str, float] = defaultdict(float)

    def ask(
        self,
        method: str,
        path: str,
        *,
        kind: str = "",
        token: str = "",
        body: object = None,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once, and return whatever is said. `kind` is what it is counted under."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        if query:
            path = f"{path}?{urlencode(query)}"
        response, said = self._send(method, path, content, sent, kind=kind or path)
        return Answer(response.status, json.loads(said) if said else None)

    def page(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        kind: str,
    ) -> Page:
        """Ask as a browser does, following nothing by itself."""
        response, said = self._send(method, path, content, headers, kind=kind)
        cookies = response.headers.get_all("Set-Cookie") or []
        return Page(response.status, response.headers.get("Location", ""), cookies, said.decode())

    def need(self, status: int, method: str, path: str, **asked: Any) -> Any:
        """Ask for something that has to succeed with that status; return the body."""
        answer = self.ask(method, path, **asked)
        if answer.status != status:
            raise Unexpected(f"{method} {path}: {answer.status} instead of {status}: {answer.body}")
        return answer.body

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        kind: str,
    ) -> tuple[HTTPResponse, bytes]:
        began, connection = time.perf_counter(), self._connection()
        try:
            connection.request(method, path, body=content, headers=dict(headers))
            response = connection.getresponse()
            said = response.read()
        except (OSError, HTTPException) as lost:
            connection.close()
            raise Unexpected(f"{method} {path}: no answer: {lost!r}") from lost
        self._local.used_at = time.monotonic()
        with self._lock:
            self.asked[kind] += 1
            self.took_s[kind] += time.perf_counter() - began
        return response, said

    def _connection(self) -> HTTPConnection:
        held: HTTPConnection | None = getattr(self._local, "connection", None)
        if held is None:
            held = HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
            self._local.connection, self._local.used_at = held, 0.0
        if time.monotonic() - self._local.used_at > GOOD_FOR_S:
            held.close()  # the next request opens it anew
        return held

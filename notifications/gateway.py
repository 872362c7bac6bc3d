"""SMS by a gateway that knows our texts: it is told template, version, language and parameters.

Networks in mainland China deliver only registered texts. What stands here is our side of a small
contract (docs/messages.md); a bridge of the site's provider implements the other. A message is put
under our own id, so that the same one twice is sent once, and asking about it is exact.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from notifications.channels import (
    Absent,
    Accepted,
    CannotTell,
    Found,
    Match,
    Outgoing,
    Refused,
    Unclear,
)
from notifications.refusals import Refusal

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAccount:
    """Where the gateway listens, and the key it knows us by."""

    base_url: str
    key: str


class GatewayChannel:
    """One connection per message; safe for several threads."""

    def __init__(self, account: GatewayAccount, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = urlsplit(account.base_url.rstrip("/"))
        self._key = account.key
        self._timeout_s = timeout_s

    def send(self, outgoing: Outgoing) -> Accepted:
        """Put one message under its id. Raises Refused, or Unclear when no answer says which."""
        content = {
            "to": outgoing.address,
            "template": outgoing.template,
            "template_version": outgoing.template_version,
            "language": outgoing.language,
            "params": dict(outgoing.params),
            "valid_for_s": outgoing.valid_for_s,
        }
        status, answer, retry_after = self._ask("PUT", outgoing, content)
        if status in {200, 201}:
            return Accepted(str(answer.get("id") or outgoing.message_id))
        raise _refusal(status, answer, retry_after)

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        """Look under the message's own id; 404 says that it never arrived there."""
        status, answer, retry_after = self._ask("GET", outgoing, None)
        if status == 404:
            return Absent()
        if status != 200:
            raise _refusal(status, answer, retry_after)
        return Found(
            (
                Match(
                    str(answer.get("id") or outgoing.message_id),
                    _text(answer.get("status")),
                    _text(answer.get("error_code")),
                ),
            )
        )

    def _ask(
        self, method: str, outgoing: Outgoing, content: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, Any], float | None]:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=self._timeout_s)
        try:
            try:
                connection.connect()
            except OSError as error:
                code = f"unreachable_{type(error).__name__}"
                raise Refused(code, meaning=Refusal.TRANSIENT) from error
            body = None if content is None else json.dumps(content).encode()
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            path = f"{self._url.path}/messages/{outgoing.message_id}"
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                answer = _object(response.read())
            except (OSError, HTTPException) as error:
                raise Unclear(f"no_answer_{type(error).__name__}") from error
        finally:
            connection.close()
        asked_for = response.headers.get("Retry-After", "")
        return response.status, answer, float(asked_for) if asked_for.isdecimal() else None


def _refusal(
    status: int, answer: Mapping[str, Any], retry_after_s: float | None
) -> Refused | Unclear:
    if status >= 500:
        return Unclear(f"http_{status}")
    code = str(answer.get("code") or f"gateway_{status}")[:40]
    if status in {401, 429}:  # our account, or too many: no fault of the message
        return Refused(code, meaning=Refusal.TRANSIENT, retry_after_s=retry_after_s)
    return Refused(code)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)

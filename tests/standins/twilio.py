"""A stand-in for Twilio's Messages and Calls: a real server on loopback, from its public contract.

It keeps messages, pages its list, checks the account, calls back with Twilio's signature (computed
here from the public description, not with the SDK), and fails in the ways that it is told to.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.standins.twilio_calls import StoredCall, rfc2822, stored_call

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "made-up-auth-token"
SENDER = "+15005550006"
API_VERSION = "2010-04-01"
LONGEST_HANG_S = 30.0

_LIST = re.compile(rf"/{API_VERSION}/Accounts/(AC\w+)/Messages\.json")
_CALLS = re.compile(rf"/{API_VERSION}/Accounts/(AC\w+)/Calls\.json")
_ONE = re.compile(rf"/{API_VERSION}/Accounts/(AC\w+)/Messages/(SM\w+)\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How the next creation of a message goes wrong.

    `status` and `code`: refused with them. `accepts`: the message is taken all the same.
    `hangs`: no answer comes until the stand-in is released. `drops`: the connection is closed.
    `delay_s`: so long it thinks before it says anything.
    """

    status: int | None = None
    code: int | None = None
    retry_after_s: int | None = None
    accepts: bool = False
    hangs: bool = False
    drops: bool = False
    delay_s: float = 0.0


TOO_MANY = Fault(status=429, code=20429, retry_after_s=120)
SERVER_ERROR = Fault(status=500, code=20500)
ACCEPTS_THEN_HANGS = Fault(accepts=True, hangs=True)
ACCEPTS_THEN_DROPS = Fault(accepts=True, drops=True)
DROPS = Fault(drops=True)


def refuses(code: int) -> Fault:
    return Fault(status=400, code=code)


@dataclass(slots=True, kw_only=True)
class StoredMessage:
    """One message as Twilio keeps it."""

    sid: str
    to: str
    sender: str | None
    service: str | None
    body: str
    created_at: datetime
    callback_url: str | None
    validity_period: int | None
    status: str = "queued"
    error_code: int | None = None
    sent_at: datetime | None = None

    def resource(self) -> dict[str, Any]:
        """Return the public form of a Message resource."""
        uri = f"/{API_VERSION}/Accounts/{ACCOUNT_SID}/Messages/{self.sid}"
        return {
            "account_sid": ACCOUNT_SID,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created_at),
            "date_sent": rfc2822(self.sent_at),
            "date_updated": rfc2822(self.sent_at or self.created_at),
            "direction": "outbound-api",
            "error_code": self.error_code,
            "error_message": None,
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


@dataclass(frozen=True, slots=True)
class Callback:
    """One status callback, ready to be posted; `form` and `signature` can be tampered with."""

    url: str
    form: dict[str, str]
    signature: str


@dataclass
class TwilioStandIn:
    """The state behind the server; times are the test's own wall-clock time."""

    wall_now: datetime
    base_url: str = ""
    messages: list[StoredMessage] = field(default_factory=list)
    calls: list[StoredCall] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    list_faults: list[Fault] = field(default_factory=list)
    has_request: threading.Event = field(default_factory=threading.Event)
    is_released: threading.Event = field(default_factory=threading.Event)
    list_count: int = 0
    connection_count: int = 0
    request_count: int = 0  # to create a message
    # Asked for each creation that no fault is set for; a test that runs for long sets both.
    weather: Callable[[], Fault | None] = lambda: None
    clock: Callable[[], datetime] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail_next(self, *faults: Fault) -> None:
        """Let the next creations go wrong, one fault each."""
        self.faults.extend(faults)

    def fail_next_list(self, *faults: Fault) -> None:
        self.list_faults.extend(faults)

    def to(self, number: str) -> list[StoredMessage]:
        return [message for message in self.messages if message.to == number]

    def callback(self, sid: str, status: str, *, error_code: int | None = None) -> Callback:
        """Move a message to a status; return what Twilio would post, signed."""
        message = next(message for message in self.messages if message.sid == sid)
        message.status, message.error_code = status, error_code
        if status in {"sent", "delivered", "undelivered"}:
            message.sent_at = message.sent_at or self.wall_now
        form = {
            "AccountSid": ACCOUNT_SID,
            "ApiVersion": API_VERSION,
            "From": message.sender or "",
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
            "To": message.to,
            **({} if error_code is None else {"ErrorCode": str(error_code)}),
        }
        url = message.callback_url or ""
        return Callback(url, form, sign(url, form))

    def post(self, callback: Callback) -> int:
        """Post a callback to where it belongs; return the status of the answer."""
        target = urlsplit(callback.url)
        connection = HTTPConnection(target.hostname or "", target.port, timeout=10)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": callback.signature,
        }
        path = f"{target.path}?{target.query}" if target.query else target.path
        try:
            connection.request("POST", path, urlencode(callback.form), headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def create(self, form: Mapping[str, str]) -> StoredMessage:
        with self._lock:
            validity = form.get("ValidityPeriod")
            message = StoredMessage(
                sid=f"SM{next(self._numbers):032x}",
                to=form["To"],
                sender=form.get("From"),
                service=form.get("MessagingServiceSid"),
                body=form["Body"],
                created_at=self.clock() if self.clock else self.wall_now,
                callback_url=form.get("StatusCallback"),
                validity_period=None if validity is None else int(validity),
            )
            self.messages.append(message)
            return message

    def call(self, form: Mapping[str, str]) -> StoredCall:
        """Let a phone ring; it is answered when the test says so."""
        with self._lock:
            now = self.clock() if self.clock else self.wall_now
            call = stored_call(form, next(self._numbers), now)
            self.calls.append(call)
            return call

    def page(self, query: Mapping[str, list[str]], path: str) -> dict[str, Any]:
        """Return one page, newest first, in the public form of a list."""
        is_calls = _CALLS.fullmatch(path) is not None
        kept: list[Any] = list(self.calls if is_calls else self.messages)
        found = [
            message
            for message in kept
            if query.get("To", [message.to]) == [message.to]
            # Filters by time of sending pass over what has not been sent yet.
            and (not any(key.startswith("DateSent") for key in query) or message.sent_at)
        ]
        found.sort(key=lambda one: one.created_at, reverse=True)
        size, number = int(query.get("PageSize", ["50"])[0]), int(query.get("Page", ["0"])[0])
        begin = size * number
        name = "calls" if is_calls else "messages"
        rest = {key: value for key, value in query.items() if key != "Page"}
        more = urlencode({**rest, "Page": number + 1}, doseq=True)
        return {
            "end": min(begin + size, len(found)) - 1,
            "first_page_uri": f"{path}?{urlencode({**rest, 'Page': 0}, doseq=True)}",
            name: [one.resource() for one in found[begin : begin + size]],
            "next_page_uri": f"{path}?{more}" if begin + size < len(found) else None,
            "page": number,
            "page_size": size,
            "previous_page_uri": None,
            "start": begin,
            "uri": path,
        }


def sign(url: str, form: Mapping[str, str], *, auth_token: str = AUTH_TOKEN) -> str:
    """Sign as Twilio describes it: address, then each name and value, sorted by name."""
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


@contextmanager
def running_twilio(wall_now: datetime) -> Iterator[TwilioStandIn]:
    """Serve the stand-in on a free port of this machine until the block ends."""
    state = TwilioStandIn(wall_now=wall_now)

    class Bound(_Handler):
        standin = state

    server = _Server(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    state.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.is_released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that were killed in the middle."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    standin: TwilioStandIn
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.standin.connection_count += 1
        super().setup()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        self.standin.has_request.set()
        self.standin.request_count += 1
        is_call = _CALLS.fullmatch(self.path) is not None
        if not self._is_ours(_CALLS if is_call else _LIST):
            return
        fault = self.standin.faults.pop(0) if self.standin.faults else self.standin.weather()
        if missing := {"To", "Url" if is_call else "Body"} - form.keys():
            fault = refuses(21205 if is_call else 21604 if "To" in missing else 21602)
        is_taken = fault is None or fault.accepts
        create = self.standin.call if is_call else self.standin.create
        message = create(form) if is_taken else None
        if not self._fails(fault) and message is not None:
            self._answer(201, message.resource())

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if one := _ONE.fullmatch(url.path):
            found = [message for message in self.standin.messages if message.sid == one[2]]
            if self._is_ours(_ONE):
                self._answer(200, found[0].resource()) if found else self._refuse(404, 20404)
            return
        self.standin.list_count += 1
        fault = self.standin.list_faults.pop(0) if self.standin.list_faults else None
        place = _CALLS if _CALLS.fullmatch(url.path) else _LIST
        if self._is_ours(place) and not self._fails(fault):
            self._answer(200, self.standin.page(parse_qs(url.query), url.path))

    def _is_ours(self, place: re.Pattern[str]) -> bool:
        where = place.fullmatch(urlsplit(self.path).path)
        wanted = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        if where is None or where[1] != ACCOUNT_SID:
            self._refuse(404, 20404)
        elif self.headers.get("Authorization") != f"Basic {wanted}":
            self._refuse(401, 20003)
        else:
            return True
        return False

    def _fails(self, fault: Fault | None) -> bool:
        if fault is None:
            return False
        if fault.hangs or fault.delay_s:
            self.standin.is_released.wait(LONGEST_HANG_S if fault.hangs else fault.delay_s)
        if fault.hangs or fault.drops:
            self.close_connection = True
        elif fault.status is not None:
            self._refuse(fault.status, fault.code or fault.status, fault.retry_after_s)
        else:
            return False
        return True

    def _refuse(self, status: int, code: int, retry_after_s: int | None = None) -> None:
        content = {
            "code": code,
            "message": "This is what a person would read.",
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }
        self._answer(status, content, retry_after_s)

    def _answer(
        self, status: int, content: Mapping[str, Any], retry_after_s: int | None = None
    ) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after_s is not None:
            self.send_header("Retry-After", str(retry_after_s))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""

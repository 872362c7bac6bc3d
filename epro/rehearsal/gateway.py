"""The provider of a rehearsal: takes text messages, and fails as providers do.

It speaks the contract of docs/messages.md. A number may be dead for a while (a final refusal), and
now and then it takes nothing at all for one request (try again later). What it took, when by the
trial's clock, is what really reached a phone.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

KEY = "a key of the rehearsal's own provider"
PATH = "/sms/messages/"
REFUSED_CODE = "number_dead"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A text on a phone: to which number, which text, and when by the trial's clock."""

    number: str
    template: str
    at: datetime


@dataclass(slots=True)
class Provider:
    """The state behind the server. `dead` holds the numbers that take nothing at present."""

    now: Callable[[], datetime]
    busy_share: float
    chance: Random
    base_url: str = ""
    dead: set[str] = field(default_factory=set)
    arrived: list[Arrived] = field(default_factory=list)
    refused: list[Arrived] = field(default_factory=list)
    put_off: list[Arrived] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, id_: str, number: str, template: str) -> tuple[int, dict[str, str]]:
        """Take a message once for its id; return the status and what to say."""
        with self._lock:
            message = Arrived(number, template, self.now())
            if id_ in self._known:
                return 200, {"id": id_}
            if number in self.dead:
                self.refused.append(message)
                return 422, {"code": REFUSED_CODE}
            if self.chance.random() < self.busy_share:
                self.put_off.append(message)
                return 429, {"code": "busy"}
            self._known.add(id_)
            self.arrived.append(message)
            return 200, {"id": id_}

    def knows(self, id_: str) -> bool:
        """Tell whether a message of that id was ever taken."""
        with self._lock:
            return id_ in self._known


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Serve the provider on a free port of this machine until the block ends."""

    class Bound(_Handler):
        state = provider

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    provider.base_url = f"http://127.0.0.1:{server.server_port}/sms"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: Provider

    def do_PUT(self) -> None:
        """Take a message."""
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._say(401, {"code": "wrong_key"})
            return
        id_ = self.path.removeprefix(PATH)
        self._say(*self.state.take(id_, content["to"], content["template"]))

    def do_GET(self) -> None:
        """Say what became of a message."""
        id_ = self.path.removeprefix(PATH)
        if self.state.knows(id_):
            self._say(200, {"id": id_, "status": "delivered", "error_code": ""})
        else:
            self._say(404, {"code": "unknown_message"})

    def _say(self, status: int, content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""

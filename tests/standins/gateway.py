"""A stand-in for a gateway that holds registered texts, made from docs/messages.md: a real server.

It takes a message under our id, once, and renders what it has registered itself: what arrives can
only be right if template, version, language and parameters were.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "made-up-gateway-key"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the next message meets: a status and a code; `drops`: taken, and no answer comes."""

    status: int = 200
    code: str = ""
    retry_after_s: int | None = None
    drops: bool = False


@dataclass
class GatewayStandIn:
    """The state behind the server. `registered`: (template, version, language) -> text."""

    registered: Mapping[tuple[str, str, str], str]
    base_url: str = ""
    taken: dict[str, tuple[str, str]] = field(default_factory=dict)
    put_count: int = 0
    answers: list[Answer] = field(default_factory=list)

    @property
    def bodies(self) -> list[str]:
        return [body for _to, body in self.taken.values()]


@contextmanager
def running_gateway(registered: Mapping[tuple[str, str, str], str]) -> Iterator[GatewayStandIn]:
    """Serve the stand-in on a free port of this machine until the block ends."""
    state = GatewayStandIn(registered)

    class Bound(_Handler):
        standin = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    state.base_url = f"http://127.0.0.1:{server.server_port}/sms"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    standin: GatewayStandIn

    def do_PUT(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._is_ours():
            return
        self.standin.put_count += 1
        answer = self.standin.answers.pop(0) if self.standin.answers else Answer()
        if answer.status >= 400:
            self._say(answer.status, {"code": answer.code}, answer.retry_after_s)
            return
        name = (content["template"], content["template_version"], content["language"])
        if name not in self.standin.registered:
            self._say(422, {"code": "not_registered"})
            return
        text = self.standin.registered[name].format(**content["params"])
        id_ = self.path.rpartition("/")[2]
        self.standin.taken.setdefault(id_, (content["to"], text))
        if answer.drops:
            self.close_connection = True
        else:
            self._say(200, {"id": f"G-{id_}"})

    def do_GET(self) -> None:
        id_ = self.path.rpartition("/")[2]
        if not self._is_ours():
            return
        if id_ in self.standin.taken:
            self._say(200, {"id": f"G-{id_}", "status": "sent", "error_code": None})
        else:
            self._say(404, {"code": "unknown_message"})

    def _is_ours(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {KEY}":
            return True
        self._say(401, {"code": "wrong_key"})
        return False

    def _say(
        self, status: int, content: Mapping[str, Any], retry_after_s: int | None = None
    ) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if retry_after_s is not None:
            self.send_header("Retry-After", str(retry_after_s))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""

"""The mail server of a rehearsal: takes every mail, and keeps to whom it went, its words, and when.

It speaks as much of SMTP as is needed to be handed a mail on this very machine.
"""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy

SENDER = "rehearsal@example.org"
END = b".\r\n"


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail as it was handed over: to which address, in which words, when by the trial's clock."""

    address: str
    subject: str
    body: str
    at: datetime


@dataclass(slots=True)
class Postbox:
    """The state behind the server."""

    now: Callable[[], datetime]
    arrived: list[Mailed] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, addresses: list[str], content: bytes) -> None:
        """Keep one mail for each of its recipients."""
        mail = message_from_bytes(content, policy=policy.default)
        subject, body = str(mail["Subject"]), str(mail.get_content())
        with self._lock:
            self.arrived += [Mailed(one, subject, body, self.now()) for one in addresses]


@contextmanager
def receiving(postbox: Postbox) -> Iterator[Postbox]:
    """Take mails on a free port of this machine until the block ends."""

    class Bound(_Dialogue):
        state = postbox

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    postbox.url = f"smtp://127.0.0.1:{server.server_address[1]}?tls=none"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield postbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Dialogue(socketserver.StreamRequestHandler):
    state: Postbox
    # A reply that waits for the next one would cost forty milliseconds each.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Follow the commands of one connection, of which each is a line."""
        addresses: list[str] = []
        self._say("220 rehearsal")
        for line in self.rfile:
            match line[:4].upper():
                case b"RCPT":
                    addresses.append(line.decode().partition("<")[2].partition(">")[0])
                    self._say("250 noted")
                case b"DATA":
                    self._say("354 go on")
                    self.state.take(addresses, self._content())
                    addresses = []
                    self._say("250 taken")
                case b"QUIT":
                    self._say("221 goodbye")
                    return
                case _:
                    self._say("250 yes")

    def _content(self) -> bytes:
        """Return the lines up to the single dot; a dot before a line's own first one is dropped."""
        lines = []
        while (line := self.rfile.readline()) not in {END, b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

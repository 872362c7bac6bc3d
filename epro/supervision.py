"""`epro run`: the web server and the worker on one machine; they start, stand and fall together."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import IO

from epro.logs import ROOT

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
LOOK_EVERY_S = 0.1
LARGEST_LOG = 20 * 1024 * 1024
LAST_LINES = 8
PR_SET_PDEATHSIG = 1
# "Every address" is none that one can ask.
ASKED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

Echo = Callable[[str], None]


class ChildEnded(Exception):
    """One of the two processes ended by itself; the other one was stopped."""


class NotReady(Exception):
    """The processes run, but the system did not become ready in time."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process of ours, in a group of its own, with the file its log goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the whole group; nobody left there is fine."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def last_words(self) -> str:
        """Return the end of its log, for whoever has to find out why it ended."""
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {_message_in(line)}" for line in lines[-LAST_LINES:])


class Supervisor:
    """Starts children, waits until all is ready, stops them all when one of them ends."""

    def __init__(
        self, *, log_folder: Path | None, echo: Echo, environment: Mapping[str, str]
    ) -> None:
        self._log_folder = log_folder
        self._environment = environment
        self._echo = echo
        self._children: list[Child] = []
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        """Whether somebody has told us to stop; what runs meanwhile has to look now and then."""
        return self._is_stopping

    @contextmanager
    def supervised(self, commands: Mapping[str, Sequence[str]]) -> Iterator[None]:
        """Run `epro COMMAND…` once per name until the block ends, however it ends."""
        for number in STOP_SIGNALS:
            # Whoever started us with nohup wants us to outlive the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._stop)
        try:
            for name, arguments in commands.items():
                self._children.append(self._start(name, arguments))
            yield
        finally:
            self._stop_all()

    def wait_until_ready(self, host: str, port: int, *, timeout_s: float = READY_TIMEOUT_S) -> bool:
        """Return True once /readyz says so, False when told to stop first.

        Raises ChildEnded, and NotReady naming what is missing.
        """
        deadline = time.monotonic() + timeout_s
        advice = "nothing answers yet"
        while not self._is_stopping:
            self._refuse_ended_child()
            is_ready, advice = _readiness(host, port, advice)
            if is_ready:
                return True
            if time.monotonic() > deadline:
                raise NotReady(f"Not ready after {timeout_s:.0f} s: {advice}")
            time.sleep(LOOK_EVERY_S)
        return False

    def wait_until_stopped(self) -> None:
        """Return when told to stop; raise ChildEnded as soon as a child ends by itself."""
        while not self._is_stopping:
            self._refuse_ended_child()
            time.sleep(LOOK_EVERY_S)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True

    def _start(self, name: str, arguments: Sequence[str]) -> Child:
        log = _fresh_log(self._log_folder, name) if self._log_folder else None
        output: IO[bytes] | None = log.open("ab") if log else None
        process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "epro", *arguments],
            env={**os.environ, "PYTHONPATH": _search_path(), **self._environment},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            # Ctrl-C reaches us alone, and we end them in good order.
            start_new_session=True,
            preexec_fn=_end_with_parent if _LIBC else None,  # noqa: PLW1509  one thread here
        )  # fmt: skip
        if output:
            output.close()
        return Child(name, process, log)

    def _refuse_ended_child(self) -> None:
        for child in self._children:
            if not child.is_running and not self._is_stopping:
                how = _how(child.process.returncode)
                said = f"The {child.name} process ended by itself ({how}); the other is stopped."
                raise ChildEnded(f"{said}\n{child.last_words()}".rstrip())

    def _stop_all(self) -> None:
        """Ask all to finish; end those who have not after a while, with all they have started."""
        for child in self._children:
            if child.is_running:
                # To the process alone: gunicorn tells its workers itself.
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for child in self._children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._echo(f"The {child.name} process does not stop; it is ended.")
            # Also after a good end: whoever is left in the group has lost its parent.
            child.signal(signal.SIGKILL)
            child.process.wait()


def _end_with_parent() -> None:
    """In the child: be told to stop when our parent is killed and cannot do it any more."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _search_path() -> str:
    """Let the children find this very checkout, whatever folder we were started in."""
    known = os.environ.get("PYTHONPATH")
    return f"{ROOT}{os.pathsep}{known}" if known else str(ROOT)


def _fresh_log(folder: Path, name: str) -> Path:
    """Return the file to append to; a large one is put aside first, over the one before it."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.jsonl"
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".jsonl.1"))
    return log


def _readiness(host: str, port: int, earlier: str) -> tuple[bool, str]:
    """Ask /readyz; return whether it is ready, and else what it advises."""
    connection = HTTPConnection(ASKED_AT.get(host, host), port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = json.loads(response.read())
    except (OSError, HTTPException, ValueError):
        return False, earlier
    finally:
        connection.close()
    advice = [check["advice"] for check in body.get("checks", {}).values() if not check["ok"]]
    return response.status == 200, " ".join(advice) or earlier


def _message_in(line: str) -> str:
    try:
        record = json.loads(line)
        error = record.get("error", {})
        return f"{record['message']} {error.get('type', '')}".rstrip()
    except (ValueError, KeyError, TypeError, AttributeError):
        return line


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"

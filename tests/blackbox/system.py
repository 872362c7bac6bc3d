"""One running deployment, as an operator has it: real processes, reached by HTTP and by commands.

What is secret and passes through here is noted, so that a test can look where it must not be.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
from click.testing import CliRunner
from pyotp.totp import TOTP

from epro.cli import main
from epro.clock import wall_clock_now
from epro.logs import ROOT
from epro.supervision import _end_with_parent
from tests.databases import DatabaseKind, DatabaseShelf

STUDY = ROOT / "questionnaires" / "studies" / "bk-sle-i-01"
API = "/api/v1"
SITE = "SZ01"
COORDINATOR = "li.na"
COORDINATOR_NUMBER = "+8613900139001"
PASSWORD = "lantern over a quiet river 58"

READY_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 40.0
REQUEST_TIMEOUT_S = 150.0
LOOK_EVERY_S = 0.03
MOST_LISTED = 200  # what the API gives of a list at once
# Half the life of an access token: however long a test run takes, it is good when it is used.
SIGN_IN_AGAIN_AFTER_S = 7.5 * 60


@dataclass(slots=True)
class Process:
    """One process that was started here, in a group of its own, with the file it writes to."""

    name: str
    arguments: tuple[str, ...]
    popen: subprocess.Popen[bytes]
    output: Path
    is_to_end: bool = False

    @property
    def is_running(self) -> bool:
        return self.popen.poll() is None

    def children(self) -> list[int]:
        """Return the ids of the processes that it has started itself."""
        listed = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children")
        return [int(pid) for pid in listed.read_text().split()]

    def kill(self) -> None:
        """End it and all it has started with `kill -9`: nothing can be finished."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> None:
        """Ask it to end; after a while end it, with all it has started."""
        self.ask_to_end()
        self.wait_for_end()

    def ask_to_end(self) -> None:
        self.is_to_end = True
        if self.is_running:
            self.popen.send_signal(signal.SIGTERM)

    def wait_for_end(self) -> None:
        """Wait for what was asked to end; after a while end it, with all it has started."""
        if self.is_running:
            try:
                self.popen.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def last_words(self) -> str:
        return self.output.read_text("utf-8", errors="replace")[-3000:]


@dataclass(slots=True)
class Said:
    """What went over the wire that must show nowhere else."""

    secrets: set[str] = field(default_factory=set)
    years_of_birth: set[int] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)


class System:
    """One deployment with its own folder, database and port; a rehearsal, so its clock moves."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.port = free_port()
        # Nothing of the surroundings but the way to programs.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = kept | {
            "EPRO_VAR": str(folder / "var"),
            "EPRO_DATABASE_URL": database_url,
            "EPRO_REHEARSAL": "1",
            "PYTHONPATH": str(ROOT),
        }
        self.said = Said(secrets={PASSWORD})
        self.participant_numbers = count(100)
        self._opened = ExitStack()
        self.processes: dict[str, Process] = {}
        self._staff_token: tuple[str, float] | None = None
        self._totp_secret = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._opened.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> list[Path]:
        """Return every file its processes have written to."""
        own = [process.output for process in self.processes.values()]
        return [*own, *sorted((self.folder / "var" / "log").glob("*"))]

    # --- the operator's side ---------------------------------------------------------------------

    def prepare(self) -> None:
        """Open a site, publish the study and add the coordinator, by an operator's commands."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command_here(
            "site", "add", "--code", SITE, "--name-zh", "示例医院", "--name-en", "Example Hospital",
            "--phone", "0755-55500100", "--phone-24h", "0755-55500199",
        )  # fmt: skip
        self.command_here(
            "study", "publish", str(STUDY), "--activate", SITE, "--from", "2020-01-01"
        )
        self._totp_secret = self.add_staff(
            COORDINATOR, "李娜 Li Na", "coordinator", phone=COORDINATOR_NUMBER
        )

    def add_staff(self, username: str, full_name: str, role: str, *, phone: str) -> str:
        """Open an account at the site; return the secret of the person's authenticator."""
        added = self.command_here(
            "staff", "add", "--username", username, "--full-name", full_name,
            "--email", f"{username}@example.org", "--phone", phone, "--role", role,
            "--site", SITE, "--password", PASSWORD,
        )  # fmt: skip
        found = re.search(r"secret=([A-Z2-7]+)", added)
        assert found, added
        self.said.secrets.add(found[1])
        return found[1]

    def command(self, *arguments: str) -> str:
        """Run `epro …`, which has to succeed; return what it printed."""
        ended = self.try_command(*arguments)
        assert ended.returncode == 0, f"epro {arguments}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def command_here(self, *arguments: str) -> str:
        """Run `epro …` as `command` does, but in this process: another takes seconds to start."""
        ended = CliRunner().invoke(main, arguments, env=self.environment)
        assert ended.exit_code == 0, f"epro {arguments}\n{ended.output}\n{ended.exception!r}"
        return ended.stdout

    def try_command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `epro …`, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", "epro", *arguments],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def start(self, name: str, *arguments: str) -> Process:
        """Start `epro …` and leave it running."""
        self.folder.mkdir(parents=True, exist_ok=True)
        output = self.folder / f"{name}.output"
        with output.open("ab") as written:
            popen = subprocess.Popen(
                [sys.executable, "-m", "epro", *arguments],
                cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=written, stderr=written, start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  also when the tests themselves are killed
            )  # fmt: skip
        self.processes[name] = process = Process(name, arguments, popen, output)
        return process

    def start_together(self, *options: str) -> None:
        """Start web server and worker with the one command `epro run`."""
        self.start("run", "run", "--port", str(self.port), *options)
        self.wait_until_ready()

    def start_apart(self) -> None:
        """Start the two processes by themselves, as in production."""
        self.start_web()
        self.start("worker", "worker")
        self.wait_until_ready()

    def start_web(self) -> Process:
        return self.start("web", "web", "--port", str(self.port))

    def mend(self) -> None:
        """Start again what has ended."""
        for process in list(self.processes.values()):
            if process.is_to_end:
                process.wait_for_end()
            if not process.is_running:
                self.start(process.name, *process.arguments)
        self.wait_until_ready()

    def rest(self) -> None:
        """End the worker, which looks for what is due every second; `mend` starts it again."""
        if worker := self.processes.get("worker"):
            worker.ask_to_end()

    @property
    def is_whole(self) -> bool:
        return all(
            process.is_running and not process.is_to_end for process in self.processes.values()
        )

    def wait_until_ready(self) -> None:
        wait_for(self._is_ready, "the system is ready", timeout_s=READY_TIMEOUT_S)

    def stop(self) -> None:
        """End everything that was started here, by its id; all at once, then wait for each."""
        for process in self.processes.values():
            process.ask_to_end()
        for process in self.processes.values():
            process.wait_for_end()

    def _is_ready(self) -> bool:
        for process in self.processes.values():
            assert process.is_running, f"{process.name} has ended:\n{process.last_words()}"
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    # --- over HTTP -------------------------------------------------------------------------------

    @cached_property
    def http(self) -> httpx.Client:
        """A connection pool that many threads may use; every refusal that it hears is noted."""
        return self._opened.enter_context(self.new_client())

    def new_client(self) -> httpx.Client:
        """Return a client with cookies of its own: another browser."""
        return httpx.Client(
            base_url=self.url, timeout=REQUEST_TIMEOUT_S, trust_env=False,
            limits=httpx.Limits(max_connections=32),
            event_hooks={"response": [self._note_refusal]},
        )  # fmt: skip

    def _note_refusal(self, response: httpx.Response) -> None:
        if response.status_code >= 400:
            self.said.refusals.append(response.read().decode("utf-8"))

    def now(self) -> datetime:
        """Return the trial's time."""
        return datetime.fromisoformat(self.http.get("/dev/clock").json()["now"])

    def move_to(self, instant: datetime) -> None:
        """Move the trial's time ahead, and wait until all that fell due is done."""
        moved = self.http.post("/dev/clock", json={"to": instant.isoformat()})
        assert moved.status_code == 200, moved.text

    def staff(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Ask as the site's coordinator."""
        headers = {"Authorization": f"Bearer {self._token()}"} | request.pop("headers", {})
        return self.http.request(method, f"{API}{path}", headers=headers, **request)

    def read(self, path: str, **query: str | int) -> Any:
        """Read as the site's coordinator what has to be there."""
        answer = self.staff("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def listed_of(self, participant: str, path: str, **query: str) -> list[dict[str, Any]]:
        """Return what stands about a participant on a list that everybody's things stand on."""
        items: list[dict[str, Any]] = self.read(path, limit=MOST_LISTED, **query)["items"]
        assert len(items) < MOST_LISTED, f"{path} may go on: hers may not be on it."
        return [one for one in items if one["participant"] == participant]

    def journal_of(self, **query: str | int) -> list[dict[str, Any]]:
        """Return the whole history of a participant or entity, page after page, in English."""
        entries: list[dict[str, Any]] = []
        has_more, after = True, 0
        while has_more:
            page = self.read("/journal", language="en", limit=200, after=after, **query)
            entries += page["items"]
            has_more, after = page["has_more"], page["next_after"]
        return entries

    def _token(self) -> str:
        now = time.monotonic()
        if self._staff_token is None or now - self._staff_token[1] > SIGN_IN_AGAIN_AFTER_S:
            self._staff_token = self.sign_in(COORDINATOR, self._totp_secret), now
        return self._staff_token[0]

    def sign_in(self, username: str, totp_secret: str) -> str:
        """Sign one of the staff in; return the access token."""
        login = {
            "username": username, "password": PASSWORD,
            "totp": TOTP(totp_secret).at(wall_clock_now()),
        }  # fmt: skip
        answer = self.http.post(f"{API}/sessions/staff", json=login)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, str] = answer.json()
        self.said.secrets |= {tokens["access_token"], tokens["refresh_token"]}
        return tokens["access_token"]


class SystemShelf:
    """Starts a deployment for each kind of database when it is first asked for, and only once.

    A parametrised fixture could not: pytest ends it whenever the next test has another kind.
    """

    def __init__(self, folder: Path, databases: DatabaseShelf) -> None:
        self._folder, self._databases = folder, databases
        self._opened = ExitStack()
        self._running: dict[DatabaseKind, System] = {}

    def running(self, kind: DatabaseKind) -> System:
        """Return a system that is ready, also when an earlier test has left it without its web."""
        if kind not in self._running:
            system = System(self._folder / kind, self._databases.new(kind))
            self._opened.callback(self._databases.discard, system.database_url)
            self._opened.enter_context(system)
            system.prepare()
            system.start_apart()
            self._running[kind] = system
        self._running[kind].mend()
        return self._running[kind]

    def close(self) -> None:
        """Stop all of them and discard their databases."""
        self._opened.close()


def rest_when_left(request: pytest.FixtureRequest, system: System) -> None:
    """Have a system rest as soon as the last test of this folder is done: others need the time."""
    parents = request.node.iter_parents()
    folder = next(one for one in parents if isinstance(one, pytest.Directory))
    folder.addfinalizer(system.rest)


def wait_for(is_true: Callable[[], bool], what: str, *, timeout_s: float = 120.0) -> None:
    """Look again and again until something holds; fail when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, f"Waited {timeout_s:.0f} s in vain until {what}."
        time.sleep(LOOK_EVERY_S)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def as_bytes(body: object) -> bytes:
    """Return a body as the app sends it: UTF-8, characters as they are."""
    return json.dumps(body, ensure_ascii=False).encode()

"""The real command in processes of its own, spoken to from outside and always ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
LONG_ENOUGH_S = 90


@dataclass(frozen=True, slots=True)
class Command:
    """One running `epro …`, its own working folder, the port it was given."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    heard: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", timeout=LONG_ENOUGH_S, trust_env=False)

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return httpx.post(
            f"{self.address}{path}", json=body, timeout=LONG_ENOUGH_S, trust_env=False
        )

    def answers(self) -> bool:
        try:
            return self.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def has_said(self, words: str) -> bool:
        """Listen until it says these words; False when it ends without."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.heard.append(line)
            if words in line:
                return True
        return False

    def has_started(self) -> bool:
        """Listen until `epro run` says that it is ready."""
        return self.has_said("Ctrl-C ends it.")

    def children(self) -> dict[str, int]:
        """Return the process ids of its children by the command each runs: web, worker."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {_words(int(pid))[3]: int(pid) for pid in pids.split()}

    def tell(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait until it has ended; return its exit code and all it said."""
        said, _ = self.process.communicate(timeout=LONG_ENOUGH_S)
        return self.process.returncode, "".join([*self.heard, said])


@contextmanager
def epro(*arguments: str, folder: Path, database_url: str, **more: str) -> Iterator[Command]:
    """Run `epro ARGUMENTS` until the block ends; PORT is a free one."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": str(port),
        "EPRO_DATABASE_URL": database_url, "EPRO_VAR": str(folder / "var"),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "epro", *arguments], env=environment | more, cwd=folder,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield Command(process, folder, port)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=LONG_ENOUGH_S)
            except subprocess.TimeoutExpired:
                process.kill()
        process.communicate()


def eventually(holds: Callable[[], bool], *, within_s: float = LONG_ENOUGH_S) -> bool:
    """Look again and again until it holds; False when it does not in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_running(pid: int) -> bool:
    """Tell whether a process lives; one that only waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")

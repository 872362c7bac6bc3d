"""A throw-away PostgreSQL made from Debian's own binaries: started when asked for, gone at the end.

From the command line, for whatever needs one and is not a test:

    python -m tests.postgres check              says whether the binaries are there
    python -m tests.postgres run -- COMMAND…    runs COMMAND with TEST_DATABASE_URL set
"""

import argparse
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

OLDEST_VERSION = 15
USER = "epro"
START_TIMEOUT_S = 60
# A copy waits until the last one to use its template is gone; on a busy machine longer than once.
COPY_ATTEMPT_COUNT = 6
ATTEMPT_COUNT = 3

# In its log; that it refused our own question while it was starting is none.
FAILURE = re.compile(r"FATAL:(?! *the database system is starting up)")

# The shell outlives us by a moment, even when we are killed: as soon as our end of its input is
# closed, it stops the server and deletes everything.
KEEPER = """
"$1/postgres" -D "$2/data" -k "$2" -p "$3" >"$2/log" 2>&1 </dev/null &
read -r _
kill -QUIT $! 2>/dev/null
wait
rm -rf "$2"
"""

CONFIGURATION = """
listen_addresses = '127.0.0.1'
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
log_min_messages = warning
autovacuum = off
"""


class PostgresMissing(RuntimeError):
    """PostgreSQL's server binaries are not on this machine."""

    def __init__(self) -> None:
        super().__init__(
            f"PostgreSQL {OLDEST_VERSION} or newer is not installed. Install Debian's package "
            "(apt-get install postgresql), or run `make test` as root, which does it for you. "
            "`--database sqlite` runs the tests without it."
        )


class PostgresNotStarted(RuntimeError):
    """The binaries are there, but no server came up; the message ends with its own log."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One running server; databases are made in it by name."""

    port: int

    def url_of(self, name: str) -> str:
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create a database, as a copy of `template` (which nobody may use now); return its URL."""
        copying = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        for attempt in range(1, COPY_ATTEMPT_COUNT + 1):
            try:
                self._execute(copying)
                break
            except psycopg.errors.ObjectInUse:
                if attempt == COPY_ATTEMPT_COUNT:
                    raise
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever still holds a connection to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def is_up(self) -> bool:
        try:
            psycopg.connect(self._conninfo, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _conninfo(self) -> str:
        return f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres"

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(statement)


def find_binaries() -> Path:
    """Return the folder of the newest `postgres`; raise PostgresMissing when there is none."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    versions = [(_version(folder), folder) for folder in folders]
    suitable = [found for found in versions if found[0] >= OLDEST_VERSION]
    if not suitable:
        raise PostgresMissing
    return max(suitable)[1]


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server until the block ends, however it ends."""
    binaries = find_binaries()
    for attempt in range(1, ATTEMPT_COUNT + 1):
        # Somebody may take the free port before the server does.
        try:
            keeper, server = _start(binaries)
            break
        except PostgresNotStarted:
            if attempt == ATTEMPT_COUNT:
                raise
    try:
        yield server
    finally:
        _stop(keeper)


def main(arguments: Sequence[str]) -> int:
    """Check for the binaries, or run one command beside a server; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="fail when the binaries are missing")
    run = commands.add_parser("run", help="run a command with TEST_DATABASE_URL set")
    run.add_argument("program", nargs="+", metavar="COMMAND")
    options = parser.parse_args(arguments)

    try:
        find_binaries()
        if options.command == "check":
            return 0
        with running_postgres() as server:
            url = server.create_database("check")
            environment = os.environ | {"TEST_DATABASE_URL": url}
            return subprocess.run(options.program, env=environment, check=False).returncode
    except (PostgresMissing, PostgresNotStarted) as missing:
        sys.stderr.write(f"{missing}\n")
        return 1


def _version(folder: Path) -> int:
    """Ask the server itself; 0 when it cannot say or has no `initdb` beside it."""
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        return 0
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    number = re.search(r"(\d+)", answer.stdout)
    return int(number[1]) if number else 0


def _owner() -> pwd.struct_passwd | None:
    """Return whom the server runs as; None means us. PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _start(binaries: Path) -> tuple[subprocess.Popen[bytes], PostgresServer]:
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="epro-postgres-"))
    if owner:
        shutil.chown(folder, owner.pw_uid, owner.pw_gid)
    server = PostgresServer(_free_port())
    try:
        _initialise(binaries, folder, owner)
    except PostgresNotStarted:
        shutil.rmtree(folder)
        raise
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", binaries, folder, str(server.port)],
        cwd=folder, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the tests; they stop the server afterwards
        user=owner.pw_uid if owner else None, group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )  # fmt: skip
    deadline = time.monotonic() + START_TIMEOUT_S
    log = folder / "log"
    while not server.is_up():
        said = log.read_text() if log.exists() else ""
        if FAILURE.search(said) or time.monotonic() > deadline:
            _stop(keeper)
            raise PostgresNotStarted(f"PostgreSQL did not start in {folder}:\n{said}")
        time.sleep(0.05)
    return keeper, server


def _stop(keeper: subprocess.Popen[bytes]) -> None:
    """Close the keeper's input and wait until it has stopped the server and cleaned up."""
    if keeper.stdin:
        keeper.stdin.close()
    keeper.wait()


def _initialise(binaries: Path, folder: Path, owner: pwd.struct_passwd | None) -> None:
    made = subprocess.run(
        [
            binaries / "initdb", "--pgdata", folder / "data", "--username", USER, "--auth", "trust",
            "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions",
        ],
        cwd=folder, env=_environment(), capture_output=True, text=True, check=False,
        user=owner.pw_uid if owner else None, group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )  # fmt: skip
    if made.returncode != 0:
        raise PostgresNotStarted(f"initdb failed in {folder}:\n{made.stdout}{made.stderr}")
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION)


def _environment() -> dict[str, str]:
    """Pass nothing on that could turn the server to somebody else's settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

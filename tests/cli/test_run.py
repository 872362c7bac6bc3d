"""The real processes: they start together, end together, and leave nothing behind."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from epro.clock import wall_clock_now
from tests.cli.processes import Command, epro, eventually, is_running
from tests.databases import DatabaseKind, DatabaseShelf

pytestmark = pytest.mark.blackbox


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/epro.sqlite"


@pytest.fixture
def migrated_url(database_shelf: DatabaseShelf) -> Iterator[str]:
    url = database_shelf.new(DatabaseKind.SQLITE)
    yield url
    database_shelf.discard(url)


@pytest.fixture
def system(tmp_path: Path, migrated_url: str) -> Iterator[Command]:
    """The whole system on an SQLite file of its own, ready."""
    with epro("run", folder=tmp_path, database_url=migrated_url) as command:
        assert command.has_started(), command.heard
        yield command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_cleanly_when_told(system: Command, number: int) -> None:
    children = system.children()
    assert set(children) == {"web", "worker"}

    system.tell(number)
    code, said = system.end()

    assert code == 0
    assert system.address in said
    assert not any(map(is_running, children.values()))
    assert not system.answers()


@pytest.mark.parametrize(("ended", "other"), [("worker", "web"), ("web", "worker")])
def test_when_one_process_dies_the_other_is_stopped_and_the_command_fails(
    system: Command, ended: str, other: str
) -> None:
    children = system.children()

    os.kill(children[ended], signal.SIGKILL)
    code, said = system.end()

    assert code == 1
    assert f"The {ended} process ended by itself (signal 9)" in said
    assert not is_running(children[other])
    assert not system.answers()


def test_killed_itself_it_leaves_no_process_behind(system: Command) -> None:
    children = system.children()

    system.tell(signal.SIGKILL)
    system.process.wait()

    assert eventually(lambda: not any(map(is_running, children.values())))
    assert not system.answers()


def test_on_a_new_file_it_starts_and_logs_to_files_and_leaves_the_terminal_to_the_address(
    tmp_path: Path, sqlite_url: str
) -> None:
    with epro("run", folder=tmp_path, database_url=sqlite_url) as system:
        assert system.has_started(), system.heard
        system.tell()
        _, said = system.end()

    assert '"level"' not in said
    assert "/readyz" in (tmp_path / "var" / "log" / "web.jsonl").read_text()
    assert "The worker stops" in (tmp_path / "var" / "log" / "worker.jsonl").read_text()


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, sqlite_url: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        epro("run", "--port", str(taken.getsockname()[1]), folder=tmp_path,
             database_url=sqlite_url) as command,
    ):  # fmt: skip
        code, said = command.end()

    assert code == 1
    assert said.startswith("Error: Nothing can listen on 127.0.0.1:")
    assert "Traceback" not in said
    assert not (tmp_path / "epro.sqlite").exists()


def test_a_second_worker_on_the_same_sqlite_file_is_refused(
    system: Command, migrated_url: str
) -> None:
    with epro("worker", folder=system.folder, database_url=migrated_url) as second:
        code, said = second.end()

    assert code == 1
    assert f"already (process {system.children()['worker']})" in said
    assert system.is_ready()


def test_moving_the_rehearsal_clock_answers_when_all_that_fell_due_is_done(
    tmp_path: Path, fresh_database_url: str
) -> None:
    with epro(
        "run", folder=tmp_path, database_url=fresh_database_url, EPRO_REHEARSAL="1"
    ) as command:
        assert command.has_started(), command.heard

        moved = command.post("/dev/clock", {"to": "2040-01-01T08:00:00+08:00"})
        read = command.get("/dev/clock").json()
        back = command.post("/dev/clock", {"to": "2039-01-01T08:00:00+08:00"})

        assert (moved.status_code, moved.json()["now"][:16]) == (200, "2040-01-01T00:00")
        # The move itself is on record, and has its place in the chain by the time of the answer.
        assert moved.json()["jobs"]["sequence_journal"] == 1
        assert read["now"] > moved.json()["now"]
        assert read["wall"][:4] == str(wall_clock_now().year)
        assert (back.status_code, back.json()["error"]["code"]) == (422, "clock_never_goes_back")


def test_outside_a_rehearsal_there_is_no_clock_to_move(system: Command) -> None:
    assert system.post("/dev/clock", {"to": "2040-01-01T08:00:00+08:00"}).status_code == 404


def test_web_alone_is_alive_but_not_ready(tmp_path: Path, fresh_database_url: str) -> None:
    with epro("web", folder=tmp_path, database_url=fresh_database_url) as web:
        assert eventually(web.answers)

        readiness = web.get("/readyz")

        assert readiness.status_code == 503
        assert "epro worker" in readiness.json()["checks"]["worker"]["advice"]


def test_several_workers_share_a_postgresql(
    tmp_path: Path, fresh_database_url: str, database_kind: str
) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite takes one worker.")
    with (
        epro("worker", folder=tmp_path, database_url=fresh_database_url) as first,
        epro("worker", folder=tmp_path, database_url=fresh_database_url) as second,
        epro("web", folder=tmp_path, database_url=fresh_database_url) as web,
    ):
        assert eventually(web.is_ready)
        assert first.has_said("The worker ticks")
        assert second.has_said("The worker ticks")

        first.tell()
        second.tell()

        assert (first.end()[0], second.end()[0]) == (0, 0)

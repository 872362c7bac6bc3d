"""The databases that the tests stand on: both kinds, migrated, apart, gone after."""

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.orm import Session

from epro.db import Database
from epro.migrate import current_revision, head_revision
from tests.architecture.sources import ROOT
from tests.databases import DatabaseKind, DatabaseShelf

PROBE = text("CREATE TABLE probe (n integer)")


def test_a_database_is_of_the_kind_the_test_runs_on(
    database: Database, database_kind: DatabaseKind
) -> None:
    assert database.engine.dialect.name == database_kind


def test_a_fresh_database_is_at_the_newest_migration(fresh_database: Database) -> None:
    assert current_revision(fresh_database.engine) == head_revision()


def test_what_one_fresh_database_keeps_is_not_in_the_next(
    fresh_database: Database, database_shelf: DatabaseShelf, database_kind: DatabaseKind
) -> None:
    with fresh_database.transaction() as session:
        session.execute(PROBE)

    other = database_shelf.new(database_kind)

    assert _tables(fresh_database.url) - _tables(other) == {"probe"}
    database_shelf.discard(other)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_test_commits_in_its_session_is_gone_with_it(session: Session, turn: str) -> None:
    """Whichever turn comes later would fail if the other one had left its table behind."""
    session.execute(PROBE)
    session.commit()
    session.execute(text("INSERT INTO probe VALUES (1)"))
    session.rollback()

    assert session.scalar(text("SELECT count(*) FROM probe")) == 0, turn


def test_an_empty_database_has_no_table(empty_database_url: str) -> None:
    assert _tables(empty_database_url) == set()


def test_the_server_ends_with_the_process_that_started_it_even_when_that_is_killed() -> None:
    program = [sys.executable, "-m", "tests.postgres", "run", "--", "sh", "-c",
               "echo $TEST_DATABASE_URL; sleep 60"]  # fmt: skip
    runner = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
    assert runner.stdout
    url = runner.stdout.readline().decode().strip().replace("+psycopg", "")
    assert _answers(url)

    os.killpg(runner.pid, signal.SIGKILL)
    runner.communicate()

    assert _stops_answering(url)


def _tables(url: str) -> set[str]:
    engine = create_engine(url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    return tables


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _stops_answering(url: str, *, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while _answers(url):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

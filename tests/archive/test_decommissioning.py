"""The commands that make a copy, state how long to keep, and take the system away (V-05, V-06)."""

import json
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect, make_url, select

from epro import db
from epro.access import Role
from epro.archive import check
from epro.clock import wall_clock_now
from epro.commands.archive import WHY
from epro.commands.common import opened_parts
from epro.db import Database, make_engine
from epro.models import JournalEntry, SiteArchive
from epro.services import archives, identity, journal
from tests.archive.receiving import KEYRING
from tests.cli.test_commands import commands_on
from tests.clock import START
from tests.databases import DatabaseKind, DatabaseShelf
from tests.factories import (
    SYSTEM,
    add_participant,
    add_site,
    add_study_version,
    add_user,
    proof_of,
    user_actor,
)


@pytest.mark.req("V-05", "V-06")
def test_a_trial_goes_only_after_its_day_and_with_the_copy_that_its_investigator_holds(
    fresh_database_url: str, fresh_database: Database, tmp_path: Path
) -> None:
    give = commands_on(fresh_database_url, tmp_path / "var")
    copy, certificate = tmp_path / "SZ01", tmp_path / "gone.json"
    with fresh_database.transaction() as session:
        site = add_site(session)
        add_study_version(session, site)
        add_participant(session, site, enrolled_at=datetime(2009, 5, 4, tzinfo=UTC))
        person = add_user(session, "wang.fang", roles=[Role.INVESTIGATOR], keyring=KEYRING)
    the_end = ("decommission", "--archive", str(copy), "--certificate", str(certificate),
               "--confirm", "bk-sle-i-01")  # fmt: skip

    (tmp_path / "SZ01.zip.part").write_bytes(b"half of one that was broken off")
    made = give("archive", "make", "--site", "SZ01", "--out", str(copy), "--zip", "--by", "Li Min")
    again = give("archive", "make", "--site", "SZ01", "--out", str(copy))
    checked = give("archive", "verify", str(copy))
    too_early = give(*the_end)

    assert made.exit_code == 0, made.output
    assert "Nothing is missing" in made.output
    assert json.loads((copy / "manifest.json").read_text("utf-8"))["made_by"] == "Li Min"
    with zipfile.ZipFile(tmp_path / "SZ01.zip") as packed:
        assert packed.testzip() is None
        assert "SZ01/manifest.json" in packed.namelist()
    assert not (tmp_path / "SZ01.zip.part").exists()
    assert (again.exit_code, "is not empty" in again.output) == (1, True)
    assert (checked.exit_code, "whole" in checked.output) == (0, True)
    assert too_early.exit_code == 1
    assert "SZ01: it is kept without limit" in too_early.output
    assert "SZ01: no investigator has received" in too_early.output
    assert not certificate.exists()

    with fresh_database.transaction() as session:
        archive = session.query(SiteArchive).one()
        archives.receive(
            session, user_actor(person.user), archive.id, archive.manifest_sha256,
            proof_of(person, wall_clock_now()), keyring=KEYRING, now=wall_clock_now(),
        )  # fmt: skip
    ended = give("retention", "set-end", "2010-01-31", "--document", "closure letter 3")
    shown = give("retention", "show")
    broken = (copy / "README.txt").read_bytes()
    (copy / "README.txt").write_bytes(b"other words")
    altered = give(*the_end)
    (copy / "README.txt").write_bytes(broken)
    asked = give("decommission", "--archive", str(copy))

    assert ended.exit_code == 0, ended.output
    assert "SZ01: it is kept to the end of 2015-01-31, 5 years after the end of the trial" in (
        shown.output
    )
    assert (altered.exit_code, "README.txt" in altered.output) == (1, True)
    assert "Nothing stands against it. Nothing was deleted yet" in asked.output
    assert "site_archive" in inspect(fresh_database.engine).get_table_names()

    done = give(*the_end)

    assert done.exit_code == 0, done.output
    assert inspect(fresh_database.engine).get_table_names() == []
    remains = json.loads(certificate.read_text("utf-8"))
    entry = remains["entry"]
    assert entry["hash"] == journal.link_hash(entry["prev_hash"], entry["seq"], entry["body"])
    assert "closure letter 3" in entry["body"]


@pytest.mark.req("V-05")
def test_who_somebody_is_leaves_only_when_it_is_asked_for_and_on_record(
    fresh_database_url: str,
    fresh_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give = commands_on(fresh_database_url, tmp_path)
    monkeypatch.setenv("EPRO_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("EPRO_VAR", str(tmp_path))
    with opened_parts() as parts, parts.database.transaction() as session:
        site = add_site(session)
        her = add_participant(session, site)
        identity.seal(
            session, SYSTEM, her, phone="+8613800138000", year_of_birth=1968,
            keyring=parts.keyring, now=START,
        )  # fmt: skip

    nothing = give("archive", "make", "--site", "SZ01", "--out", str(tmp_path / "usual"))
    with fresh_database.transaction() as session:
        add_study_version(session, site)
    usual = give("archive", "make", "--site", "SZ01", "--out", str(tmp_path / "usual"))
    asked = give(
        "archive", "make", "--site", "SZ01", "--out", str(tmp_path / "asked"), "--include-identity"
    )

    twice = give(
        "archive", "make", "--site", "SZ01", "--out", str(tmp_path / "asked"), "--include-identity"
    )

    assert "is not empty" in twice.output
    assert "No study was ever in force at SZ01" in nothing.output
    assert (usual.exit_code, asked.exit_code) == (0, 0), usual.output + asked.output
    assert not (tmp_path / "usual" / "identity.csv").exists()
    assert "+8613800138000" in (tmp_path / "asked" / "identity.csv").read_text("utf-8-sig")
    assert list(check.faults_of(tmp_path / "asked")) == []
    with fresh_database.reading() as session:
        read = select(JournalEntry.body).where(JournalEntry.verb == "identity.read")
        assert WHY in session.scalars(read).one()


@pytest.mark.req("V-06")
def test_nothing_goes_by_halves_or_without_a_certificate(
    fresh_database_url: str, tmp_path: Path
) -> None:
    give = commands_on(fresh_database_url, tmp_path)

    unsaid = give("decommission", "--confirm", "bk-sle-i-01")
    no_site = give("retention", "set-years", "10", "--site", "XY01", "--document", "x")
    too_few = give("retention", "set-years", "2", "--document", "x")

    assert (unsaid.exit_code, "needs --certificate" in unsaid.output) == (2, True)
    assert "There is no site XY01." in no_site.output
    assert "At least 5 years" in too_few.output


END = ("decommission", "--confirm", "bk-sle-i-01", "--certificate")


def with_a_study(url: str) -> None:
    database = Database(url)
    with database.transaction() as session:
        add_study_version(session, add_site(session))
    database.engine.dispose()


@pytest.mark.req("V-06")
def test_what_the_database_refuses_leaves_everything_and_no_certificate(
    database_shelf: DatabaseShelf, tmp_path: Path
) -> None:
    url, certificate = database_shelf.new(DatabaseKind.POSTGRESQL), tmp_path / "gone.json"
    give = commands_on(url, tmp_path)
    with_a_study(url)
    engine = make_engine(url)
    with engine.begin() as connection:  # a report that a hospital made for itself
        connection.exec_driver_sql("CREATE VIEW enrolled AS SELECT code FROM participant")

    refused = give(*END, str(certificate))
    left = inspect(engine).get_table_names()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW enrolled")
    done = give(*END, str(certificate))

    assert (refused.exit_code, done.exit_code) == (1, 0), refused.output + done.output
    assert "Nothing was deleted" in refused.output
    assert "other objects depend on it" in refused.output
    assert "participant" in left
    assert inspect(engine).get_table_names() == []
    assert certificate.exists()
    engine.dispose()
    database_shelf.discard(url)


@pytest.mark.req("V-06")
def test_a_file_that_could_not_be_written_anew_is_to_be_destroyed(
    database_shelf: DatabaseShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = (one for one in db.SQLITE_PRAGMAS if not one.startswith("busy_timeout"))
    monkeypatch.setattr(db, "SQLITE_PRAGMAS", (*patient, "busy_timeout=1"))
    url, certificate = database_shelf.new(DatabaseKind.SQLITE), tmp_path / "gone.json"
    with_a_study(url)
    looker = sqlite3.connect(str(make_url(url).database), isolation_level=None)
    looker.execute("BEGIN")
    looker.execute("SELECT count(*) FROM participant").fetchall()

    done = commands_on(url, tmp_path)(*END, str(certificate))
    looker.close()

    assert done.exit_code == 1
    assert "Every table is gone" in done.output
    assert "Destroy that file" in done.output
    assert json.loads(certificate.read_text("utf-8"))["journal"]["seq"]
    engine = make_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    database_shelf.discard(url)

"""The commands that make a copy, state how long to keep, and take the system away (V-05, V-06)."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from epro.access import Role
from epro.archive import check
from epro.clock import wall_clock_now
from epro.commands.archive import WHY
from epro.commands.common import opened_parts
from epro.db import Database
from epro.models import JournalEntry, SiteArchive
from epro.services import archives, identity, journal
from tests.archive.receiving import KEYRING
from tests.cli.test_commands import commands_on
from tests.clock import START
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

    made = give("archive", "make", "--site", "SZ01", "--out", str(copy), "--zip", "--by", "Li Min")
    again = give("archive", "make", "--site", "SZ01", "--out", str(copy))
    checked = give("archive", "verify", str(copy))
    too_early = give(*the_end)

    assert made.exit_code == 0, made.output
    assert "Nothing is missing" in made.output
    assert json.loads((copy / "manifest.json").read_text("utf-8"))["made_by"] == "Li Min"
    assert (tmp_path / "SZ01.zip").is_file()
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

"""The page for study builders: its files and lines, exactly, and a participant of that study."""

import os
import re
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest

from epro.db import Database
from epro.logs import ROOT
from epro.models import Participant, Screening, Site, StudyVersion
from epro.services import responses
from questionnaires.catalogue import Catalogue
from questionnaires.definition import AnswerValue
from questionnaires.invented import calm_answers
from questionnaires.reading import from_canonical_json
from questionnaires.schedule import AnchorEvent
from tests.factories import add_participant, participant_actor
from tests.services.given import Given, answered, coordinator_at, local

pytestmark = pytest.mark.blackbox

WALK = re.compile(r"<!-- walk: begin -->(.*)<!-- walk: end -->", re.DOTALL)
BLOCK = re.compile(
    r"(?:<!-- (?P<kind>file|line): (?P<name>\S+) -->\n)?"
    r"```(?P<language>sh|yaml)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
VISIT_ON = date(2026, 3, 2)
VISIT_AT = local(VISIT_ON, 10)
NIGHT: dict[str, AnswerValue] = {"slept": "badly", "why": ("breath",)}
FORMS = {"evening", "morning", "weekly_back", "ae_report"}


def follow(page: str, folder: Path) -> str:
    """Do what the page says, block by block, in an empty folder; return what was said."""
    walk = WALK.search(page)
    assert walk is not None
    environment = os.environ | {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}", "EPRO_VAR": str(folder / "var"),
        "EPRO_DATABASE_URL": f"sqlite:///{folder}/var/epro.sqlite3", "EPRO_ENV": "development",
    }  # fmt: skip
    (folder / "var").mkdir()
    said = ""
    for block in BLOCK.finditer(walk[1]):
        if block["kind"] == "file":
            (folder / block["name"]).write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "line":
            replace_last_line(folder / block["name"], block["text"])
        else:
            assert block["language"] == "sh", f"what is to be done with this?\n{block['text']}"
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block["text"]], cwd=folder, env=environment,
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{block['text']}\n{done.stdout}\n{done.stderr}"
            said += done.stdout
    return said


def replace_last_line(file: Path, line: str) -> None:
    *kept, _last = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(kept) + line, encoding="utf-8")


def enrolled(database: Database) -> Given:
    """Enrol somebody in the study that was built, and record her first visit."""
    with database.transaction() as session:
        site, version = session.query(Site).one(), session.query(StudyVersion).one()
        package = from_canonical_json(version.canonical_json)
        participant = add_participant(
            session, site, "SZ01-001", enrolled_at=VISIT_AT, activated_at=VISIT_AT
        )
        given = Given(
            site=site, version=version, participant=participant,
            actor=participant_actor(session, participant), coordinator=coordinator_at(site),
            catalogue=Catalogue({version.id: package}),
        )  # fmt: skip
        given.record(session, AnchorEvent.INF1, VISIT_AT, now=VISIT_AT)
    return given


@pytest.mark.req("Q-01", "V-03", "S-01")
def test_who_follows_the_page_has_a_study_of_four_forms_that_runs(tmp_path: Path) -> None:
    said = follow((ROOT / "docs" / "study-setup.md").read_text("utf-8"), tmp_path)

    assert "No faults." in said
    assert re.search(r"Published; SHA-256 ([0-9a-f]{64})\.", said)
    shown = (tmp_path / "garden.html").read_text("utf-8")
    assert "In the past 7 days, how bad was your back at its worst?" in shown

    database = Database(f"sqlite:///{tmp_path}/var/epro.sqlite3")
    try:
        given = enrolled(database)
        answer_all(database, given)
        with database.reading() as session:
            stored = responses.list_of(session, given.coordinator, given.participant)
            assert {one.questionnaire_code for one in stored} == FORMS
            assert all(one.counts for one in stored if one.assessment_id)
            assert session.query(Participant).count() == 1
            met = {rule for row in session.query(Screening) for rule in row.rules_met}
            assert met == {"R02", "R03"}  # breathless, and few hours of sleep
    finally:
        database.engine.dispose()


def answer_all(database: Database, given: Given) -> None:
    """Answer each form once: a calm evening, a breathless night, a good week, a report."""
    form = given.catalogue.questionnaire
    moments = {"daily": local(VISIT_ON, 18), "morning": local(date(2026, 3, 3), 8)}
    moments["back"] = local(date(2026, 3, 9), 12)
    for family, now in moments.items():
        with database.transaction() as session:
            due = next(
                one
                for one in given.assessments(session, family=family)
                if one.opens_at <= now < one.closes_at
            )
            asked = form(due.questionnaire_code, due.questionnaire_version)
            but = NIGHT if family == "morning" else {}
            answers = calm_answers(asked, answered_at=now, chance=Random(1), but=but)
            given.submit(session, answered(due, *answers, device_answered_at=now), now=now)
    with database.transaction() as session:
        now = datetime(2026, 3, 10, 3, tzinfo=UTC)
        asked = form("ae_report", next(
            one.version for one in given.catalogue.package(given.version.id).questionnaires
            if one.code == "ae_report"
        ))  # fmt: skip
        answers = calm_answers(asked, answered_at=now, chance=Random(1))
        given.submit(
            session, answered(None, *answers, code="ae_report", device_answered_at=now,
                              questionnaire_version=asked.version), now=now,
        )  # fmt: skip

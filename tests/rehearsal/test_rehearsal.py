"""A rehearsal finds what is not as the documents ask, says where, and else finds nothing.

One short rehearsal is played for all of these: the system is given a study with three slips. Judged
by that very study nothing differs; judged by one without a slip, the slip is found and named.
"""

import json
import os
import re
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from epro.cli import main
from epro.logs import ROOT
from epro.rehearsal.facts import Did
from epro.rehearsal.rates import SHIPPED as RATES
from epro.rehearsal.record import read_record
from epro.rehearsal.report.comparison import comparison_page
from epro.rehearsal.report.figures import read_result, weeks_shown
from tests.databases import DatabaseKind, DatabaseShelf
from tests.rehearsal.faults import FAULTS
from tests.rehearsal.mutants import SLIPS, study_with

pytestmark = pytest.mark.blackbox

OF_SOMEBODY = re.compile(r"[A-Z]{2}\d\d-\d{3} ")
# A seed with which somebody leaves, another comes a second time, and one wants no texts.
PEOPLE, WEEKS, SEED = "3", "2", "15"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How a rehearsal ended, and what it left."""

    out: Path
    exit_code: int
    said: list[str]

    @property
    def record(self) -> Path:
        return self.out / "record.json"


def epro(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "epro", *arguments],
        env=kept | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def rehearse(out: Path, *options: str) -> Rehearsed:
    ended = epro("rehearse", "--out", str(out), *options)
    assert (out / "record.json").exists(), f"{ended.stdout}\n{ended.stderr}"
    return Rehearsed(out, ended.returncode, ended.stdout.splitlines())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rehearsal")


@pytest.fixture(scope="module")
def eventful_rates(folder: Path) -> Path:
    """Everybody begins on one day, and much happens to each, so that two weeks are enough."""
    rates = yaml.safe_load(RATES.read_text(encoding="utf-8"))
    rates["enrolment"]["within_days"] = 1
    rates["signs"]["fever"] = 0.25
    rates["answers"] |= {
        "put_down": 0.3, "put_down_wrongly": 0.3, "declined": 0.4, "corrected": 0.1,
        "on_paper": 0.1, "mistyped": 1.0,
    }  # fmt: skip
    rates["ratings"] |= {"each_day": 0.8, "put_right": 0.8}
    rates["staff"]["unlocked"] = 1.0
    rates["compliance"] |= {"mean": 0.8, "spread": 0.0}
    rates["people"] |= {
        "pauses": 0.5, "pause_days": [2, 3], "changes_slot": 0.5,
        "second_visit": 0.6, "second_visit_days": [5, 7], "withdraws": 0.3,
        "withdraws_texts": 0.6, "without_texts_days": [2, 3],
    }  # fmt: skip
    rates["reports"] |= {"each_day": 0.1, "goes_on": 0.8, "words_of_danger": 0.5}
    file = folder / "rates.yaml"
    file.write_text(yaml.safe_dump(rates), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def slipped(folder: Path) -> Path:
    """The study with all three slips."""
    return study_with(SLIPS.values(), folder / "slipped")


@pytest.fixture(scope="module")
def rehearsed(
    folder: Path,
    slipped: Path,
    eventful_rates: Path,
    database_shelf: DatabaseShelf,
    request: pytest.FixtureRequest,
) -> Rehearsed:
    """Play the slipped study, and judge it by one without a slip."""
    on_sqlite = request.config.getoption("--database") == DatabaseKind.SQLITE
    chosen = [] if on_sqlite else ["--database", database_shelf.new(DatabaseKind.POSTGRESQL)]
    return rehearse(
        folder / "out", "--participants", PEOPLE, "--weeks", WEEKS, "--seed", SEED,
        "--package", str(slipped), "--expect", str(study_with([], folder / "shipped")),
        "--rates", str(eventful_rates),
        *chosen,
    )  # fmt: skip


@pytest.mark.req("V-02")
def test_a_rehearsal_that_finds_differences_fails_and_says_how_many(rehearsed: Rehearsed) -> None:
    result = json.loads((rehearsed.out / "result.json").read_text(encoding="utf-8"))

    assert rehearsed.exit_code == 1
    assert len(result["differences"]) >= 3
    assert result["totals"]["answered"] > 20


@pytest.mark.req("V-02", "S-10", "A-11", "A-12")
def test_what_happens_to_people_now_and_then_happened(rehearsed: Rehearsed) -> None:
    """Else nothing would be shown by finding no difference in it."""
    script, seen = read_record(rehearsed.record)
    acts = {fact.did for fact in script.facts}
    forms = {row.data["questionnaire_code"] for row in seen.rows["assessment"]}

    assert acts >= {
        Did.PAUSED, Did.CAME_BACK, Did.CHANGED_SLOT, Did.ANSWERED_QUESTION, Did.LEFT,
        Did.WITHDREW_CONSENT, Did.GAVE_CONSENT, Did.DECIDED, Did.ENDED_EVENT, Did.LOCKED,
        Did.ASKED_CORRECTION, Did.CORRECTED, Did.REFUSED_CORRECTION, Did.DECLINED_CORRECTION,
        Did.UNLOCKED, Did.RATED, Did.PUT_RATING_RIGHT, Did.TYPED_IN, Did.COMPARED, Did.PUT_RIGHT,
    }  # fmt: skip
    assert "ae_follow_up" in forms


@pytest.mark.req("V-02", "S-01", "N-03", "A-03", "E-02")
def test_judged_by_the_study_that_was_played_nothing_differs(
    rehearsed: Rehearsed, slipped: Path
) -> None:
    judged = CliRunner().invoke(
        main, ["rehearsed", str(rehearsed.record), "--expect", str(slipped)]
    )

    assert judged.output.splitlines() == ["No difference: all happened as the documents ask."]
    assert judged.exit_code == 0


@pytest.mark.req("V-02")
@pytest.mark.parametrize("name", SLIPS)
def test_a_single_slip_is_found_with_participant_day_and_place(
    rehearsed: Rehearsed, tmp_path: Path, name: str
) -> None:
    others = [slip for other, slip in SLIPS.items() if other != name]
    expected = study_with(others, tmp_path)

    judged = CliRunner().invoke(
        main, ["rehearsed", str(rehearsed.record), "--expect", str(expected)]
    )

    lines = [line for line in judged.output.splitlines() if OF_SOMEBODY.match(line)]
    assert judged.exit_code == 1
    assert any(re.search(SLIPS[name].told, line) for line in lines), judged.output
    elsewhere = [slip.told for slip in others]
    assert [line for line in lines if any(re.search(told, line) for told in elsewhere)] == []


@pytest.mark.req("V-02", "T-01", "T-08", "E-02", "N-03", "A-07", "P-09")
@pytest.mark.parametrize("name", FAULTS)
def test_a_single_fault_in_what_happened_is_found_and_nothing_else_is_told(
    rehearsed: Rehearsed, slipped: Path, tmp_path: Path, name: str
) -> None:
    content = json.loads(rehearsed.record.read_text(encoding="utf-8"))
    FAULTS[name].happens(content)
    file = tmp_path / "record.json"
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    judged = CliRunner().invoke(main, ["rehearsed", str(file), "--expect", str(slipped)])

    *lines, total = judged.output.splitlines()
    assert judged.exit_code == 1
    assert any(FAULTS[name].told in line for line in lines), judged.output
    assert len(lines) <= 2, total


@pytest.mark.req("V-02")
def test_the_report_needs_no_other_file_and_shows_every_picture(rehearsed: Rehearsed) -> None:
    page = (rehearsed.out / "index.html").read_text(encoding="utf-8")

    assert page.count("<svg") == 6
    assert "src=" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "differences from what the documents ask" in page


@pytest.mark.req("V-02")
def test_what_a_rehearsal_writes_can_be_compared_with_another(rehearsed: Rehearsed) -> None:
    before = read_result(rehearsed.out / "result.json")
    now = deepcopy(before)
    assert before["rules"]["R05"] > 0
    assert sum(before["quarters"]["reminders"]) == before["totals"]["reminders sent"] > 0
    assert len(before["each_flag"]) == before["totals"]["flags"]
    now["rules"]["R05"] += 2
    gone = now["each_flag"].pop()

    page = comparison_page(before, now)

    assert "1 only before, 0 only now, 0 otherwise." in page
    assert f"<td>{gone['person']}</td><td>{gone['tier']} {'+'.join(gone['rules'])}</td>" in page
    assert "Nothing but, perhaps, the words of messages." in page


@pytest.mark.req("V-02")
def test_weeks_in_which_hardly_anybody_was_asked_are_not_drawn() -> None:
    few, enough = {"week": 19, "expected": 2}, {"week": 20, "expected": 3}
    result = {"plan": {"participants": 12}, "compliance": [few, enough]}

    assert weeks_shown(result) == [enough]


@pytest.mark.req("X-07", "P-01")
def test_the_report_names_nobody(rehearsed: Rehearsed) -> None:
    said = (rehearsed.out / "index.html").read_text(encoding="utf-8")
    said += (rehearsed.out / "result.json").read_text(encoding="utf-8")

    assert "+86" not in said


@pytest.mark.req("V-02", "S-01", "N-03", "A-03", "A-07", "E-02")
@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_whole_trial_goes_as_the_documents_ask(
    fresh_database_url: str, database_kind: DatabaseKind, tmp_path: Path, seed: int
) -> None:
    chosen = [] if database_kind is DatabaseKind.SQLITE else ["--database", fresh_database_url]

    played = rehearse(
        tmp_path, "--participants", "12", "--weeks", "24", "--seed", str(seed), *chosen
    )

    assert played.said[-1] == "No difference: all happened as the documents ask."
    assert played.exit_code == 0

"""The validation pack: what it says, and that a gap in it fails the run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.trace import REQUIREMENTS, Requirement, Shown, read_requirements
from tests.validation import RISKS, Line, Risk, lines_of, read_risks

pytestmark = pytest.mark.req("V-01")

HARMS = {"safety", "rights", "data", "work"}
MUST = Requirement("A-04", "M", "Answers are screened")
SHOULD = Requirement("T-09", "S", "A report")
RISK = Risk("safety", "An emergency lies in a form that was put away.")


def test_every_requirement_has_a_risk_and_every_risk_a_requirement() -> None:
    risks = read_risks(RISKS.read_text(encoding="utf-8"))

    assert list(risks) == list(read_requirements(REQUIREMENTS.read_text(encoding="utf-8")))
    assert {one.harm for one in risks.values()} <= HARMS


@pytest.mark.parametrize(
    ("requirement", "risk", "tests", "fault"),
    [
        (MUST, RISK, {"a": "passed"}, ""),
        (MUST, RISK, {}, "has no test that passed"),
        (MUST, RISK, {"a": "skipped"}, "has no test that passed"),
        (MUST, RISK, {"a": "passed", "b": "failed (1 of 2)"}, "has a test that failed"),
        (MUST, None, {"a": "passed"}, "has no risk in docs/risks.yaml"),
        (SHOULD, RISK, {}, ""),
        (SHOULD, RISK, {"a": "failed"}, "has a test that failed"),
    ],
)
def test_what_is_missing_is_said(
    requirement: Requirement, risk: Risk | None, tests: dict[str, str], fault: str
) -> None:
    assert Line(requirement, risk, tests).fault == fault


def test_a_test_stands_beside_each_requirement_that_it_shows() -> None:
    shown = {"test_both": Shown(("A-04", "T-09"), {"test_both": "passed"})}

    first, second = lines_of({"A-04": MUST, "T-09": SHOULD}, {}, shown)

    assert first.tests == second.tests == {"test_both": "passed"}


def test_a_run_that_leaves_requirements_without_a_test_fails_and_names_them(
    tmp_path: Path,
) -> None:
    pack = tmp_path / "pack"

    ended = _run(tmp_path, "Q-06", f"--validate-to={pack}")

    content = json.loads((pack / "validation.json").read_text(encoding="utf-8"))
    by_id = {one["requirement"]["id"]: one for one in content["requirements"]}
    page = (pack / "index.html").read_text(encoding="utf-8")
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "Q-01 has no test that passed" in ended.stdout
    assert by_id["Q-06"]["fault"] == ""
    assert by_id["Q-06"]["tests"] == {"test_planted.py::test_it": "passed"}
    assert len(content["tested"]["SHA-256 of epro/"]) == 64
    assert "of 90 requirements are not shown" in page
    assert "test_planted.py::test_it" in page


def test_a_run_that_shows_every_requirement_passes(tmp_path: Path) -> None:
    known = read_requirements(REQUIREMENTS.read_text(encoding="utf-8"))

    ended = _run(tmp_path, '", "'.join(known), f"--validate-to={tmp_path / 'pack'}")

    assert ended.returncode == pytest.ExitCode.OK
    assert "All 90 requirements are shown." in (tmp_path / "pack" / "index.html").read_text()


def test_a_pack_says_that_its_run_failed_though_each_requirement_has_its_test(
    tmp_path: Path,
) -> None:
    known = read_requirements(REQUIREMENTS.read_text(encoding="utf-8"))

    ended = _run(
        tmp_path, '", "'.join(known), f"--validate-to={tmp_path / 'pack'}",
        beside="def test_that_shows_no_requirement():\n    assert False\n",
    )  # fmt: skip

    page = (tmp_path / "pack" / "index.html").read_text(encoding="utf-8")
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "The run did not pass (tests failed): 1 failed." in page
    assert 'class="good"' not in page


def _run(
    folder: Path, ids: str, *options: str, beside: str = ""
) -> subprocess.CompletedProcess[str]:
    source = f'import pytest\n@pytest.mark.req("{ids}")\ndef test_it():\n    assert True\n'
    source += beside
    (folder / "test_planted.py").write_text(source, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = req\n", encoding="utf-8")
    program = "import sys, pytest; sys.path.insert(0, sys.argv.pop(1)); sys.exit(pytest.main())"
    return subprocess.run(
        [sys.executable, "-c", program, ROOT, "-p", "tests.trace", "-p", "tests.validation",
         *options, "test_planted.py"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip

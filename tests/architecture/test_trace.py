"""The `req` mark and the trace it leaves behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.trace import REQUIREMENTS, read_requirements

pytestmark = pytest.mark.req("V-01")

TESTS = """
import pytest

@pytest.mark.req("Q-06", "S-04")
@pytest.mark.parametrize("n", [1, 2])
def test_both(n):
    assert n

@pytest.mark.req("Q-06")
def test_one():
    assert False

def test_unmarked():
    assert True
"""


def test_all_ninety_requirements_are_known_with_their_level() -> None:
    known = read_requirements(REQUIREMENTS.read_text(encoding="utf-8"))

    assert len(known) == 90
    assert [id_ for id_, requirement in known.items() if requirement.level == "S"] == [
        "B-03",
        "T-09",
    ]


@pytest.mark.parametrize("mark", ['"Q-99"', '"q-06"', ""])
def test_a_mark_that_names_no_requirement_stops_the_run(tmp_path: Path, mark: str) -> None:
    run = _run(
        tmp_path, f"import pytest\n@pytest.mark.req({mark})\ndef test_a():\n    assert True\n"
    )

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "docs/requirements.md" in run.stderr
    assert "passed" not in run.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_trace_says_which_test_shows_what_and_how_it_ended(
    tmp_path: Path, workers: str
) -> None:
    trace = tmp_path / "trace.md"

    _run(tmp_path, TESTS, f"--trace-to={trace}", f"--numprocesses={workers}")

    lines = trace.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "test_" in line] == [
        "| Q-06 | M | `test_planted.py::test_both` | passed (2 of 2) |",
        "| Q-06 | M | `test_planted.py::test_one` | failed |",
        "| S-04 | M | `test_planted.py::test_both` | passed (2 of 2) |",
    ]
    assert sum(line.endswith("| not yet shown |") for line in lines) == 88


def _run(folder: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_planted.py").write_text(source, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = req\n", encoding="utf-8")
    program = "import sys, pytest; sys.path.insert(0, sys.argv.pop(1)); sys.exit(pytest.main())"
    return subprocess.run(
        [sys.executable, "-c", program, ROOT, "-p", "tests.trace", *options, "test_planted.py"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip

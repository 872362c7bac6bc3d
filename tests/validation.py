"""The validation pack: `--validate-to FOLDER` writes requirement, risk, test and result of one run.

It says by versions and hashes what was tested. A requirement that must be met and has no test, or
one that failed, and a requirement without a risk fail the run.
"""

import hashlib
import json
import platform
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from tests.trace import NOT_YET_SHOWN, Requirement, Shown, Trace

ROOT = Path(__file__).parent.parent
RISKS = ROOT / "docs" / "risks.yaml"
MUST = "M"
# What decides how the product behaves, and what it was tested with.
HASHED = (
    "requirements.txt", "requirements-dev.txt", "docs/openapi.json", "docs/requirements.md",
    "docs/risks.yaml", "migrations/HEAD",
)  # fmt: skip
FOLDERS = ("epro", "questionnaires", "notifications", "migrations", "tests")
PACKAGES = ("flask", "sqlalchemy", "marshmallow", "psycopg", "cryptography", "gunicorn", "twilio")
STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;color:#1d2b36;margin:0 auto;
max-width:1100px;padding:24px}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;
padding:6px 10px 6px 0;border-bottom:1px solid #e3e8ec}code{font-size:12px;word-break:break-all}
.good,.bad{padding:12px 16px;border-radius:8px;font-weight:600}
.good{background:#e3f3e8;color:#14532d}
.bad{background:#fbe4e9;color:#7f1235}.failed{color:#a3123f;font-weight:600}ul{margin:0;padding-left:16px}
"""


@dataclass(frozen=True, slots=True)
class Risk:
    """What goes wrong where a requirement is not met: a kind of harm, and a sentence."""

    harm: str
    risk: str


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement with its risk, its tests by name and result, and whether that is enough."""

    requirement: Requirement
    risk: Risk | None
    tests: dict[str, str]

    @property
    def fault(self) -> str:
        """What is missing, in words; empty where nothing is."""
        if self.risk is None:
            return "has no risk in docs/risks.yaml"
        if any(result.startswith("failed") for result in self.tests.values()):
            return "has a test that failed"
        is_shown = any(result.startswith("passed") for result in self.tests.values())
        if not is_shown and self.requirement.level == MUST:
            return "has no test that passed"
        return ""


def read_risks(text: str) -> dict[str, Risk]:
    """Read docs/risks.yaml."""
    return {id_: Risk(**said) for id_, said in yaml.safe_load(text).items()}


def lines_of(
    known: Mapping[str, Requirement], risks: Mapping[str, Risk], shown: Mapping[str, Shown]
) -> list[Line]:
    """Return a line for each requirement, in their order."""
    tests: dict[str, dict[str, str]] = defaultdict(dict)
    for name, test in sorted(shown.items()):
        for id_ in test.requirements:
            tests[id_][name] = test.result
    return [Line(one, risks.get(id_), tests[id_]) for id_, one in known.items()]


class Validation:
    """Writes the pack when the run is over, and fails the run where something is missing."""

    def __init__(self, trace: Trace, folder: Path) -> None:
        self._trace, self._folder = trace, folder

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):
            return
        risks = read_risks(RISKS.read_text(encoding="utf-8"))
        lines = lines_of(self._trace.known, risks, self._trace.shown)
        tested = dict(what_was_tested())
        self._folder.mkdir(parents=True, exist_ok=True)
        run_fault = fault_of_run(session)
        content = {
            "tested": tested,
            "run_fault": run_fault,
            "requirements": [
                {**asdict(one), "fault": one.fault} for one in lines
            ],
        }  # fmt: skip
        as_json = json.dumps(content, ensure_ascii=False, indent=1)
        (self._folder / "validation.json").write_text(as_json, encoding="utf-8")
        sha256 = hashlib.sha256(as_json.encode()).hexdigest()
        page = page_of(lines, tested, sha256, run_fault=run_fault)
        (self._folder / "index.html").write_text(page, encoding="utf-8")
        if any(one.fault for one in lines) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        risks = read_risks(RISKS.read_text(encoding="utf-8"))
        lines = lines_of(self._trace.known, risks, self._trace.shown)
        terminalreporter.section("validation")
        for one in lines:
            if one.fault:
                terminalreporter.line(f"{one.requirement.id} {one.fault}")
        terminalreporter.line(f"Written to {self._folder / 'index.html'}")


def fault_of_run(session: pytest.Session) -> str:
    """Return what is wrong with the run as a whole, in words; empty where nothing is.

    Tests that show no requirement fail too, files cannot be read, and a run can be broken off.
    """
    if session.exitstatus == pytest.ExitCode.OK:
        return ""
    ended = pytest.ExitCode(session.exitstatus).name.lower().replace("_", " ")
    return f"The run did not pass ({ended}): {session.testsfailed} failed."


def what_was_tested() -> Iterator[tuple[str, str]]:
    """Yield names and versions or hashes of everything that the result depends on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield "Product", f"{project['name']} {project['version']}"
    yield "Commit", _git("rev-parse", "HEAD") or "none"
    yield "Changed since", "yes" if _git("status", "--porcelain") else "no"
    yield "Tested", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in PACKAGES:
        yield name, version(name)
    for name in HASHED:
        yield f"SHA-256 of {name}", _sha256(ROOT / name)
    for name in FOLDERS:
        yield f"SHA-256 of {name}/", _sha256(ROOT / name)


def page_of(
    lines: list[Line], tested: Mapping[str, str], json_sha256: str, *, run_fault: str
) -> str:
    """Return the pack as one page that needs no other file."""
    faults = [one for one in lines if one.fault]
    colour = "bad" if run_fault else "good"
    verdict = (
        f'<p class="bad">{len(faults)} of {len(lines)} requirements are not shown.</p><ul>'
        + "".join(f"<li>{one.requirement.id} {escape(one.fault)}</li>" for one in faults)
        + "</ul>"
        if faults
        else f'<p class="{colour}">All {len(lines)} requirements are shown.</p>'
    )
    verdict = (f'<p class="bad">{escape(run_fault)}</p>' if run_fault else "") + verdict
    facts = "".join(
        f"<tr><th>{escape(name)}</th><td><code>{escape(said)}</code></td></tr>"
        for name, said in {**tested, "SHA-256 of validation.json": json_sha256}.items()
    )
    head = "<tr><th>Requirement</th><th>Risk</th><th>Tests and results</th></tr>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Validation pack</title>'
        f"<style>{STYLE}</style></head><body><h1>Validation pack</h1>{verdict}"
        "<p>Written by the test run itself. A test may show a part of a requirement.</p>"
        f"<h2>Requirement, risk, test, result</h2><table>{head}{''.join(map(_row, lines))}</table>"
        f"<h2>What was tested</h2><table>{facts}</table></body></html>\n"
    )


def _row(one: Line) -> str:
    must = "must" if one.requirement.level == MUST else "should"
    risk = f"<b>{escape(one.risk.harm)}</b>: {escape(one.risk.risk)}" if one.risk else "none stated"
    tests = "".join(
        f'<li class="{result.split()[0]}"><code>{escape(name)}</code> {escape(result)}</li>'
        for name, result in one.tests.items()
    )
    return (
        f"<tr><td><b>{one.requirement.id}</b> ({must}) {escape(one.requirement.title)}</td>"
        f"<td>{risk}</td><td><ul>{tests or f'<li>{NOT_YET_SHOWN}</li>'}</ul></td></tr>"
    )


def _sha256(path: Path) -> str:
    """Return the hash of a file, or of all files of a folder by name and content."""
    digest = hashlib.sha256()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _git(*arguments: str) -> str:
    ended = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return ended.stdout.strip() if ended.returncode == 0 else ""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--validate-to", type=Path, metavar="FOLDER", help="write the validation pack there"
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--validate-to")
    trace = config.pluginmanager.get_plugin("requirement-trace")
    if folder is not None and isinstance(trace, Trace):
        config.pluginmanager.register(Validation(trace, folder), "validation-pack")

"""Requirements and the tests that show them: the `req` mark, and `--trace-to FILE`.

    @pytest.mark.req("S-04", "N-03")

An id that docs/requirements.md does not list stops the run before any test. With `--trace-to`
the run ends by writing a table of requirements, tests and results.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parent.parent / "docs" / "requirements.md"
ROW = re.compile(r"^\| (?P<id>[A-Z]-\d{2}) \| (?P<level>[MS]) \| (?P<title>.+?) \|$", re.MULTILINE)
PROPERTY = "requirements"
NOT_YET_SHOWN = "not yet shown"


@dataclass(frozen=True, slots=True)
class Requirement:
    id: str
    level: str
    title: str


@dataclass(slots=True)
class Shown:
    """How the cases of one test ended; a parametrised test has several."""

    requirements: tuple[str, ...]
    cases: dict[str, str] = field(default_factory=dict)

    @property
    def result(self) -> str:
        counted = Counter(self.cases.values())
        worst = next((end for end in ("failed", "skipped") if counted[end]), "passed")
        return worst if len(self.cases) == 1 else f"{worst} ({counted[worst]} of {len(self.cases)})"


def read_requirements(text: str) -> dict[str, Requirement]:
    """Read the tables of docs/requirements.md, in their order."""
    return {row["id"]: Requirement(**row.groupdict()) for row in ROW.finditer(text)}


def requirements_of(item: pytest.Item, known: Mapping[str, Requirement]) -> tuple[str, ...]:
    """Return the ids on a test; raise UsageError for an unknown one or a mark without any."""
    ids: list[str] = []
    for mark in item.iter_markers("req"):
        unknown = [id_ for id_ in mark.args if id_ not in known]
        if unknown or not mark.args or mark.kwargs:
            named = ", ".join(map(repr, unknown)) or "nothing"
            raise pytest.UsageError(
                f"{item.nodeid}: @pytest.mark.req names {named}, "
                f"which is no requirement of docs/{REQUIREMENTS.name}"
            )
        ids += mark.args
    return tuple(dict.fromkeys(ids))


class Trace:
    """Collects during a run; under xdist the ids travel with the reports."""

    def __init__(self, known: Mapping[str, Requirement], file: Path | None) -> None:
        self.known = known
        self._file = file
        self.shown: dict[str, Shown] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if ids := requirements_of(item, self.known):
                item.user_properties.append((PROPERTY, " ".join(ids)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = next((str(ids) for name, ids in report.user_properties if name == PROPERTY), "")
        if not ids or (report.when != "call" and report.passed):
            return
        # Whatever went wrong while setting up or tearing down is a failure of the test.
        test = self.shown.setdefault(report.nodeid.split("[")[0], Shown(tuple(ids.split())))
        if test.cases.get(report.nodeid) != "failed":
            test.cases[report.nodeid] = report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._file and not hasattr(session.config, "workerinput"):
            self._file.write_text("\n".join(self._lines()) + "\n", encoding="utf-8")

    def _lines(self) -> Iterator[str]:
        tests = defaultdict(list)
        for name, test in self.shown.items():
            for id_ in test.requirements:
                tests[id_].append((name, test.result))
        missing = [requirement for requirement in self.known.values() if not tests[requirement.id]]

        yield "# Which test shows which requirement"
        yield ""
        yield (
            f"Written by the test run itself (`make trace`): {len(self.known) - len(missing)} of "
            f"{len(self.known)} requirements have a test. A test may show a part of a requirement."
        )
        yield ""
        yield "| Requirement | Level | Test | Result |"
        yield "|---|---|---|---|"
        for requirement in self.known.values():
            for name, result in sorted(tests[requirement.id]):
                yield f"| {requirement.id} | {requirement.level} | `{name}` | {result} |"
        yield from _missing_lines(missing)


def _missing_lines(missing: Iterable[Requirement]) -> Iterator[str]:
    yield ""
    yield "## Not yet shown"
    yield ""
    yield "| Requirement | Level | What it asks | Result |"
    yield "|---|---|---|---|"
    for requirement in missing:
        yield f"| {requirement.id} | {requirement.level} | {requirement.title} | {NOT_YET_SHOWN} |"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--trace-to", type=Path, metavar="FILE", help="write which test shows which requirement"
    )


def pytest_configure(config: pytest.Config) -> None:
    known = read_requirements(REQUIREMENTS.read_text(encoding="utf-8"))
    config.pluginmanager.register(Trace(known, config.getoption("--trace-to")), "requirement-trace")

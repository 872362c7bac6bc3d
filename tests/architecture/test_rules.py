"""The house rules hold in every file, and each rule sees what it is meant to see."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.sources import ROOT, files_of_tests, name_of, product_files, tree_of

LONGEST_FILE = 400
CLOCK = ROOT / "epro" / "clock.py"

Rule = Callable[[ast.Module], Iterator[int]]


def test_no_import_stands_inside_a_function() -> None:
    assert _offences(rules.imports_inside_functions, product_files()) == []


def test_only_the_clock_module_reads_the_clock() -> None:
    others = [file for file in product_files() if file != CLOCK]

    assert _offences(rules.clock_reads, others) == []
    assert list(rules.clock_reads(tree_of(CLOCK)))


def test_services_and_tables_never_commit() -> None:
    inner = [file for file in product_files() if {"services", "models"} & set(file.parts)]

    assert _offences(rules.commits, inner) == []


def test_routes_and_pages_write_by_the_door_that_looks_through_what_staff_typed() -> None:
    edges = [file for file in product_files() if {"api", "web"} & set(file.parts)]

    by_another = [
        name_of(file) for file in edges if "database.transaction(" in file.read_text("utf-8")
    ]

    assert by_another == ["epro/api/context.py"]


def test_every_test_asserts_something() -> None:
    assert _offences(rules.tests_without_assertion, files_of_tests()) == []


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    """A migration is one step, however long; it cannot be split afterwards."""
    files = {name_of(file): file for file in (*product_files(), *files_of_tests())}
    lengths = {
        name: _line_count(file)
        for name, file in files.items()
        if not name.startswith("migrations/versions/")
    }

    assert {name: count for name, count in lengths.items() if count > LONGEST_FILE} == {}


def test_package_files_are_empty_except_the_one_that_gathers_the_tables() -> None:
    filled = [
        name_of(file)
        for file in (*product_files(), *files_of_tests())
        if file.name == "__init__.py" and file.read_text(encoding="utf-8").strip()
    ]

    assert set(filled) <= {"epro/models/__init__.py"}


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (rules.imports_inside_functions, "def f():\n    if x:\n        import json"),
        (
            rules.imports_inside_functions,
            "class C:\n    async def f(self):\n        from a import b",
        ),
        (rules.clock_reads, "datetime.now(UTC)"),
        (rules.clock_reads, "moment = datetime.datetime.utcnow"),
        (rules.clock_reads, "date.today()"),
        (rules.clock_reads, "time.time()"),
        (rules.clock_reads, "from time import time"),
        (rules.clock_reads, "Column(server_default=func.now())"),
        (rules.clock_reads, "sa.func.current_timestamp()"),
        (rules.commits, "def f(session):\n    session.commit()"),
        (rules.commits, "self.database.session.commit()"),
        (rules.tests_without_assertion, "def test_a():\n    f()"),
    ],
)
def test_a_rule_finds_its_breach(rule: Rule, source: str) -> None:
    assert list(rule(ast.parse(source))) != []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (rules.imports_inside_functions, "if TYPE_CHECKING:\n    import json"),
        (rules.clock_reads, "clock.now()"),
        (rules.clock_reads, "parts().clock.now()"),
        (rules.clock_reads, "context.now()"),
        (rules.clock_reads, "time.monotonic()"),
        (rules.clock_reads, "plan(now=now)"),
        (rules.commits, "session.flush()"),
        (rules.tests_without_assertion, "def test_a():\n    with pytest.raises(E):\n        f()"),
        (rules.tests_without_assertion, "def helper():\n    f()"),
    ],
)
def test_a_rule_leaves_what_is_allowed_alone(rule: Rule, source: str) -> None:
    assert list(rule(ast.parse(source))) == []


def _offences(rule: Rule, files: Iterable[Path]) -> list[str]:
    return [f"{name_of(file)}:{line}" for file in files for line in sorted(rule(tree_of(file)))]


def _line_count(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())

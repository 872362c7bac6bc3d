"""The rings of imports: kept by the product, broken by each import they are there to forbid."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {
    contract["id"]: contract for contract in CONFIGURATION["tool"]["importlinter"]["contracts"]
}

# Per contract: the modules that must not have an import, and that import.
BREACHES = {
    "pure": [
        ("questionnaires.rash", "flask"),
        ("questionnaires.hasty", "sqlalchemy"),
        ("questionnaires.vague", "epro.clock"),
        ("questionnaires.loose", "notifications"),
    ],
    "rings": [
        ("epro.errors", "epro.db"),
        ("epro.db", "epro.models"),
        ("epro.models.rash", "epro.services"),
        ("epro.models.hasty", "notifications"),
        ("notifications.rash", "epro.models"),
        ("epro.exchange.rash", "epro.services"),
        ("epro.services.rash", "epro.api"),
        ("epro.jobs.rash", "epro.api"),
        ("epro.api.hasty", "epro.web"),
        ("epro.api.rash", "epro.app"),
        ("epro.services.hasty", "epro.parts"),
        ("epro.parts", "epro.jobs"),
        ("epro.app", "epro.cli"),
    ],
    "pages": [("epro.web.rash", "epro.jobs")],
    "messages": [("notifications.rash", "epro.errors"), ("notifications.hasty", "questionnaires")],
    "flask": [
        ("epro.services.rash", "flask"),
        ("epro.logs", "flask"),
        ("epro.jobs.rash", "flask_jwt_extended"),
        ("notifications.rash", "flask_smorest"),
    ],
    "wire": [("epro.services.rash", "marshmallow"), ("questionnaires.rash", "marshmallow")],
    "rehearsal": [("epro.rehearsal.rash", "epro.services"), ("epro.rehearsal.hasty", "epro.db")],
    "oracle": [
        ("epro.rehearsal.oracle.rash", "questionnaires"),
        ("epro.rehearsal.oracle.hasty", "epro.models"),
    ],
    "yaml": [("epro.services.rash", "yaml"), ("questionnaires.rash", "yaml")],
    "twilio": [("notifications.rash", "twilio"), ("epro.api.rash", "twilio")],
}

ALLOWED = [
    ("questionnaires.reading", "marshmallow"),
    ("questionnaires.sources", "yaml"),
    ("epro.services.sound", "epro.models"),
    ("epro.services.sound", "notifications"),
    ("epro.services.sound", "questionnaires"),
    ("epro.settings", "epro.errors"),
    ("notifications.sound", "epro.db"),
    ("notifications.twilio_client", "twilio"),
    ("notifications.voice", "twilio"),
    ("epro.api.edc.sound", "flask"),
    ("epro.api.edc.sound", "marshmallow"),
    ("epro.web.console.sound", "flask"),
    ("epro.web.console.sound", "epro.api"),
    ("epro.app", "flask_smorest"),
    ("epro.cli", "epro.app"),
]


def test_the_product_keeps_every_contract() -> None:
    report = _lint(ROOT)

    assert report.returncode == 0, report.stdout


def test_every_contract_is_proved_by_a_breach() -> None:
    assert set(BREACHES) == set(CONTRACTS)


@pytest.mark.parametrize("contract", BREACHES)
def test_a_contract_breaks_at_each_import_it_is_there_to_forbid(
    tmp_path: Path, contract: str
) -> None:
    _make_outline(tmp_path, BREACHES[contract])

    report = _lint(tmp_path, "--contract", contract)

    assert f"{CONTRACTS[contract]['name']} BROKEN" in report.stdout
    assert _named(report.stdout) >= set(BREACHES[contract])
    assert report.returncode == 1


def test_imports_where_they_belong_break_nothing(tmp_path: Path) -> None:
    _make_outline(tmp_path, ALLOWED)

    report = _lint(tmp_path)

    assert report.returncode == 0, report.stdout


def test_every_part_of_the_product_stands_in_a_ring() -> None:
    parts = {f"epro.{part.stem}" for part in (ROOT / "epro").iterdir() if _is_module(part)}

    assert parts - set(_ring_modules()) == set()


def _make_outline(folder: Path, imports: Sequence[tuple[str, str]]) -> None:
    """Copy the configuration and the product's outline, every module empty but for `imports`.

    Empty, so that a contract which breaks broke for an import planted here and for nothing else.
    """
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            _write_module(folder / file.relative_to(ROOT))
    for module in _ring_modules():
        if not (folder / module.replace(".", "/")).is_dir():
            _write_module(folder / f"{module.replace('.', '/')}.py")
    for importer, imported in imports:
        _write_module(folder / f"{importer.replace('.', '/')}.py", f"import {imported}\n")


def _write_module(file: Path, line: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "__init__.py").touch()
    with file.open("a", encoding="utf-8") as module:
        module.write(line)


def _ring_modules() -> list[str]:
    return re.findall(r"epro\.\w+", " ".join(CONTRACTS["rings"]["layers"]))


def _named(report: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^-? +(\S+) -> (\S+) \(l\.", report, re.MULTILINE))


def _lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *options],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def _is_module(part: Path) -> bool:
    return part.stem != "__init__" and (part.suffix == ".py" or (part / "__init__.py").exists())

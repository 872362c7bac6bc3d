"""Everything a study builder is told about a folder: what cannot be read and what it refers to.

`reading.py` knows lines; `lint.py` knows meanings, but only the finished package. Here a finding
gets the file it came from and, where the name it speaks of stands in that file, the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from questionnaires.definition import StudyPackage
from questionnaires.lint import Finding, Severity, check
from questionnaires.reading import INSTRUMENTS, read_package
from questionnaires.sources import Fault, PackageFaults

_NAMED = re.compile(r"'([^']+)'")
# The first word of a finding's place says what it speaks of; what is not here is a questionnaire.
_FILES = {
    "study": "study.yaml",
    "licence": "study.yaml",
    "block": "schedule.yaml",
    "reminder": "reminders.yaml",
    "rule": "rules.yaml",
    "silence": "rules.yaml",
    "escalation": "escalation.yaml",
    "text": "texts.yaml",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A package that may be published, and what its builder should look at nevertheless."""

    package: StudyPackage
    warnings: tuple[Fault, ...]


def check_folder(folder: Path, *, licensed_in: Sequence[Path] = ()) -> Checked:
    """Read and check a study folder. Raises PackageFaults with every fault, each with its file."""
    package = read_package(folder, licensed_in=licensed_in)
    findings = check(package)
    if faults := [one for one in findings if one.severity is Severity.FAULT]:
        raise PackageFaults(tuple(sorted(_located(folder, one) for one in faults)))
    return Checked(package, tuple(_located(folder, one) for one in findings))


def _located(folder: Path, finding: Finding) -> Fault:
    """Return the finding as a fault of the file it most likely comes from."""
    subject = finding.place.split(" ", maxsplit=1)[0]
    named = _NAMED.search(finding.place)
    files = list(_files(folder, subject))
    for file in files:
        if named and (line := _line_of(file, named[1])):
            return Fault(_shown(folder, file), finding.place, finding.reason, line)
    return Fault(_shown(folder, files[0]), finding.place, finding.reason)


def _files(folder: Path, subject: str) -> Iterator[Path]:
    if subject in _FILES:
        yield folder / _FILES[subject]
        return
    homes = (folder, INSTRUMENTS)
    yield from (path for home in homes if (path := home / f"{subject}.yaml").exists())
    yield from (part for home in homes for part in sorted((home / "parts").glob("*.yaml")))
    yield folder / "study.yaml"


def _line_of(file: Path, name: str) -> int | None:
    """Return the line on which the name is given to something: `code: S1`, `- id: R01`."""
    words = [re.escape(word) for word in name.split(".")]
    given = re.compile(r".*?".join(rf"\b(?:link_id|id|code|key|block): {word}\b" for word in words))
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if given.search(line):
            return number
    return None


def _shown(folder: Path, file: Path) -> str:
    inside = file.is_relative_to(folder)
    return (
        str(file.relative_to(folder)) if inside else f"instruments/{file.relative_to(INSTRUMENTS)}"
    )

"""An amendment over the command line: published, compared, activated for a later day."""

import json
import shutil
from pathlib import Path

import pytest

from epro.db import Database
from questionnaires.reading import INSTRUMENTS
from tests.cli.test_commands import Give, give, with_site
from tests.factories import SHIPPED

__all__ = ["give"]


def amended(folder: Path) -> Path:
    """Copy the shipped study as version 1.1.0, with one word of the diary changed."""
    study = folder / "study"
    shutil.copytree(SHIPPED, study)
    text = (study / "study.yaml").read_text("utf-8")
    (study / "study.yaml").write_text(
        text.replace("version: 1.0.0", "version: 1.1.0", 1), encoding="utf-8"
    )
    diary = (INSTRUMENTS / "daily.yaml").read_text("utf-8")
    changed = diary.replace("version: 1.0.0", "version: 1.1.0", 1).replace("Daily diary", "Diary")
    (study / "daily.yaml").write_text(changed, encoding="utf-8")
    return study


@pytest.mark.req("S-10", "Q-01")
def test_an_amendment_is_compared_published_and_activated_for_a_later_day(
    fresh_database: Database, give: Give, tmp_path: Path
) -> None:
    with_site(fresh_database)
    first = ("study", "publish", str(SHIPPED), "--activate", "SZ01", "--from", "2026-01-01")
    assert give(*first).exit_code == 0
    study = str(amended(tmp_path))

    compared = give("study", "diff", "1.0.0", study)
    old = give("questionnaire", "export", "daily", "--published")
    published = give("study", "publish", study)
    too_early = give("study", "activate", "1.1.0", "--site", "SZ01", "--from", "2026-01-02")
    activated = give("study", "activate", "1.1.0", "--site", "SZ01", "--from", "2098-02-01")
    shown = give("study", "show")
    new = give("questionnaire", "export", "daily", "--published")
    old_again = give("questionnaire", "export", "daily", "--published", "--version", "1.0.0")
    never = give("questionnaire", "export", "daily", "--published", "--version", "9.0.0")

    assert "~ version: 1.0.0 → 1.1.0" in compared.output
    assert "~ questionnaires.daily.title.en: Daily diary → Diary" in compared.output
    assert compared.output.endswith("3 differences.\n")
    assert published.exit_code == 0, published.output
    assert "from tomorrow on" in too_early.output
    assert activated.exit_code == 0, activated.output
    assert shown.output.index("SZ01 from 2026-01-01") < shown.output.index("1.1.0")
    assert shown.output.rstrip().endswith("SZ01 from 2098-02-01")
    assert json.loads(new.stdout)["version"] == "1.1.0"
    assert old_again.stdout == old.stdout
    assert "No daily 9.0.0 is published." in never.output


@pytest.mark.req("Q-01")
def test_what_is_published_is_not_changed_under_its_version(
    fresh_database: Database, give: Give, tmp_path: Path
) -> None:
    study = amended(tmp_path)
    assert give("study", "publish", str(study)).exit_code == 0
    diary = study / "daily.yaml"
    diary.write_text(diary.read_text("utf-8").replace("Diary", "Notes"), encoding="utf-8")

    again = give("study", "publish", str(study))

    assert again.exit_code == 1
    assert "Give the changed package a new version." in again.output


def test_a_version_that_is_not_published_is_told(fresh_database: Database, give: Give) -> None:
    with_site(fresh_database)

    told = give("study", "activate", "9.9.9", "--site", "SZ01", "--from", "2098-02-01")

    assert "There is no published version 9.9.9. See: epro study show" in told.output


@pytest.mark.req("V-03")
def test_a_study_begins_with_files_that_can_be_published(give: Give, tmp_path: Path) -> None:
    folder = tmp_path / "garden"

    begun = give("study", "new", str(folder), "--code", "garden-01")
    checked = give("study", "check", str(folder))
    again = give("study", "new", str(folder), "--code", "garden-01")

    assert begun.exit_code == 0, begun.output
    assert checked.output.startswith("garden-01 1.0.0: New study")
    assert checked.output.endswith("No faults.\n")
    assert "is not empty" in again.output

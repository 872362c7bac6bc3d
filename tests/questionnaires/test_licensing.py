"""Licensed instruments lie outside, come with their licence, and are used only as it allows."""

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from epro.logs import ROOT
from questionnaires.checking import check_folder
from questionnaires.definition import StudyPackage
from questionnaires.licensing import expired_on
from questionnaires.reading import (
    INSTRUMENTS,
    from_canonical_json,
    read_package,
    to_canonical_json,
)
from questionnaires.sources import PackageFaults
from tests.questionnaires.forms import STUDY, shipped
from tests.questionnaires.licensed import LICENCE, garden_folder

# Names of instruments that others hold the rights to; facts, unlike their wording.
OTHERS = re.compile(
    r"pro.?ctcae|lupusqol|facit|promis\b|sf.?36|eq.?5d|phq.?\d|hads|eortc|qlq", re.IGNORECASE
)

# The study takes answers in more ways than the licence allows; its words are answered in fewer.
NARROWED = """\
  - {questionnaire: garden, modes: [own_device]}
  - {questionnaire: weekly, modes: [own_device, site_tablet]}
"""


def changed_study(home: Path, *changes: tuple[str, str], weekly: bool = False) -> Path:
    """Copy the shipped study, name the invented instrument in it, and change more."""
    folder = home / "study"
    shutil.copytree(STUDY, folder)
    file = folder / "study.yaml"
    text = file.read_text("utf-8")
    named = ("questionnaires: [", "licensed: [garden_scale]\n\nquestionnaires: [garden, ")
    narrowed = ("form_modes:\n", f"form_modes:\n{NARROWED}")
    for old, new in (named, narrowed, *changes):
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    if weekly:
        own = (INSTRUMENTS / "weekly.yaml").read_text("utf-8").replace("1.0.0", "1.1.0", 1)
        (folder / "weekly.yaml").write_text(f"{own}  - include: garden_rows\n", encoding="utf-8")
    return folder


def faults(folder: Path, *homes: Path) -> str:
    with pytest.raises(PackageFaults) as refused:
        check_folder(folder, licensed_in=homes)
    return str(refused.value)


def with_garden(tmp_path: Path) -> StudyPackage:
    return read_package(changed_study(tmp_path, weekly=True), licensed_in=[garden_folder(tmp_path)])


@pytest.mark.req("Q-02")
def test_a_licensed_instrument_comes_with_its_licence_and_the_forms_that_hold_its_words(
    tmp_path: Path,
) -> None:
    (use,) = with_garden(tmp_path).licensed

    assert (use.instrument, use.licence.holder) == ("garden_scale", "Example Garden Society")
    assert use.questionnaires == ("garden", "weekly")


@pytest.mark.req("Q-02")
def test_items_of_a_licensed_instrument_stand_after_the_safety_check(tmp_path: Path) -> None:
    weekly = with_garden(tmp_path).questionnaire("weekly")

    assert weekly is not None
    asked = [item.link_id for item in weekly.items]
    assert asked.index("help_now") < asked.index("garden_birds") == len(asked) - 1


@pytest.mark.req("Q-02")
def test_the_licence_is_frozen_with_the_package(tmp_path: Path) -> None:
    package = with_garden(tmp_path)

    assert from_canonical_json(to_canonical_json(package)) == package
    assert '"reference":"EGS-2026-017"' in to_canonical_json(package)


@pytest.mark.req("Q-02")
def test_without_a_licence_record_nothing_is_read(tmp_path: Path) -> None:
    home = garden_folder(tmp_path, licence=None)

    told = faults(changed_study(tmp_path), home)

    assert "garden_scale/licence.yaml: is missing" in told


@pytest.mark.req("Q-02")
def test_an_instrument_that_lies_nowhere_is_told_by_name(tmp_path: Path) -> None:
    told = faults(changed_study(tmp_path), tmp_path)

    assert "names 'garden_scale', which is in no folder of licensed instruments" in told
    assert re.search(r"study\.yaml, line \d+: licensed\[0\]", told)


@pytest.mark.req("Q-02")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[zh, en]", "[zh]", "does not allow the language en"),
        ("[own_device, site_tablet]", "[site_tablet]", "does not allow answers by own_device"),
        ("holder: Example Garden Society\n", "", "licence.yaml, line 1: holder is missing"),
        ("reference: EGS-2026-017\n", "", "reference is missing"),
        ('"2026-12-31"', "2026-12-31", "which YAML takes for a timestamp"),
        ('"2026-12-31"', '"next year"', "needs its last day as valid_until"),
    ],
)
def test_what_the_licence_does_not_allow_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in LICENCE
    home = garden_folder(tmp_path, licence=LICENCE.replace(old, new))

    assert told in faults(changed_study(tmp_path), home)


@pytest.mark.req("Q-02", "P-08")
def test_a_form_that_takes_more_modes_than_its_licence_is_refused(tmp_path: Path) -> None:
    folder = changed_study(tmp_path, (NARROWED.splitlines(keepends=True)[0], ""))

    told = faults(folder, garden_folder(tmp_path))

    assert "does not allow answers by telephone_interview" in told
    assert "does not allow answers by own_device" not in told


@pytest.mark.req("P-08")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{questionnaire: nettle, modes: [own_device]}", "is no questionnaire of this study"),
        ("{questionnaire: garden, modes: [site_tablet]}", "stands there twice"),
        ("{questionnaire: daily, modes: []}", "could be answered in no way"),
        (
            "{questionnaire: daily, modes: [by_pigeon]}",
            "must be one of: own_device, provisioned_device",
        ),
    ],
)
def test_modes_of_forms_that_make_no_sense_are_refused(
    tmp_path: Path, line: str, told: str
) -> None:
    folder = changed_study(tmp_path, ("form_modes:\n", f"form_modes:\n  - {line}\n"))

    assert told in faults(folder, garden_folder(tmp_path))


@pytest.mark.req("P-08")
def test_a_form_takes_no_mode_that_its_study_does_not(tmp_path: Path) -> None:
    folder = changed_study(
        tmp_path,
        (" telephone_interview,", ""),
        ("provisioned_device, site_tablet, paper", "provisioned_device, paper"),
    )

    assert "allows site_tablet, which the study does not" in faults(folder, garden_folder(tmp_path))


@pytest.mark.req("Q-02")
def test_a_licence_that_nothing_uses_is_told(tmp_path: Path) -> None:
    folder = changed_study(tmp_path, ("questionnaires: [garden, ", "questionnaires: ["))

    assert "belongs to no questionnaire" in faults(folder, garden_folder(tmp_path))


@pytest.mark.req("Q-02")
def test_a_licence_holds_until_the_end_of_its_last_day(tmp_path: Path) -> None:
    uses = with_garden(tmp_path).licensed

    assert expired_on(uses, date(2026, 12, 31)) == ()
    assert expired_on(uses, date(2027, 1, 1)) == uses


# --- The repository itself


@pytest.mark.req("Q-02")
def test_nothing_in_the_repository_is_licensed_to_us() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert [name for name in listed if Path(name).name.startswith("licence.y")] == []
    named = [name for name in listed if OTHERS.search(name) and name.endswith((".yaml", ".yml"))]
    assert named == []
    assert shipped().licensed == ()


@pytest.mark.req("Q-02")
def test_no_questionnaire_in_the_repository_bears_the_name_of_a_licensed_one() -> None:
    files = sorted([*INSTRUMENTS.rglob("*.yaml"), *STUDY.parent.rglob("*.yaml")])
    named = {
        file.name: OTHERS.findall(file.read_text("utf-8"))
        for file in files
        if OTHERS.search(re.sub(r"(?m)^\s*#.*$", "", file.read_text("utf-8")))
    }

    assert len(files) > 20
    assert named == {}

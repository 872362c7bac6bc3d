"""What a study builder is told: file, line, place and reason of everything that is wrong."""

import shutil
from pathlib import Path

import pytest

from questionnaires.checking import check_folder
from questionnaires.reading import INSTRUMENTS
from questionnaires.sources import PackageFaults

STUDY = INSTRUMENTS.parent / "studies" / "bk-sle-i-01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STUDY, tmp_path / "study"))


def test_the_shipped_study_may_be_published() -> None:
    assert check_folder(STUDY).package.code == "bk-sle-i-01"


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("schedule.yaml", "questionnaire: morning_check", "questionnaire: evening", "block 'S4'"),
        ("reminders.yaml", "template: morning_open", "template: nowhere", "reminder step"),
        ("rules.yaml", "answer: breathing}", "answer: flying}", "rule 'R"),
        ("texts.yaml", "请打开您的日记。", "请看 http://example.org", "text 'diary_open'"),
    ],
)
def test_what_a_name_refers_to_is_told_with_its_file_and_line(
    folder: Path, file: str, old: str, new: str, place: str
) -> None:
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    with pytest.raises(PackageFaults) as refused:
        check_folder(folder)

    found = [fault for fault in refused.value.faults if fault.path.startswith(place)]
    assert found
    assert all(fault.file == file and fault.line for fault in found)
    assert all(fault.reason for fault in found)


@pytest.mark.req("Q-01")
def test_every_fault_is_told_and_not_only_the_first(folder: Path) -> None:
    for file in ("schedule.yaml", "reminders.yaml"):
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8").replace("S4", "S9"), encoding="utf-8")
    texts = folder / "texts.yaml"
    texts.write_text(
        texts.read_text(encoding="utf-8").replace("日记", "临床试验"), encoding="utf-8"
    )

    with pytest.raises(PackageFaults) as refused:
        check_folder(folder)

    assert {fault.file for fault in refused.value.faults} >= {"texts.yaml"}
    assert len(refused.value.faults) > 1

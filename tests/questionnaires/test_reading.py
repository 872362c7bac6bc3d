"""Every fault of a study folder is told: file, line, the way to the value, and plain words."""

import re
import shutil
from pathlib import Path

import pytest

from questionnaires.escalating import Elapsed, OnWorkingDay, SinceOpening
from questionnaires.reading import read_package
from questionnaires.schedule import AnchorEvent, ClockTime, OffsetDay, SinceAnchor, StudyDay
from questionnaires.sources import Fault, PackageFaults
from tests.questionnaires.forms import STUDY, shipped

SMALL = """\
code: small
version: 1.0.0
kind: daily
minutes: 1
title: {zh: 小日记, en: Small diary}
items:
  - link_id: pain
    type: nrs
    text: {zh: 多痛？, en: How much pain}
    ends: {low: {zh: 不痛, en: No pain}, high: {zh: 很痛, en: Much pain}}
  - link_id: sleep
    type: choice
    text: {zh: 睡得好吗, en: Did you sleep well}
    choices:
      - {code: good, text: {zh: 好, en: Well}}
      - {code: bad, text: {zh: 不好, en: Badly}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A copy of the shipped study that also asks the small questionnaire."""
    folder = tmp_path / "study"
    shutil.copytree(STUDY, folder)
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    asked = re.compile(r"^questionnaires: \[.*?\]", re.DOTALL | re.MULTILINE)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(
        asked.sub("questionnaires: [daily, infusion_evening, small]", text), encoding="utf-8"
    )
    return folder


def change(study: Path, file: str, old: str, new: str) -> None:
    path = study / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(study: Path) -> tuple[Fault, ...]:
    with pytest.raises(PackageFaults) as caught:
        read_package(study)
    return caught.value.faults


def fault_after(study: Path, file: str, old: str, new: str) -> Fault:
    """Return the one fault that a change makes."""
    change(study, file, old, new)
    (fault,) = faults(study)
    assert fault.file == file
    return fault


@pytest.mark.req("Q-01")
def test_the_shipped_study_reads_clean() -> None:
    assert shipped().code == "bk-sle-i-01"


@pytest.mark.req("Q-01")
def test_a_questionnaire_of_the_study_folder_is_read(study: Path) -> None:
    small = read_package(study).questionnaire("small")

    assert small is not None
    assert [item.link_id for item in small.items] == ["pain", "sleep"]


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("text: {zh: 不好, en: Badly}", "text: {zh: 不好}"),
        ("text: {zh: 不好, en: Badly}", 'text: {zh: 不好, en: ""}'),
        ("text: {zh: 不好, en: Badly}", "text: {zh: 不好, en: }"),
    ],
)
def test_a_missing_translation_is_named_to_the_line(study: Path, old: str, new: str) -> None:
    fault = fault_after(study, "small.yaml", old, new)

    assert (fault.path, fault.line) == ("items[1].choices[1].text.en", 16)
    assert fault.reason in {"is missing", "is empty"}


@pytest.mark.req("Q-01")
def test_an_unknown_name_is_refused(study: Path) -> None:
    fault = fault_after(study, "small.yaml", "    type: choice", "    type: choice\n    typo: 1")

    assert (fault.path, fault.line) == ("items[1].typo", 13)
    assert fault.reason == "is not a name known here"


@pytest.mark.req("Q-01")
def test_a_missing_name_is_told_at_the_place_it_belongs_to(study: Path) -> None:
    fault = fault_after(study, "small.yaml", "  - link_id: sleep\n    type", "  - type")

    assert (fault.path, fault.line, fault.reason) == ("items[1].link_id", 11, "is missing")


@pytest.mark.req("Q-01")
def test_a_name_written_twice_is_refused(study: Path) -> None:
    fault = fault_after(study, "small.yaml", "minutes: 1", "minutes: 1\nminutes: 2")

    assert (fault.path, fault.reason) == ("minutes", "is written twice, again in line 5")


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("small.yaml", "minutes: 1", 'minutes: "1"', "must be a whole number"),
        ("small.yaml", "minutes: 1", "minutes: 1.5", "must be a whole number"),
        ("small.yaml", "minutes: 1", "minutes: true", "must be a whole number"),
        ("small.yaml", "version: 1.0.0", "version: 1.0", "must be text; put it in quotes"),
        ("small.yaml", "type: choice", "type: chioce", "must be one of: nrs, vas, choice, multi"),
        ("small.yaml", "    type: nrs", "    type: nrs\n    optional: 1", "must be true or false"),
        ("small.yaml", "    type: nrs", "    type: nrs\n    hard_min: low", "must be a number"),
        ("small.yaml", "text: {zh: 好, en: Well}", "text: Well", "must be named values"),
        ("study.yaml", "[zh, en]", "zh", "must be a list"),
        ("study.yaml", "daily, inf", "dialy, inf", "names a file dialy.yaml that is neither here"),
        ("study.yaml", "daily, inf", "../daily, inf", "names a file ../daily.yaml that is neither"),
        ("schedule.yaml", 'due: "21:00"', "due: 9 pm", 'must be a time in quotes: "17:00"'),
        ("schedule.yaml", 'due: "21:00"', 'due: "24:30"', "A minute of the day lies in 0..1440"),
        ("schedule.yaml", "4h}", "4 hours}", "must be a time in quotes, or {after_anchor"),
        ("schedule.yaml", "{days_after: -3}", "-3", "must be {days_after: 1} or {study_day: 28}"),
        ("schedule.yaml", "anchor: INF1\n", "anchor: INF3\n", "must be one of: ENR, INF1_PLANNED"),
        ("rules.yaml", "advice: red_b\n", "advice: red_c\n", "names 'red_c', which is not among"),
        ("rules.yaml", "answer: 390", "answer: [390]", "must be one value"),
        ("rules.yaml", "tier: RED_B", "tier: RED", "must be one of: RED_A, RED_B"),
        ("reminders.yaml", "limit: 2", "limit: two", "must be a whole number"),
        ("rules.yaml", "early_tier: ORANGE", "early_tier: RED", "must be one of: RED_A, RED_B"),
        ("rules.yaml", "minutes_after_due: 120", "minutes_after_due: 2h", "must be a whole number"),
        ("escalation.yaml", ": {after: 30min}", ": {after: soon}", "must be {after: 30min}"),
        ("escalation.yaml", ": {after: 30min}", ": {before: 30min}", "must be {after: 30min}"),
        ("escalation.yaml", ": {working_day: 1,", ": {working_day: 0,", "must be {after: 30min}"),
        ("escalation.yaml", "[coordinator,", "[nurse,", "must be one of: coordinator, on_call"),
        ("escalation.yaml", "case: tonight", "case: today", "must be one of: always, tonight"),
        ("escalation.yaml", "days: [mon,", "days: [monday,", "must be one of: mon, tue, wed"),
    ],
)
def test_each_wrong_value_is_told_in_plain_words(
    study: Path, file: str, old: str, new: str, reason: str
) -> None:
    fault = fault_after(study, file, old, new)

    assert fault.reason.startswith(reason)
    assert fault.line is not None


@pytest.mark.req("Q-01")
@pytest.mark.parametrize("trap", ["18:00", "08:00"])
def test_a_time_without_quotes_is_a_fault_that_says_so(study: Path, trap: str) -> None:
    fault = fault_after(study, "reminders.yaml", 'at: "18:00"', f"at: {trap}")

    assert fault.path == "steps[0].at"
    assert "put it in quotes" in fault.reason


@pytest.mark.req("Q-01")
@pytest.mark.parametrize("trap", ["no", "yes", "on", "Off", "True"])
def test_words_that_yaml_takes_for_true_or_false_are_a_fault(study: Path, trap: str) -> None:
    fault = fault_after(study, "small.yaml", "code: bad", f"code: {trap}")

    assert (fault.path, fault.line) == ("items[1].choices[1].code", 16)
    assert fault.reason.startswith(f"is `{trap}`, which YAML takes for yes or no")


@pytest.mark.req("Q-01")
@pytest.mark.parametrize("trap", ["2026-01-01", "0755", "1_000", ".inf", "0x1F", "12:30:00"])
def test_other_things_that_yaml_changes_silently_are_a_fault(study: Path, trap: str) -> None:
    fault = fault_after(study, "small.yaml", "code: bad", f"code: {trap}")

    assert fault.path == "items[1].choices[1].code"
    assert "put it in quotes" in fault.reason


@pytest.mark.req("Q-01")
def test_a_questionnaire_must_bear_the_name_of_its_file(study: Path) -> None:
    fault = fault_after(study, "small.yaml", "code: small", "code: tiny")

    assert (fault.path, fault.line) == ("code", 1)


@pytest.mark.req("Q-01")
def test_a_part_that_is_not_there_is_a_fault(study: Path) -> None:
    fault = fault_after(
        study, "small.yaml", "  - link_id: pain", "  - include: pian\n  - link_id: pain"
    )

    assert (fault.path, fault.line) == ("items[0].include", 7)


@pytest.mark.req("Q-01")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"just words", "must be named values"),
        (b"a: [1, 2", "cannot be read as YAML"),
        (b"a: b: c", "cannot be read as YAML"),
        (b"\ta: 1", "cannot be read as YAML"),
        (b"a: 1\n---\nb: 1", "cannot be read as YAML"),
        (b"a: &x [1]\nb: *x", "cannot be read as YAML: references (*name) are not used here"),
        (b"a: &x [*x]", "cannot be read as YAML: references (*name) are not used here"),
        ("标题: 好".encode("gb18030"), "is not UTF-8 text"),
        pytest.param(b"a: " + b"[" * 3000, "is nested too deeply", id="deep"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_a_fault(
    study: Path, content: bytes, reason: str
) -> None:
    (study / "texts.yaml").write_bytes(content)

    (fault,) = faults(study)

    assert fault.file == "texts.yaml"
    assert fault.reason.startswith(reason)


@pytest.mark.req("Q-01")
def test_missing_files_are_all_named(tmp_path: Path) -> None:
    found = faults(tmp_path)

    assert {fault.file for fault in found} == {
        "study.yaml",
        "schedule.yaml",
        "reminders.yaml",
        "rules.yaml",
        "escalation.yaml",
        "lexicons.yaml",
        "texts.yaml",
    }
    assert {fault.reason for fault in found} == {"is missing"}


@pytest.mark.req("Q-01")
def test_all_faults_of_all_files_are_told_at_once(study: Path) -> None:
    change(study, "study.yaml", "zone: Asia/Shanghai", "zome: Asia/Shanghai")
    change(study, "schedule.yaml", 'due: "21:00"', "due: 21:00")
    change(study, "small.yaml", "type: choice", "type: chioce")
    change(study, "small.yaml", "en: Badly", "de: Schlecht")
    (study / "texts.yaml").unlink()

    found = [(fault.file, fault.path) for fault in faults(study)]

    assert sorted(found) == [
        ("schedule.yaml", "blocks[1].due"),
        ("small.yaml", "items[1].choices[1].text.de"),
        ("small.yaml", "items[1].choices[1].text.en"),
        ("small.yaml", "items[1].type"),
        ("study.yaml", "zome"),
        ("study.yaml", "zone"),
        ("texts.yaml", ""),
    ]


@pytest.mark.req("Q-01")
def test_a_fault_reads_like_a_sentence() -> None:
    fault = Fault("daily.yaml", "items[3].text.en", "is missing", 12)

    assert str(fault) == "daily.yaml, line 12: items[3].text.en is missing"


@pytest.mark.req("A-07")
def test_the_moments_of_a_ladder_are_read_as_written() -> None:
    office, outside, yellow = shipped().escalation.ladders[3:]

    assert office.acknowledge == Elapsed(4 * 60)
    assert [step.when for step in outside.steps] == [Elapsed(0), SinceOpening(0), SinceOpening(240)]
    assert yellow.acknowledge == OnWorkingDay(1, ClockTime(0, 12 * 60))


@pytest.mark.req("S-01")
def test_times_and_days_are_read_as_written() -> None:
    blocks = {block.code: block for block in shipped().schedule.blocks}

    assert blocks["S3"].opens == SinceAnchor(4 * 60)
    assert blocks["S5"].closes == ClockTime(0, 24 * 60)
    assert blocks["S5"].late_until == ClockTime(1, 12 * 60)
    assert (blocks["S5"].first, blocks["S5"].last) == (OffsetDay(1), StudyDay(28))
    assert blocks["S1"].closed_by is AnchorEvent.INF1

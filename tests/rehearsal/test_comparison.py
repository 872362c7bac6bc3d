"""Two rehearsals of two different studies beside each other: what changed is said and drawn."""

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from epro.cli import main
from epro.rehearsal import symptoms
from epro.rehearsal.population import DAY, invent
from epro.rehearsal.rates import SHIPPED as RATES
from epro.rehearsal.report.comparison import comparison_page, flags_apart
from epro.rehearsal.report.settings import differences, settings_of
from epro.rehearsal.sources import read_yaml
from tests.rehearsal.mutants import REMINDER, RULE, study_with

pytestmark = pytest.mark.req("V-02")
MONDAY = date(2026, 11, 30)


def flag(person: str, day: int, tier: str = "ORANGE", *rules: str) -> Mapping[str, Any]:
    return {"day": day, "person": person, "tier": tier, "rules": list(rules or ("R05",))}


def result(**changed: Any) -> dict[str, Any]:
    of_tier = {"count": 0, "escalated": 0, "median_minutes": None, "p90_minutes": None}
    return {
        "plan": {
            "participants": 3, "seed": 7, "weeks": 2, "begins_on": "2026-11-30", "package": "study",
        },
        "totals": {"flags": 2}, "dropped": {}, "rules": {"R05": 2, "R12": 1},
        "flags": dict.fromkeys(("RED_A", "RED_B", "ORANGE", "YELLOW"), of_tier),
        "quarters": {"reminders": [0] * 96, "answers": [0] * 96},
        "each_flag": [], "study": {}, "work": {}, "compliance": [],
    } | changed  # fmt: skip


@pytest.mark.parametrize(
    ("slip", "place"),
    [
        (REMINDER, ("reminders.yaml, steps, S5 last, at", "21:00", "20:45")),
        (RULE, ("rules.yaml, rules, R05, triggers, 1, 1, answer", "380", "384")),
    ],
)
def test_what_two_studies_say_differently_is_told_value_by_value(
    tmp_path: Path, slip: Any, place: tuple[str, str, str]
) -> None:
    before, now = (study_with(some, tmp_path / name) for name, some in (("a", []), ("b", [slip])))

    assert differences(settings_of(before), settings_of(now)) == [place]


def test_a_flag_that_only_one_has_is_told_apart_from_one_that_is_another_now() -> None:
    same, lower = flag("SZ01-001", 3), flag("SZ01-002", 4, "YELLOW", "R12")
    higher, gone, new = (
        flag("SZ01-002", 4, "ORANGE", "R12"), flag("SZ01-003", 5), flag("SZ01-001", 9)
    )  # fmt: skip

    lost, gained, other = flags_apart([same, lower, gone], [same, higher, new])

    assert (lost, gained, other) == ([gone], [new], [(lower, higher)])


def test_the_page_names_each_change_and_draws_a_reminder_that_moved_within_its_hour() -> None:
    before, now = result(each_flag=[flag("SZ01-001", 3)]), result(rules={"R05": 1, "R12": 1})
    before["quarters"]["reminders"][84], now["quarters"]["reminders"][86] = 5, 5  # 21:00, 21:30
    before["study"], now["study"] = {"reminders.yaml, at": "21:00"}, {"reminders.yaml, at": "21:30"}

    page = comparison_page(before, now)

    assert "<td>reminders.yaml, at</td><td>21:00</td><td>21:30</td>" in page
    assert "1 only before, 0 only now, 0 otherwise." in page
    assert '<td class="n">4</td><td>SZ01-001</td><td>ORANGE R05</td><td>–</td>' in page
    assert "21:00, before 5, now 0" in page
    assert "21:30, before 0, now 5" in page
    assert "2 → 1" in page
    assert page.count("<svg") == 4


def test_what_did_not_change_is_not_among_the_figures_that_did() -> None:
    before = result()

    page = comparison_page(before, deepcopy(before) | {"rules": {"R05": 4, "R12": 1}})

    changed = re.findall(r'<tr class="changed"><td>(.*?)</td>.*?<b>(.*?)</b></td></tr>', page)
    assert changed == [("R05", "+2")] * 2  # above, and among all figures
    assert "Not the same people" not in page


def test_a_comparison_of_other_people_says_that_chance_differs_too() -> None:
    now = result(plan=result()["plan"] | {"seed": 8, "weeks": 3})

    assert "Not the same people (seed, weeks)" in comparison_page(result(), now)


def test_people_of_one_seed_live_alike_in_whichever_week_they_begin() -> None:
    rates = read_yaml(RATES)
    said = [
        [
            symptoms.of_form(one, "daily", begins_on + day * DAY, is_early=False, rates=rates).but
            for one in invent(3, seed=7, weeks=4, begins_on=begins_on, rates=rates)
            for day in range(28)
        ]
        for begins_on in (MONDAY, MONDAY + 7 * DAY)
    ]

    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--compare", "{}", "cannot be compared: plan, totals"),
        ("--compare", "no JSON", "is no result of a rehearsal"),
        ("--rates", "answers: {late: 0.1}", "sites, enrolment, people, compliance"),
        ("--rates", "- 1", "sites, enrolment"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_before_anything_is_played(
    tmp_path: Path, option: str, content: str, told: str
) -> None:
    file, out = tmp_path / "file", tmp_path / "out"
    file.write_text(content, encoding="utf-8")

    ended = CliRunner().invoke(main, ["rehearse", "--out", str(out), option, str(file)])

    assert ended.exit_code == 1
    assert told in ended.output
    assert str(file) in ended.output
    assert not out.exists()


def test_a_file_that_is_no_record_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text('{"script": {}}', encoding="utf-8")

    ended = CliRunner().invoke(main, ["rehearsed", str(file)])

    assert ended.exit_code == 1
    assert f"{file} is no record of a rehearsal" in ended.output

"""The phone and the server read branching and advice alike: by vectors, and by chance."""

import json
import re
import secrets
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.questionnaires.twins import EPOCH, PHONE, Case, ask_phone, ask_server

VECTORS = Path(__file__).parent / "vectors"
CASES = 20_000
SEED = 20_261_125
SCREENING = PHONE.with_name("screening.js")
FEWER = 2_500  # enough for every mutation below to show
OPERATORS = ("exists", "=", "!=", "<", "<=", ">", ">=")
QUESTIONS = ("a", "b", "c", "temp", "temp_route", "temp_again", "temp_again_route", "toString",
             "constructor", "hours_since_infusion", "temperature_tenths_oral")  # fmt: skip
ROUTES = ("axillary", "oral", "ear", "forehead")
VALUES: tuple[Any, ...] = (
    None, "", [], 0, -0.0, 1, 1.0, 7, "7", "0", "1", "true", True, False, 36.65, 37.5, 37.7, 37.95,
    38, 38.0, 38.05, 38.5, 39.0, 0.1 + 0.2, 0.3, -1.25, 1e-9, 1e12, "rash", "rash-face", "关节",
    "\u00e9", "e\u0301", "2026-01-01", "2026-10-01", "2026-1-1", "2026-01-01\n",
    "2026-01-01T00:00", "oral", "axillary", "toe", ["rash"], ["rash", "joint"], [None], [""], [0],
    [38.5, "rash"], [[]], {}, ["2026-09-30"], [True, 7],
)  # fmt: skip
LITERALS: tuple[Any, ...] = (
    *(one for one in VALUES if isinstance(one, bool | int | float | str)),
    48, 379, 380, 384, 385, 390, 24.5,
)  # fmt: skip


def shared(name: str) -> list[Case]:
    vectors: list[Case] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return vectors


def milliseconds(instant: str | None) -> int | None:
    if instant is None:
        return None
    return (datetime.fromisoformat(instant) - EPOCH) // timedelta(milliseconds=1)


def as_cases() -> list[tuple[str, Case, Any]]:
    """Every vector as a case, with its name and what it expects."""
    made: list[tuple[str, Case, Any]] = []
    for one in shared("enable_when.json"):
        case = {"kind": "enabled", "clauses": one["enableWhen"], "answers": one["answers"],
                "behavior": one["enableBehavior"]}  # fmt: skip
        made.append((one["name"], case, one["expect"]))
    for one in shared("visible.json"):
        items = [
            {"link_id": raw["linkId"], "enable_when": raw["enableWhen"],
             "enable_behavior": raw["enableBehavior"]}
            for raw in one["items"]
        ]  # fmt: skip
        case = {"kind": "walk", "items": items, "answers": one["answers"]}
        made.append((one["name"], case, one["expect"]))
    for one in shared("advice.json"):
        surroundings = {
            "answeredAt": milliseconds(one["answeredAt"]),
            "latestInfusionAt": milliseconds(one["latestInfusionAt"]),
            "route": one["route"], "defaultRoute": one["defaultRoute"],
        }  # fmt: skip
        case = {"kind": "advice", "rules": one["rules"], "answers": one["answers"],
                "surroundings": surroundings}  # fmt: skip
        made.append((one["name"], case, (one["expect"], one.get("derived"))))
    return made


def is_as_expected(answer: Any, expected: Any) -> bool:
    if not isinstance(expected, tuple):
        return bool(answer == expected)
    ids, derived = expected
    are_met = [one["id"] for one in answer["met"]] == ids
    return are_met and derived in (None, answer["derived"])


def by_chance(seed: int, count: int) -> list[Case]:
    chance = Random(seed)
    makers = (enabled_case, walk_case, advice_case)
    return [chance.choices(makers, (4, 3, 3))[0](chance) for _ in range(count)]


def some_clause(chance: Random) -> Case:
    operator = chance.choice(OPERATORS)
    answer = chance.random() < 0.5 if operator == "exists" else chance.choice(LITERALS)
    return {"question": chance.choice(QUESTIONS), "operator": operator, "answer": answer}


def some_clauses(chance: Random, most: int) -> list[Case]:
    return [some_clause(chance) for _ in range(chance.randint(0, most))]


def some_answers(chance: Random) -> Case:
    asked = chance.sample(QUESTIONS[:-2], chance.randint(0, len(QUESTIONS) - 2))
    return {question: chance.choice(VALUES) for question in asked}


def enabled_case(chance: Random) -> Case:
    behavior = chance.choice(("all", "any"))
    return {"kind": "enabled", "clauses": some_clauses(chance, 4), "behavior": behavior,
            "answers": some_answers(chance)}  # fmt: skip


def walk_case(chance: Random) -> Case:
    asked = chance.sample(QUESTIONS, chance.randint(1, 8))
    items = [
        {"link_id": one, "enable_when": some_clauses(chance, 2),
         "enable_behavior": chance.choice(("all", "any"))}
        for one in asked
    ]  # fmt: skip
    return {"kind": "walk", "items": items, "answers": some_answers(chance)}


def advice_case(chance: Random) -> Case:
    rules = [
        {"id": f"R{number}", "tier": chance.choice(("RED_A", "RED_B", "ORANGE", "YELLOW")),
         "tonight": chance.random() < 0.3, "is_on": chance.random() < 0.9,
         "triggers": [{"clauses": some_clauses(chance, 3)} for _ in range(chance.randint(0, 2))]}
        for number in range(chance.randint(1, 5))
    ]  # fmt: skip
    at = 1_772_000_000_000 + chance.randrange(10**9)
    ago = chance.choice(
        (0, 1, 48 * 3_600_000, 48 * 3_600_000 + 60_000, chance.randrange(10**9), -1)
    )
    surroundings = {
        "answeredAt": at, "latestInfusionAt": None if chance.random() < 0.2 else at - ago,
        "route": chance.choice((None, *ROUTES)), "defaultRoute": chance.choice(ROUTES),
    }  # fmt: skip
    answers = some_answers(chance)
    if chance.random() < 0.6:
        answers["temp"] = chance.choice((round(chance.uniform(34, 43), 1), chance.uniform(34, 43)))
    return {"kind": "advice", "rules": rules, "answers": answers, "surroundings": surroundings}


def differences(cases: list[Case], servers: list[Any], source: str | None = None) -> list[Case]:
    return [
        {"case": case, "server": server, "phone": phone}
        for case, server, phone in zip(cases, servers, ask_phone(cases, source), strict=True)
        if server != phone
    ]


@cache
def some_cases() -> tuple[list[Case], list[Any]]:
    """Fewer cases with the server's answers, made once for all tests that need no more."""
    cases = by_chance(SEED, FEWER)
    return cases, [ask_server(case) for case in cases]


@pytest.mark.req("Q-06", "A-05")
def test_the_shared_vectors_are_many_and_none_is_there_twice() -> None:
    names = [name for name, _, _ in as_cases()]

    assert len(names) >= 80
    assert len(set(names)) == len(names)
    assert len(shared("advice.json")) >= 25


@pytest.mark.req("Q-06", "A-05")
@pytest.mark.parametrize(
    ("case", "expected"),
    [pytest.param(case, expected, id=name) for name, case, expected in as_cases()],
)
def test_the_server_means_what_the_vectors_say(case: Case, expected: Any) -> None:
    assert is_as_expected(ask_server(case), expected)


@pytest.mark.req("Q-06", "A-05")
def test_the_phone_means_what_the_vectors_say() -> None:
    vectors = as_cases()

    answers = ask_phone([case for _, case, _ in vectors])

    wrong = [
        (name, answer)
        for (name, _, expected), answer in zip(vectors, answers, strict=True)
        if not is_as_expected(answer, expected)
    ]
    assert wrong == []


@pytest.mark.req("Q-06", "A-05")
def test_phone_and_server_agree_on_20000_cases_by_chance() -> None:
    print(f"seed {SEED}")  # noqa: T201  pytest shows it where the test fails

    cases = by_chance(SEED, CASES)

    assert differences(cases, [ask_server(case) for case in cases])[:3] == []


@pytest.mark.long
@pytest.mark.req("Q-06", "A-05")
def test_phone_and_server_agree_on_other_cases_each_time() -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201  pytest shows it where the test fails

    cases = by_chance(seed, 10 * CASES)

    assert differences(cases, [ask_server(case) for case in cases])[:3] == []


@pytest.mark.req("Q-06", "A-05")
def test_the_cases_by_chance_go_every_way() -> None:
    _, answers = some_cases()

    verdicts = [one for one in answers if isinstance(one, bool)]
    met = [one["met"] for one in answers if isinstance(one, dict)]
    assert 0.2 < sum(verdicts) / len(verdicts) < 0.8
    assert 0.2 < sum(map(bool, met)) / len(met) < 0.95


@pytest.mark.req("Q-06", "A-05")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(given.length > 0) === asked.answer", "given.length > 0"),
        ("!given.some((one) => equal(one, asked.answer))",
         "given.length > 0 && !given.some((one) => equal(one, asked.answer))"),
        ("kindOf(one) === kindOf(other) && one === other", "one == other"),
        ("one <= other", "one < other"),
        ("&& one !== \"\"", ""),
        ("hasOwnProperty.call(answers, name) ?", "hasOwnProperty.call(answers, name) || true ?"),
        ("enabled(item.enable_when, item.enable_behavior, seen)",
         "enabled(item.enable_when, item.enable_behavior, answers)"),
        ("clauses.some(holds)", "clauses.every(holds)"),
        ("latestInfusionAt <= answeredAt", "latestInfusionAt < answeredAt"),
        ("TENTHS_LOWER_WHEN_AXILLARY = 3", "TENTHS_LOWER_WHEN_AXILLARY = 2"),
        ("Math.max(...tenths)", "tenths[0]"),
        ("ROUTES.includes(told) ? told : ownRoute", "told || ownRoute"),
        ("isHalf ? tenths % 2 === 1 : rest > \"5\"", "rest >= \"5\""),
        ("rule.is_on === false", "false"),
        ("a.key[0] - b.key[0] ||", ""),
        ("rule.tonight ? 0 : 1", "0"),
    ],
)  # fmt: skip
def test_a_phone_that_reads_one_thing_otherwise_is_found_out(old: str, new: str) -> None:
    source = PHONE.read_text(encoding="utf-8")
    assert source.count(old) == 1

    assert differences(*some_cases(), source.replace(old, new)) != []


def test_no_script_of_the_phone_uses_anything_younger_than_its_language_floor() -> None:
    younger = re.compile(
        r"\?\?=|\|\|=|&&=|Object\.hasOwn\b|\.at\(|\.replaceAll\(|\.findLast|structuredClone|^\s+#\w"
        r"|\(\?<[=!]",  # lookbehind: an older WebKit does not even read the script
        re.MULTILINE,
    )
    scripts = sorted(PHONE.parent.rglob("*.js"))

    found = {path.name: younger.findall(path.read_text(encoding="utf-8")) for path in scripts}

    assert {PHONE.name, SCREENING.name} <= set(found)
    assert {name: marks for name, marks in found.items() if marks} == {}


@pytest.mark.parametrize(("path", "imported"), [(PHONE, []), (SCREENING, ["./branch.js"])])
def test_the_twins_depend_on_no_other_script(path: Path, imported: list[str]) -> None:
    lines = re.findall(r"^import\b.*$", path.read_text(encoding="utf-8"), re.MULTILINE)

    assert [line.rpartition(" from ")[2].strip('";') for line in lines] == imported

"""The phone says without a network what the server's rules say: by sentences, and by chance."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import epro
from epro.models import Site
from epro.services import offline_advice
from questionnaires.definition import Item, ItemType, SafetyRule, ThermometerRoute
from questionnaires.lexicon import find
from questionnaires.rules import Surroundings, inputs_of, latest_infusion, met_rules, with_history
from questionnaires.trends import History
from tests.questionnaires.forms import shipped
from tests.questionnaires.truth import lines

HERE = Path(__file__).parent
SCRIPTS = Path(epro.__file__).parent / "web" / "phone" / "js"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEED, CASES, FEWER = 20_261_126, 1_200, 450
AT = datetime(2026, 3, 4, 13, tzinfo=UTC)
SITE = Site(code="SZ01", zone="Asia/Shanghai", phone="+86 755 1", phone_24h="+86 755 2")
ODD_ENDS = (
    "",
    " ",
    "　",
    "x",
    "😀",
    "没有",
    "ß",
    "İ",
    "\n",
    "。",
    ",",
    "’",
    "很",
    "了",
    "s",
    "ICU",
)
NO_CHANGE: Mapping[str, str] = MappingProxyType({})

Case = dict[str, Any]


@cache
def rules() -> tuple[SafetyRule, ...]:
    package = shipped()
    asked = {item.link_id for one in package.questionnaires for item in one.items}
    names = asked | {one.name for one in package.lexicons}
    return offline_advice.rules_for_phone(package, names, SITE)


@cache
def kept() -> str:
    """What the phone keeps, as the API gives it."""
    package, zone = shipped(), ZoneInfo(SITE.zone)
    openings = package.escalation.office_hours.openings(date(2026, 9, 30), 11, zone)
    return json.dumps(
        {
            "rules": [asdict(rule) for rule in rules()],
            "lexicons": [asdict(one) for one in package.lexicons],
            "free_texts": sorted(package.free_texts),
            "default_route": package.thermometer_route,
            "numbers": {"site_phone": SITE.phone, "study_phone": SITE.phone_24h},
            "site_hours": [
                {"opens_at": one.opens_at.isoformat(), "closes_at": one.closes_at.isoformat()}
                for one in openings
            ],
        }
    )


def ask_phone(cases: Sequence[Case], changed: Mapping[str, str] = NO_CHANGE) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node is missing; `make node` installs it.")
    sources = {
        name: changed.get(name) or (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
        for name in ("branch", "screening")
    }
    lines = [json.dumps(sources), kept(), *map(json.dumps, cases)]
    run = subprocess.run(
        [node, str(HERE / "screening_twin.mjs")], input="\n".join(lines),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def ask_server(case: Case) -> Any:
    if case["kind"] == "find":
        return {one.name: list(find(one, case["text"])) for one in shipped().lexicons}
    met = met_rules(rules(), server_inputs(case))
    return [{"id": one.rule.id, "trigger_index": one.trigger_index} for one in met]


def server_inputs(case: Case) -> dict[str, object]:
    """Return what the server's rules look at, where it knows of no earlier entry."""
    package, answered_at = shipped(), EPOCH + timedelta(milliseconds=case["answered_at"])
    infusions = [datetime.fromisoformat(one) for one in case["infusions_at"]]
    surroundings = Surroundings(
        answered_at=answered_at,
        latest_infusion_at=latest_infusion(infusions, answered_at=answered_at),
        thermometer_route=ThermometerRoute(case["route"]),
    )
    known = inputs_of(case["answers"], surroundings, default_route=package.thermometer_route)
    return with_history(package, known, History(on=answered_at.date()))


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def sentences() -> list[str]:
    files = sorted((HERE / "vectors").glob("free_text*.tsv"))
    lines = [line for one in files for line in one.read_text(encoding="utf-8").splitlines()]
    return [line.split("\t")[1] for line in lines if not line.startswith("#")]


def a_text(chance: Random) -> str:
    words = [
        word
        for one in shipped().lexicons
        for phrases in (one.phrases, one.exceptions)
        for word in (*phrases.zh, *phrases.en)
    ]
    parts = chance.choices((*words, *ODD_ENDS), k=chance.randint(1, 6))
    return "".join(
        part.replace("*", chance.choice(("", "了好多", " x ", "。", "，很长很长很长的话")))
        for part in parts
    )


def an_answer(item: Item, chance: Random) -> object:
    if item.type is ItemType.MULTI:
        return chance.sample(item.codes, chance.randint(1, min(3, len(item.codes))))
    if item.type is ItemType.CHOICE:
        return chance.choice(item.codes)
    if item.type is ItemType.BOOLEAN:
        return chance.random() < 0.3
    if item.type is ItemType.NUMBER:
        return round(chance.uniform(36, 39.5), 1)
    if item.type is ItemType.TEXT:
        return a_text(chance)
    return chance.randint(0, 10)


def screenings(seed: int, count: int) -> list[Case]:
    chance, made = Random(seed), []
    for _ in range(count):
        items = chance.choice(shipped().questionnaires).items
        hours = chance.choice((0, 1, 47.99, 48, 48.01, 72, -1))
        infusions = [AT - timedelta(days=28), AT - timedelta(hours=hours)]
        made.append(
            {
                "kind": "screen",
                "answers": {
                    item.link_id: an_answer(item, chance)
                    for item in items
                    if item.takes_answer and chance.random() < 0.5
                },
                "answered_at": milliseconds(AT),
                "infusions_at": [one.isoformat() for one in infusions[: chance.randint(0, 2)]],
                "route": chance.choice(list(ThermometerRoute)),
            }
        )
    return made


def texts(seed: int, count: int) -> list[Case]:
    chance = Random(seed)
    # In the last but these a phrase shares only its end with an exception.
    written = [*sentences(), "吐没有血栓"] + [a_text(chance) for _ in range(count)]
    return [{"kind": "find", "text": one} for one in written]


def differences(
    cases: Sequence[Case], servers: Sequence[Any], changed: Mapping[str, str] = NO_CHANGE
) -> list[Any]:
    return [
        (case, server, phone)
        for case, server, phone in zip(cases, servers, ask_phone(cases, changed), strict=True)
        if server != phone
    ]


@cache
def some_cases() -> tuple[list[Case], list[Any]]:
    """Fewer cases with the server's answers, made once for all tests that need no more."""
    cases = [*screenings(SEED, FEWER), *texts(SEED, FEWER)]
    return cases, [ask_server(case) for case in cases]


@pytest.mark.req("A-05", "A-11")
def test_phone_and_server_say_the_same_of_answers_and_words() -> None:
    cases = [*screenings(SEED, CASES), *texts(SEED, CASES)]

    assert differences(cases, [ask_server(case) for case in cases])[:3] == []


@pytest.mark.req("A-05")
def test_what_the_phone_says_the_server_says_too_and_at_least_as_urgently() -> None:
    cases = screenings(SEED + 1, FEWER)

    alone = [{one["id"] for one in said} for said in ask_phone(cases)]
    full = [met_rules(shipped().rules, server_inputs(case)) for case in cases]

    assert all(few <= {one.rule.id for one in many} for few, many in zip(alone, full, strict=True))
    assert sum(map(bool, alone)) > FEWER / 4  # else the comparison is of nothing with nothing


@pytest.mark.req("A-05")
def test_the_reviewed_table_holds_on_the_phone_as_far_as_one_form_tells() -> None:
    alone = [line for line in lines() if not line.case.earlier]
    cases = [
        {
            "kind": "screen",
            "answers": {name: told for name, told in case.told.items() if told is not None},
            "answered_at": milliseconds(AT),
            "infusions_at": []
            if case.hours is None
            else [(AT - timedelta(hours=case.hours)).isoformat()],
            "route": ThermometerRoute.AXILLARY,
        }
        for line in alone
        for case in (line.case, line.near)
    ]

    met = [{one["id"] for one in said} for said in ask_phone(cases)]

    assert len(alone) > 100
    assert [line.name for line, found in zip(alone, met[::2], strict=True)
            if line.case.rule not in found] == []  # fmt: skip
    assert [line.name for line, found in zip(alone, met[1::2], strict=True)
            if line.case.rule in found] == []  # fmt: skip


@pytest.mark.req("A-05")
def test_every_rule_that_one_form_can_meet_is_on_the_phone() -> None:
    package = shipped()
    over_days = {trend.name for trend in package.trends}

    missing = [
        rule.id
        for rule in package.rules
        if rule.is_on and rule not in rules() and rule.id not in {one.id for one in rules()}
    ]

    assert [
        rule_id
        for rule_id in missing
        for rule in package.rules
        if rule.id == rule_id
        and any(
            not over_days & {clause.question for clause in trigger.clauses}
            for trigger in rule.triggers
        )
    ] == []


@pytest.mark.req("A-05", "A-06")
@pytest.mark.parametrize(
    ("local", "number"),
    [
        ("2026-09-30T08:29:59.999+08:00", SITE.phone_24h),
        ("2026-09-30T08:30:00+08:00", SITE.phone),
        ("2026-09-30T17:29:59.999+08:00", SITE.phone),
        ("2026-09-30T17:30:00+08:00", SITE.phone_24h),
        ("2026-10-01T10:00:00+08:00", SITE.phone_24h),  # a holiday
        ("2026-10-10T10:00:00+08:00", SITE.phone),  # a Saturday that is worked
        ("2026-11-30T10:00:00+08:00", SITE.phone_24h),  # more than it has been told of
    ],
)
def test_the_number_named_is_one_that_is_answered_at_that_hour(local: str, number: str) -> None:
    at = milliseconds(datetime.fromisoformat(local))

    assert ask_phone([{"kind": "number", "at": at}]) == [number]


@pytest.mark.req("A-05", "A-11")
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("screening", "at <= answeredAt", "at < answeredAt"),
        ("screening", "Math.max(...before)", "before[0]"),
        ("screening", '.normalize("NFKC")', ""),
        ("screening", ".toLowerCase()", ""),
        ("screening", '.replace(SPACE_IN_HAN, "$1")', ""),
        ("screening", "const GAP = 6", "const GAP = 3"),
        ("screening", "const LATIN_GAP = 24", "const LATIN_GAP = 6"),
        ("screening", "from <= begin && end <= to", "from < end && begin < to"),
        ("screening", "pattern.isLatin && ", "false && "),
        ("screening", '"(?![a-z])"', '""'),
        ("screening", "...wordsFound(kept, given)", ""),
        ("screening", "route: kept.thermometer_route", "route: null"),
        ("branch", "TENTHS_LOWER_WHEN_AXILLARY = 3", "TENTHS_LOWER_WHEN_AXILLARY = 2"),
    ],
)
def test_a_phone_that_reads_one_thing_otherwise_is_found_out(name: str, old: str, new: str) -> None:
    source = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    assert source.count(old) == 1

    assert differences(*some_cases(), {name: source.replace(old, new)}) != []

"""The phone judges an answer before it is left, as the server does when it arrives."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from epro.web.phone.shell import FOLDER
from questionnaires.definition import Item, ItemType
from questionnaires.validation import judge
from tests.questionnaires.forms import clause, form, item, temperature
from tests.questionnaires.twins import Case

RUNNER = Path(__file__).parent / "form_twin.mjs"
SOURCES = {"branch": "branch.js", "checks": "form/checks.js", "pages": "form/pages.js"}
TODAY = "2026-11-22"
TEMPERATURE = temperature()
STOOLS = item("stools", "number", hard_min=0, hard_max=30, soft_max=10)
CODES = {
    "out_of_range": "range", "too_many_decimals": "exact", "needs_confirmation": "unusual",
}  # fmt: skip


def ask(cases: Sequence[Case]) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node is missing; `make node` installs it.")
    sources = {name: (FOLDER / "js" / file).read_text("utf-8") for name, file in SOURCES.items()}
    lines = [json.dumps(sources), *(json.dumps(case) for case in cases)]
    run = subprocess.run(
        [node, str(RUNNER)], input="\n".join(lines), capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def plain(one: Item) -> Any:
    return json.loads(json.dumps(asdict(one)))


def draft_of(*items: Item, **more: Any) -> Case:
    draft = {"answers": {}, "isReviewed": False, **more}
    return {**draft, "form": {"questionnaire": {"items": [plain(one) for one in items]}}}


@pytest.mark.req("Q-07")
def test_what_the_phone_lets_pass_the_server_takes_and_nothing_else() -> None:
    chance, cases, expected = Random(20261126), [], []
    for _ in range(2000):
        asked = chance.choice((TEMPERATURE, STOOLS))
        value = round(chance.uniform(-5, 50), chance.choice((0, 0, 1, 1, 2)))
        number = int(value) if value == int(value) else value
        is_confirmed = chance.random() < 0.3
        answer = {"value": number, "confirmed": is_confirmed}
        cases.append(
            {"kind": "check", "item": plain(asked), "answer": answer, "typed": f"{number}",
             "today": TODAY}
        )  # fmt: skip
        judged = judge(form(asked), [{"link_id": asked.link_id, **answer}], is_complete=True)
        codes = [one.code for one in judged.problems]
        expected.append(CODES[codes[0]] if codes else None)

    verdicts = [one and one["kind"] for one in ask(cases)]

    assert verdicts == expected
    assert set(expected) == {None, "range", "exact", "unusual"}


@pytest.mark.req("Q-07")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [("385", 38.5), ("3850", 38.5), ("366", 36.6), ("45", None), ("3.85", None), ("9999", None)],
)
def test_an_impossible_number_offers_what_was_probably_meant(
    typed: str, meant: float | None
) -> None:
    (verdict,) = ask(
        [{"kind": "check", "item": plain(TEMPERATURE), "answer": {}, "typed": typed,
          "today": TODAY}]
    )  # fmt: skip

    assert verdict == {"kind": "range", "offer": meant}


def test_nothing_is_offered_where_there_is_no_decimal_point() -> None:
    assert ask([{"kind": "offer", "item": plain(STOOLS), "value": 50}]) == [None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("36.6", 36.6), (" 36.6 ", 36.6), ("\uff13\uff16\uff0e\uff16", 36.6),
        ("36,6", 36.6), ("36。6", 36.6),
        ("+36.6", 36.6), ("-0", 0), ("36.", None), ("", None), ("热", None), ("1e3", None),
        ("36.6°", None), ("3 6", None), ("0x10", None), ("36.6.1", None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_type_it_and_never_guessed(
    text: str, value: float | None
) -> None:
    assert ask([{"kind": "read", "text": text}]) == [value]


@pytest.mark.req("Q-05")
@pytest.mark.parametrize("answer", [None, {}, {"value": ""}, {"value": []}, {"value": None}])
def test_a_question_is_not_left_without_an_answer_unless_it_may_be(answer: Any) -> None:
    asked = [item("a", "text"), item("a", "text", optional=True)]
    cases = [
        {"kind": "check", "item": plain(one), "answer": answer, "typed": None, "today": TODAY}
        for one in asked
    ]

    assert ask(cases) == [{"kind": "missing", "offer": None}, None]


def test_zero_no_and_declined_are_answers() -> None:
    answers: list[Any] = [{"value": 0}, {"value": False}, {"declined": True}]
    kinds = ["nrs", "boolean", "choice"]

    cases = [
        {"kind": "check", "item": plain(item("a", kind)), "answer": answer, "typed": None,
         "today": TODAY}
        for kind, answer in zip(kinds, answers, strict=True)
    ]  # fmt: skip

    assert ask(cases) == [None, None, None]


@pytest.mark.parametrize(("value", "kind"), [("2026-11-22", None), ("2026-11-23", "unusual")])
@pytest.mark.parametrize("type_", ["date", "datetime"])
def test_a_day_that_has_not_come_is_asked_back_about(
    type_: str, value: str, kind: str | None
) -> None:
    given = value if type_ == "date" else f"{value}T08:00:00+08:00"

    (verdict,) = ask(
        [{"kind": "check", "item": plain(item("a", type_)), "answer": {"value": given},
          "typed": None, "today": TODAY}]
    )  # fmt: skip

    assert (verdict and verdict["kind"]) == kind


def test_a_day_without_its_hour_is_no_answer_yet() -> None:
    (verdict,) = ask(
        [{"kind": "check", "item": plain(item("a", "datetime")), "answer": {},
          "typed": {"day": TODAY}, "today": TODAY}]
    )  # fmt: skip

    assert verdict["kind"] == "incomplete"


GATE = item("gate", "choice", codes="yes no")
INSIDE = item(
    "inside", "text", enable_when=(clause("gate", "=", "yes"),)
)  # fmt: skip
LAST = item("last", "boolean")


@pytest.mark.req("Q-04", "Q-06")
def test_a_change_in_the_review_passes_what_it_opened_and_comes_back() -> None:
    answered = {"gate": {"value": "yes"}, "last": {"value": False}}
    draft = draft_of(GATE, INSIDE, LAST, answers=answered, isReviewed=True)
    closed = draft_of(
        GATE, INSIDE, LAST, answers={**answered, "gate": {"value": "no"}}, isReviewed=True
    )

    said = ask(
        [
            {"kind": "after", "draft": draft, "place": "gate"},
            {"kind": "after", "draft": closed, "place": "gate"},
            {"kind": "before", "draft": draft, "place": "gate"},
        ]
    )

    assert said == ["inside", "review", "review"]


@pytest.mark.req("Q-06")
def test_a_hidden_answer_stays_in_the_draft_and_is_not_looked_at() -> None:
    answers = {"gate": {"value": "no"}, "inside": {"value": "was ill"}, "last": {"value": False}}

    said = ask(
        [
            {"kind": "sent", "draft": draft_of(GATE, INSIDE, LAST, answers=answers)},
            {"kind": "pages", "draft": draft_of(GATE, INSIDE, LAST, answers=answers)},
        ]
    )

    assert said == [
        {"gate": "no", "last": False},
        [["gate", ["gate"]], ["last", ["last"]]],
    ]


def test_the_rows_of_a_check_list_stand_on_one_screen() -> None:
    head = item("signs", ItemType.INFO.value)
    rows = [item(name, "boolean", group="signs") for name in ("cough", "rash")]

    (pages,) = ask([{"kind": "pages", "draft": draft_of(head, *rows, LAST)}])

    assert pages == [["signs", ["signs", "cough", "rash"]], ["last", ["last"]]]

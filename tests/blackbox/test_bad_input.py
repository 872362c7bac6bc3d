"""Broken, hostile or merely foreign input to a real server: it answers, and nothing is lost."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.blackbox.people import Phone, enrolled_phone, enrolment_form
from tests.blackbox.system import API, System

pytestmark = pytest.mark.blackbox

TWO_MEGABYTES = 2 * 1024 * 1024
PIECE = 64 * 1024
SECRET_NOTE = "昨晚胸口很闷，我有点怕"
FOREIGN_TEXTS = (
    "昨天晚上开始发烧，38.5 度；今天好多了。",
    "头痛😣，吃了药以后😊 👩🏽‍⚕️ 说没事",
    "𠮷野家 — naïve “quotes” \\ / \t tab & <b>bold</b> '; DROP TABLE participant; --",
    "العربية, עברית, e\u0301 ≠ é, \u200d\u2028 end",
)


@pytest.fixture
def phone(system: System) -> Phone:
    return enrolled_phone(system)


@pytest.mark.req("X-05")
@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "chunked"])
def test_a_body_of_two_megabytes_is_refused_and_nothing_hangs(
    system: System, phone: Phone, is_announced: bool
) -> None:
    """The server may close the connection rather than read the rest; the next one is served."""

    def pieces() -> Iterator[bytes]:
        yield from [b"x" * PIECE] * (TWO_MEGABYTES // PIECE)

    with system.new_client() as client:
        refused = client.put(
            f"{API}/me/responses/{uuid4()}",
            content=b"x" * TWO_MEGABYTES if is_announced else pieces(),
            headers={
                "Authorization": f"Bearer {phone.access_token}",
                "Content-Type": "application/json", "Answer-Age": "1",
            },
        )  # fmt: skip

    assert (refused.status_code, code_of(refused)) == (413, "body_too_large")
    assert phone.request("GET", "/me").status_code == 200
    assert kept(phone) == []


def note_of(text: str) -> bytes:
    """Return a report whose note is these characters of JSON, as they are."""
    return b'{"answers":[{"link_id":"note","value":"' + text.encode() + b'"}]}'


@pytest.mark.req("X-05", "A-01")
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b'{"answers": [', 400, "malformed_body", id="cut off"),
        pytest.param(b"", 400, "malformed_body", id="empty"),
        pytest.param(b'{"answers": ["\xff\xfe"]}', 400, "malformed_body", id="invalid UTF-8"),
        pytest.param(note_of("a\\u0000b"), 422, "invalid_request", id="NUL"),
        pytest.param(note_of("\\ud83d"), 422, "invalid_request", id="lone surrogate"),
        pytest.param(b"[" * 20_000, 400, "malformed_body", id="deep"),
        pytest.param(b"[]", 422, "invalid_request", id="a list"),
        pytest.param(b'{"answers": NaN}', 422, "invalid_request", id="NaN"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_and_kept_byte_for_byte(
    phone: Phone, body: bytes, status: int, code: str
) -> None:
    refused = phone.put(uuid4(), body, age_s=1)

    assert (refused.status_code, code_of(refused)) == (status, code)
    assert kept(phone) == [(code, sha256(body))]


@pytest.mark.req("Q-07", "X-05")
def test_answers_that_break_the_rules_are_refused_named_and_kept(phone: Phone) -> None:
    sheet = phone.report(answered_at=phone.system.now(), note=SECRET_NOTE)
    phone.system.said.secrets.add(SECRET_NOTE)
    body = sheet.body.replace(b'"link_id": "help_now"', b'"link_id": "no_such_item"')
    assert body != sheet.body

    refused = phone.put(sheet.response_id, body, age_s=1)

    problems = refused.json()["error"]["details"]["problems"]
    assert (refused.status_code, code_of(refused)) == (422, "invalid_answers")
    assert {"unknown_item", "missing_answer"} == {problem["code"] for problem in problems}
    assert kept(phone) == [("invalid_answers", sha256(body))]


@pytest.mark.req("X-05")
def test_a_refused_body_that_comes_again_is_kept_once(phone: Phone) -> None:
    response_id, body = uuid4(), b"not JSON"

    statuses = [phone.put(response_id, body, age_s=1).status_code for _ in range(3)]

    assert statuses == [400, 400, 400]
    assert kept(phone) == [("malformed_body", sha256(body))]


@pytest.mark.req("P-10", "A-01")
@pytest.mark.parametrize("text", FOREIGN_TEXTS, ids=["zh", "emoji", "signs", "right to left"])
def test_free_text_is_read_back_exactly_as_it_was_written(phone: Phone, text: str) -> None:
    phone.system.said.secrets.add(text)
    sheet = phone.report(answered_at=phone.system.now(), note=text)

    stored = phone.send(sheet, now=phone.system.now())

    own = phone.request("GET", f"/me/responses/{sheet.response_id}").json()
    [at_the_site] = phone.system.read(f"/participants/{phone.code}/responses")["items"]
    assert stored.status_code == 201, stored.text
    assert note_in(own) == note_in(at_the_site) == text


@pytest.mark.req("T-03", "S-02")
def test_an_answer_from_the_future_was_given_when_it_arrived_and_its_clock_is_unsure(
    phone: Phone,
) -> None:
    sheet = phone.report(answered_at=phone.system.now() + timedelta(hours=1))

    stored = phone.put(sheet.response_id, sheet.body, age_s=-3600)

    reply = stored.json()
    assert stored.status_code == 201
    assert reply["clock_unsure"]
    assert reply["answered_at"] == reply["received_at"]


@pytest.mark.req("T-03", "S-02")
def test_an_answer_from_long_ago_was_given_no_earlier_than_the_activation(phone: Phone) -> None:
    sheet = phone.report(answered_at=phone.system.now() - timedelta(days=3000))
    activated_at = phone.system.read(f"/participants/{phone.code}")["activated_at"]

    stored = phone.send(sheet, now=phone.system.now())

    reply = stored.json()
    assert stored.status_code == 201
    assert reply["clock_unsure"]
    assert datetime.fromisoformat(reply["answered_at"]) == datetime.fromisoformat(activated_at)


@pytest.mark.req("T-03", "X-05")
@pytest.mark.parametrize("age", ["1e12", "-1e12", "nan", "soon", ""])
def test_an_age_that_nothing_can_have_is_refused_and_its_body_kept(phone: Phone, age: str) -> None:
    sheet = phone.report(answered_at=phone.system.now())

    refused = phone.put(sheet.response_id, sheet.body, age_s=age)

    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert [one["place"] for one in problems_of(refused)] == ["Answer-Age"]
    assert kept(phone) == [("invalid_request", sha256(sheet.body))]


@pytest.mark.req("S-03", "X-05")
@pytest.mark.parametrize("zone", ["Asia/Schenzhen", "../../etc/passwd", "UTC+8", "\ud83c"])
def test_nobody_is_enrolled_into_a_zone_that_does_not_exist(system: System, zone: str) -> None:
    form = enrolment_form(system) | {"zone": zone}

    refused = system.staff(
        "POST", "/participants", content=json.dumps(form),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip

    assert refused.status_code == 422
    assert [one["place"] for one in problems_of(refused)] == ["zone"]
    assert system.staff("GET", f"/participants/{form['code']}").status_code == 404


def kept(phone: Phone) -> list[tuple[str, str]]:
    """Return what the journal says was refused and kept: each code, and the hash of the bytes."""
    return [
        (one["after"]["refusal"], one["after"]["body_sha256"])
        for one in phone.system.journal_of(participant=phone.code)
        if one["verb"] == "response.refused"
    ]


def note_in(response: dict[str, Any]) -> str:
    [note] = [answer["value"] for answer in response["answers"] if answer["link_id"] == "note"]
    return str(note)


def problems_of(refused: httpx.Response) -> list[dict[str, str]]:
    problems: list[dict[str, str]] = refused.json()["error"]["details"]["problems"]
    return problems


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def code_of(answer: httpx.Response) -> str:
    code: str = answer.json()["error"]["code"]
    return code

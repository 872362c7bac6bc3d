"""What nobody may read in logs, refusals and the database: identity, secrets and answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import inspect, make_url, text

from epro.db import make_engine
from tests.blackbox.people import Phone, activation_form, enrolled_phone, enrolment_form
from tests.blackbox.system import API, System, as_bytes

pytestmark = pytest.mark.blackbox

NOTE = "昨晚又梦见外婆，醒来心口疼，patient says ouch-4711"
# Numbers of a line that mean time or place, in which a year may stand by chance.
NUMBERS = ("time", "duration_ms", "request_id")


@pytest.fixture
def talkative(system: System) -> System:
    """A system that has heard much, in right and in wrong places."""
    phone = enrolled_phone(system)
    system.said.secrets.add(NOTE)
    _say_it_where_it_belongs(phone)
    _say_it_where_it_is_refused(phone)
    _sign_in_wrongly(phone)
    return system


def _say_it_where_it_belongs(phone: Phone) -> None:
    system = phone.system
    sheet = phone.report(answered_at=system.now(), note=NOTE)
    assert phone.send(sheet, now=system.now()).status_code == 201
    assert NOTE in phone.request("GET", f"/me/responses/{sheet.response_id}").text
    identity = system.read(f"/participants/{phone.code}/identity", reason="to arrange a visit")
    assert identity["phone"].removeprefix("+86") in system.said.secrets


def _say_it_where_it_is_refused(phone: Phone) -> None:
    """Put it into broken bodies, wrong fields, paths, queries and headers."""
    system = phone.system
    form = enrolment_form(system)
    number, year = form["phone"], form["year_of_birth"]
    sheet = phone.report(answered_at=system.now(), note=NOTE)
    broken = [
        sheet.body[:-9],
        sheet.body.replace(b'"temp"', b'"note"'),
        sheet.body.replace(b'"completed"', as_bytes(NOTE)),
        as_bytes({"answers": NOTE, NOTE: year, "year_of_birth": year}),
    ]
    refused = [phone.put(uuid4(), body, age_s=1) for body in broken]
    refused += [
        phone.put(uuid4(), sheet.body, age_s=number),
        phone.put(sheet.response_id, sheet.body, age_s=1, **{"App-Version": number * 4}),
        phone.request("GET", f"/me/responses/{number}", params={"phone": number, "note": NOTE}),
        phone.request("GET", "/me", headers={"Authorization": f"Bearer {number}"}),
        phone.request("POST", "/participants", json=form),
        system.staff("POST", "/participants", json=form | {"phone": f"{number}x", "code": number}),
        system.staff("POST", "/participants", json=form | {"zone": NOTE, "year_of_birth": "1988"}),
        system.staff("GET", "/journal", params={"entity_id": number}),
        system.http.get(f"/{number}", headers={"X-Request-ID": number, "User-Agent": number}),
    ]
    assert {answer.status_code // 100 for answer in refused} == {4}


def _sign_in_wrongly(phone: Phone) -> None:
    system = phone.system
    typed = activation_form(system)["typed"]
    refused = [
        system.http.post(f"{API}/sessions/activation", json=typed | {"year_of_birth": 1900}),
        system.http.post(f"{API}/sessions/activation", json=typed | {"pin": "111111"}),
        system.http.post(f"{API}/sessions/activation", json=typed | {"pin": {typed["pin"]: 1}}),
        system.http.post(
            f"{API}/sessions/participant", json={"code": phone.code, "pin": typed["pin"][::-1]}
        ),
        system.http.post(
            f"{API}/sessions/staff",
            json={"username": typed["code"], "password": typed["pin"], "totp": typed["pin"]},
        ),
        system.http.post(
            f"{API}/sessions/refresh", headers={"Authorization": f"Bearer {phone.access_token}"}
        ),
    ]
    assert {answer.status_code // 100 for answer in refused} == {4}


@pytest.mark.req("X-07", "P-03")
def test_no_log_holds_anything_that_identifies_or_that_somebody_has_answered(
    talkative: System,
) -> None:
    lines = [line for log in talkative.logs for line in log.read_text("utf-8").splitlines()]
    heard = [_without_numbers(line) for line in lines]

    assert any(phone_route in line for line in lines for phone_route in ("/me/responses/",))
    assert {
        secret for secret in talkative.said.secrets for line in heard if secret in line
    } == set()
    assert {year for year in talkative.said.years_of_birth if _is_named(year, heard)} == set()
    assert [line for line in heard if "eyJ" in line] == []


@pytest.mark.req("X-07")
def test_no_refusal_repeats_what_was_sent(talkative: System) -> None:
    refusals = talkative.said.refusals

    assert len(refusals) >= 15
    assert {secret for secret in talkative.said.secrets for it in refusals if secret in it} == set()
    assert {year for year in talkative.said.years_of_birth if _is_named(year, refusals)} == set()


@pytest.mark.req("X-03", "P-01")
def test_nothing_stored_can_be_read_as_a_phone_number_or_signs_anybody_in(
    talkative: System,
) -> None:
    """Answers may be read by who has the database; identity and secrets may not."""
    stored = list(_stored(talkative.database_url))

    assert any(NOTE.encode() in piece for piece in stored)
    secrets = {one for one in talkative.said.secrets if _never_stored(one)}
    assert {one for one in secrets for piece in stored if one.encode() in piece} == set()


def _never_stored(secret: str) -> bool:
    """Leave out free text, which belongs there, and PINs, whose digits turn up by chance."""
    return secret.isascii() and len(secret) > 6


def _without_numbers(line: str) -> str:
    """Return a line of a log as text, without the numbers that say when."""
    try:
        said = json.loads(line)
    except ValueError:
        return line
    kept = {name: value for name, value in said.items() if name not in NUMBERS}
    return json.dumps(kept, ensure_ascii=False)


def _is_named(year: int, lines: list[str]) -> bool:
    return any(re.search(rf"(?<![\d.:]){year}(?!\d)", line) for line in lines)


def _stored(database_url: str) -> Iterator[bytes]:
    """Return all that is stored: the bytes of the file, or every value of every table."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        yield from (part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
        return
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            for table in inspect(engine).get_table_names():
                for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608
                    yield from (it if isinstance(it, bytes) else str(it).encode() for it in row)
    finally:
        engine.dispose()

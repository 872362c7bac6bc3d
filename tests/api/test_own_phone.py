"""A participant's own phone over HTTP: her PIN, another phone, what is stuck, what she has sent."""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import DeviceSession, JournalEntry, Quarantine, WorkItem, WorkKind
from tests.api.world import API, PARTICIPANT, YEAR_OF_BIRTH, World

PIN = "840271"
ANOTHER_PIN = "592640"
NUMBERS = count(500)


def activate(
    world: World,
    code: str,
    *,
    pin: str = PIN,
    year: int = YEAR_OF_BIRTH,
    attempt: str | None = None,
) -> TestResponse:
    typed = {"code": code, "year_of_birth": year, "pin": pin, "attempt": attempt}
    return world.request(
        "POST", f"{API}/sessions/activation", json=typed, headers=world.a_new_address()
    )


def newly_activated(world: World) -> tuple[str, dict[str, str]]:
    """Enrol somebody who has activated her phone; return her code and what signs her requests."""
    participant = f"SZ01-{next(NUMBERS)}"
    code = world.enrol(participant, site="SZ01", by=Role.COORDINATOR)
    token = activate(world, code).get_json()["access_token"]
    return participant, {"Authorization": f"Bearer {token}"}


def change(world: World, her: dict[str, str], *, old: str, new: str) -> TestResponse:
    pins = {"old_pin": old, "new_pin": new}
    return world.request("PUT", f"{API}/me/pin", json=pins, headers=her)


def ask_for_code(world: World, her: dict[str, str], *, pin: str = PIN) -> TestResponse:
    return world.request("POST", f"{API}/me/transfer-code", json={"pin": pin}, headers=her)


@pytest.mark.req("P-03")
def test_she_changes_her_pin_and_the_old_one_opens_nothing(world: World) -> None:
    participant, her = newly_activated(world)

    changed = change(world, her, old=PIN, new=ANOTHER_PIN)

    def sign_in(pin: str) -> int:
        typed = {"code": participant, "pin": pin}
        return world.request("POST", f"{API}/sessions/participant", json=typed).status_code

    assert changed.status_code == 204
    assert (sign_in(PIN), sign_in(ANOTHER_PIN)) == (401, 200)


@pytest.mark.req("P-08", "C-03")
def test_a_phone_that_lost_what_it_kept_says_so_and_its_session_before_ends(world: World) -> None:
    participant, _her = newly_activated(world)
    phone = world.browser()
    path, typed = f"{API}/sessions/participant", {"code": participant, "pin": PIN}
    before = phone.post(path, json=typed | {"session_transport": "cookie"}).get_json()["id"]

    back = phone.post(path, json=typed | {"session_transport": "cookie", "was_cleared": True})
    elsewhere = world.request("POST", path, json=typed | {"was_cleared": True})

    with world.database.reading() as session:
        entries = session.scalars(
            select(JournalEntry).where(
                JournalEntry.participant_code == participant,
                JournalEntry.verb.in_(["device_session.cleared", "device_session.revoked"]),
            ).order_by(JournalEntry.id)
        ).all()  # fmt: skip
    assert (back.status_code, elsewhere.status_code) == (200, 200)
    assert [(one.verb, one.entity_id) for one in entries] == [
        ("device_session.cleared", back.get_json()["id"]),
        ("device_session.revoked", before),
        ("device_session.cleared", elsewhere.get_json()["id"]),
    ]
    assert '"phone_cleared"' in entries[1].body


@pytest.mark.req("P-08")
def test_a_cookie_of_somebody_elses_ends_nothing(world: World) -> None:
    (hers, _), (mine, _) = newly_activated(world), newly_activated(world)
    phone, path = world.browser(), f"{API}/sessions/participant"
    her = phone.post(path, json={"code": hers, "pin": PIN, "session_transport": "cookie"})
    for cookie in (None, "not a token"):
        if cookie:
            phone.set_cookie("epro_phone_access", cookie, path="/api/v1/")
        taken = phone.post(path, json={"code": mine, "pin": PIN, "was_cleared": True})
        assert taken.status_code == 200

    with world.database.reading() as session:
        device = session.get_one(DeviceSession, UUID(her.get_json()["id"]))
        assert device.revoked_at is None


@pytest.mark.req("P-04")
def test_a_wrong_present_pin_is_refused_recorded_and_counted(world: World) -> None:
    participant, her = newly_activated(world)

    told = [change(world, her, old="111222", new=ANOTHER_PIN).status_code for _ in range(6)]

    assert told == [422, 422, 422, 422, 422, 429]
    with world.database.reading() as session:
        refused = session.query(JournalEntry).filter_by(
            verb="pin.refused", participant_code=participant
        )
        assert refused.count() == 6


@pytest.mark.req("P-03")
@pytest.mark.parametrize("pin", ["123456", "777777", f"{YEAR_OF_BIRTH}07", f"12{YEAR_OF_BIRTH}"])
def test_a_weak_pin_is_refused(world: World, pin: str) -> None:
    _, her = newly_activated(world)

    answer = change(world, her, old=PIN, new=pin)

    assert answer.get_json()["error"]["code"] == "weak_secret"


@pytest.mark.req("P-03", "P-04")
def test_without_her_pin_nobody_finds_out_the_year_of_birth(world: World) -> None:
    _, her = newly_activated(world)
    years = (YEAR_OF_BIRTH, *range(YEAR_OF_BIRTH - 6, YEAR_OF_BIRTH))

    told = [change(world, her, old="111222", new=f"{year}07") for year in years]

    assert [one.get_json()["error"]["code"] for one in told] == [
        *["wrong_pin"] * 5, *["too_many_attempts"] * 2,
    ]  # fmt: skip


@pytest.mark.req("P-02", "P-04")
def test_a_code_for_another_phone_needs_her_pin_and_wrong_ones_count_as_everywhere(
    world: World,
) -> None:
    participant, her = newly_activated(world)
    told = [change(world, her, old="111222", new=ANOTHER_PIN).status_code for _ in range(2)]

    told += [ask_for_code(world, her, pin="111222").status_code for _ in range(3)]
    locked = ask_for_code(world, her)
    world.clock.advance(minutes=15)
    after = ask_for_code(world, her)

    assert told == [422] * 5
    assert (locked.status_code, after.status_code) == (429, 200)
    with world.database.reading() as session:
        refused, issued = (
            session.query(JournalEntry).filter_by(verb=verb, participant_code=participant).count()
            for verb in ("pin.refused", "activation_code.issued")
        )
        assert (refused, issued) == (6, 2)


@pytest.mark.req("P-02")
def test_a_code_for_another_phone_moves_the_diary_and_signs_the_old_one_out(world: World) -> None:
    _, her = newly_activated(world)
    issued = ask_for_code(world, her).get_json()

    before = world.request("GET", f"{API}/me", headers=her).status_code
    moved = activate(world, issued["activation_code"], pin=ANOTHER_PIN)

    assert (before, moved.status_code) == (200, 200)
    assert world.request("GET", f"{API}/me", headers=her).status_code == 401


@pytest.mark.req("P-02")
def test_a_code_for_another_phone_is_good_for_ten_minutes(world: World) -> None:
    _, her = newly_activated(world)
    issued = ask_for_code(world, her).get_json()

    world.clock.advance(minutes=10)

    assert activate(world, issued["activation_code"]).status_code == 401


@pytest.mark.req("P-02")
def test_an_activation_whose_reply_was_lost_is_answered_again_to_that_attempt(world: World) -> None:
    code = world.enrol(f"SZ01-{next(NUMBERS)}", site="SZ01", by=Role.COORDINATOR)
    mine = str(uuid4())
    assert activate(world, code, attempt=mine).status_code == 200

    again = activate(world, code, attempt=mine)
    refused = [
        activate(world, code),
        activate(world, code, attempt=str(uuid4())),
        activate(world, code, attempt=mine, pin=ANOTHER_PIN),
        activate(world, code, attempt=mine, year=YEAR_OF_BIRTH + 1),
    ]
    world.clock.advance(minutes=15)
    refused.append(activate(world, code, attempt=mine))

    assert again.status_code == 200
    assert {one.status_code for one in refused} == {401}


@pytest.mark.req("S-02")
def test_what_her_phone_cannot_deliver_stands_once_on_the_site_s_list(world: World) -> None:
    _, her = newly_activated(world)
    stuck = {"response_id": str(uuid4()), "refusal": "revision_conflict"}

    noted = [
        world.request("POST", f"{API}/me/stuck", json=stuck, headers=her).get_json()
        for _ in range(2)
    ]

    assert noted == [{"is_new": True, "is_kept": False}, {"is_new": False, "is_kept": False}]
    with world.database.reading() as session:
        lines = session.query(WorkItem).filter_by(kind=WorkKind.STUCK_RECORD)
        assert [one.about for one in lines if stuck["response_id"] in one.about]


def hand_over(
    world: World, her: dict[str, str], body: str, *, about: UUID, refusal: str = "not_found"
) -> Any:
    stuck = {
        "response_id": str(about), "refusal": refusal, "body": body, "answer_age_s": 90.0,
    }  # fmt: skip
    noted = world.request("POST", f"{API}/me/stuck", json=stuck, headers=her)
    assert noted.status_code == 200, noted.text
    return noted.get_json()


def kept_bodies(world: World, about: UUID) -> list[tuple[bytes, str]]:
    with world.database.reading() as session:
        kept = session.query(Quarantine).filter_by(response_id=about)
        return [(one.body, one.refusal_code) for one in kept]


@pytest.mark.req("S-02")
def test_what_was_refused_where_it_is_not_kept_is_kept_once_it_is_handed_over(
    world: World,
) -> None:
    _, her = newly_activated(world)
    given = '{"help_now":false,"hospital":"no"}'
    question, about = uuid4(), uuid4()
    path = f"{API}/me/safety-questions/{question}/answer"
    refused = world.request("POST", path, data=given, headers=her, content_type="application/json")

    noted = [hand_over(world, her, given, about=about) for _ in range(2)]

    assert refused.status_code == 404
    assert noted == [{"is_new": True, "is_kept": True}, {"is_new": False, "is_kept": True}]
    assert kept_bodies(world, about) == [(given.encode(), "not_found")]
    with world.database.reading() as session:
        entries = session.query(JournalEntry).filter_by(verb="response.refused").all()
    (entry,) = (one for one in entries if str(about) in one.body)
    assert json.loads(entry.body)["after"]["body_sha256"] == sha256(given.encode()).hexdigest()


@pytest.mark.req("S-02")
def test_what_the_server_has_kept_itself_is_not_kept_again(world: World) -> None:
    _, her = newly_activated(world)
    _, another = newly_activated(world)
    body, about = '{"answers": "这份表里没有的"}', uuid4()
    refused = world.request(
        "PUT", f"{API}/me/responses/{about}", data=body.encode(),
        headers=her | {"Answer-Age": "1"}, content_type="application/json",
    )  # fmt: skip

    noted = hand_over(world, her, body, about=about, refusal="other_word")
    hand_over(world, another, body, about=about)

    assert refused.status_code == 422
    assert noted["is_kept"]
    # The other's stands under her own name.
    assert sorted(kept_bodies(world, about)) == [
        (body.encode(), "invalid_request"), (body.encode(), "not_found"),
    ]  # fmt: skip


@pytest.mark.req("S-02", "A-05")
@pytest.mark.parametrize(
    ("given", "is_flagged"),
    [
        ('{"help_now":true,"hospital":"no"}', True),
        ('{"help_now":true,"hospital":"somewhere"}', True),
        ('{"help_now":false,"hospital":"no"}', False),
        ('{"help_now":"yes"}', False),
        ("[true]", False),
    ],
)
def test_a_yes_to_help_that_was_refused_reaches_the_site_all_the_same(
    world: World, given: str, *, is_flagged: bool
) -> None:
    participant, her = newly_activated(world)

    hand_over(world, her, given, about=uuid4())

    staff = world.sign_in(Role.COORDINATOR)
    flags = world.request("GET", f"{API}/flags", headers=staff).get_json()["items"]
    assert any(one["participant"] == participant for one in flags) is is_flagged


@pytest.mark.req("T-05", "A-08")
def test_what_she_has_sent_says_until_when_it_is_hers_and_whether_the_site_took_it(
    world: World,
) -> None:
    flag = world.complain(PARTICIPANT, urgent=("limb",))
    her, staff = world.sign_in(PARTICIPANT), world.sign_in(Role.COORDINATOR)

    def latest() -> dict[str, Any]:
        listed = world.request("GET", f"{API}/me/responses", headers=her).get_json()["items"]
        found: dict[str, Any] = listed[0]
        return found

    before = latest()
    world.request("POST", f"{API}/flags/{flag}/acknowledgement", headers=staff)
    after = latest()
    form = world.request("GET", f"{API}/me/responses/{before['id']}/form", headers=her)

    answered_at, own_until = (
        datetime.fromisoformat(before[name]) for name in ("answered_at", "own_until")
    )
    assert own_until - answered_at == timedelta(hours=24)
    assert (before["taken_at"] is None, after["taken_at"] is None) == (True, False)
    assert form.get_json()["questionnaire"]["code"] == before["questionnaire"]["code"]

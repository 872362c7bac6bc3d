"""What staff write is looked through before it is stored, on every way, and kept if confirmed."""

import json
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from lxml import html
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import Contact, JournalEntry
from tests.api.world import API, EVENING, INFUSED_AT, PARTICIPANT, World, infusion, new_event
from tests.web.cases_participants import somebody
from tests.web.pages import send, text_of

pytestmark = pytest.mark.req("B-03")

WORDS = "She was told she is on placebo, 高剂量"
NUMBERS = count(700)
FOUND = ["高剂量", "placebo"]
CONFIRMED = {"Reveals-Nothing": "yes"}


def confirmations(world: World) -> list[dict[str, Any]]:
    with world.database.reading() as session:
        entries = session.scalars(
            select(JournalEntry.body)
            .where(JournalEntry.verb == "words.confirmed")
            .order_by(JournalEntry.id)
        )
        return [json.loads(body) for body in entries]


def ask(
    world: World, role: Role, path: str, body: dict[str, Any], method: str = "POST", **more: str
) -> TestResponse:
    return world.request(method, f"{API}{path}", json=body, headers=world.sign_in(role) | more)


def contact(world: World, words: str, **more: str) -> TestResponse:
    body = {"channel": "telephone", "outcome": "reached", "note": words}
    return ask(world, Role.COORDINATOR, f"/participants/{PARTICIPANT}/contacts", body, **more)


def hand_over(world: World, words: str, **more: str) -> TestResponse:
    path = f"/flags/{taken(world)}/reassignment"
    return ask(world, Role.COORDINATOR, path, {"to": "investigator", "reason": words}, **more)


def assessment(world: World, words: str, **more: str) -> TestResponse:
    path = f"/flags/{taken(world)}/assessments"
    body = {"is_adverse_event": False, "narrative": words, "reason": "seen again"}
    return ask(world, Role.INVESTIGATOR, path, body, **more)


def event(world: World, words: str, **more: str) -> TestResponse:
    path = f"/participants/{PARTICIPANT}/adverse-events"
    return ask(world, Role.INVESTIGATOR, path, new_event(term=words), **more)


def withdrawal(world: World, words: str, **more: str) -> TestResponse:
    code = f"SZ01-{next(NUMBERS):03}"
    world.enrol(code, site="SZ01", by=Role.COORDINATOR)
    body = {"life_cycle": "withdrawn_from_all", "reason": words, "occurred_at": EVENING.isoformat()}
    return ask(world, Role.COORDINATOR, f"/participants/{code}/life-cycle", body, "PUT", **more)


def anchor(world: World, words: str, **more: str) -> TestResponse:
    code = f"SZ01-{next(NUMBERS):03}"
    world.enrol(code, site="SZ01", by=Role.COORDINATOR)
    body = {"event": "INF1_PLANNED", "occurred_at": EVENING.isoformat(), "reason": words}
    return ask(world, Role.COORDINATOR, f"/participants/{code}/anchors", body, **more)


def taken(world: World) -> str:
    """Return a flag that a coordinator has taken."""
    flag_id = world.complain(PARTICIPANT, help_now=True)
    send(world.sign_in_to_console(Role.COORDINATOR), f"/flags/{flag_id}/acknowledgement")
    return str(flag_id)


@pytest.mark.parametrize("way", [contact, hand_over, assessment, event, withdrawal, anchor])
def test_every_way_in_warns_first_and_keeps_what_is_confirmed(world: World, way: Any) -> None:
    before = len(confirmations(world))

    warned = way(world, WORDS)
    kept = way(world, WORDS, **CONFIRMED)

    error = warned.get_json()["error"]
    assert (warned.status_code, error["code"]) == (409, "may_reveal")
    assert error["details"]["words"] == FOUND
    assert WORDS not in warned.text
    assert kept.status_code in {200, 201}, kept.text
    (entry,) = confirmations(world)[before:]
    assert entry["after"]["words"] == FOUND
    assert list(entry["after"]["fields"]) == error["details"]["fields"]


def test_a_warning_stores_nothing(world: World) -> None:
    words = f"{WORDS} {uuid4()}"

    contact(world, words)

    with world.database.reading() as session:
        assert words not in session.scalars(select(Contact.note)).all()


def test_words_that_were_refused_for_another_reason_are_not_on_record(world: World) -> None:
    before = len(confirmations(world))
    body = {"channel": "telephone", "outcome": "reached", "note": WORDS, "flag_id": str(uuid4())}

    answer = ask(
        world, Role.COORDINATOR, f"/participants/{PARTICIPANT}/contacts", body, **CONFIRMED
    )

    assert answer.status_code == 404
    assert len(confirmations(world)) == before


def test_what_participants_write_is_never_stopped(world: World) -> None:
    flag_id = world.complain(PARTICIPANT, help_now=True, note="护士说我输的是安慰剂")

    assert isinstance(flag_id, UUID)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("contacts", {"channel": "telephone", "outcome": "reached", "next_step": "nothing",
                      "note": WORDS}),
        ("reassignment", {"to": "investigator", "reason": WORDS}),
        ("sending", {"sent_at": "2026-03-01T19:00", "sent_by": "Li Min", "sent_to": "sponsor",
                     "proof": WORDS}),
        ("awareness", {"at": "2026-03-01T00:00", "reason": WORDS}),
    ],
)  # fmt: skip
def test_a_form_of_a_flag_comes_back_with_the_words_and_a_box_to_tick(
    world: World, path: str, fields: dict[str, str]
) -> None:
    flag_id, before = taken(world), len(confirmations(world))
    browser = world.sign_in_to_console(Role.COORDINATOR)

    warned = send(browser, f"/flags/{flag_id}/{path}", **fields)
    kept = send(browser, f"/flags/{flag_id}/{path}", **fields, reveals_nothing="yes")

    assert warned.status_code == 409
    assert "高剂量, placebo" in text_of(warned)
    assert warned.text.count('name="reveals_nothing"') == 1
    assert WORDS in warned.text
    assert kept.status_code == 303, text_of(kept)
    assert len(confirmations(world)) == before + 1


def test_a_form_of_a_participant_asks_beneath_the_field(world: World) -> None:
    code = f"SZ01-{next(NUMBERS):03}"
    world.enrol(code, site="SZ01", by=Role.COORDINATOR)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    path, typed = (
        f"/participants/{code}/life-cycle",
        {"life_cycle": "withdrawn_from_all", "reason": WORDS},
    )

    warned = send(browser, path, **typed)
    kept = send(browser, path, **typed, reveals_nothing="yes")

    assert warned.status_code == 409
    assert warned.text.count('name="reveals_nothing"') == 1
    assert kept.status_code == 303, text_of(kept)


def test_a_difference_of_the_clinical_database_asks_beneath_its_own_field(world: World) -> None:
    code, browser = somebody(world), world.sign_in_to_console(Role.COORDINATOR)
    world.request("POST", f"{API}/participants/{code}/anchors", json=infusion(),
                  headers=world.sign_in(Role.COORDINATOR))  # fmt: skip
    client = world.sign_in(Role.EDC_CLIENT)
    asked = [
        world.request(
            "POST", f"/api/edc/v1/participants/{code}/anchors", headers=client,
            json={"event": "INF1", "occurred_at": (INFUSED_AT + timedelta(hours=late)).isoformat()},
        ).get_json()["query"]["id"]
        for late in (1, 2)
    ]  # fmt: skip
    path = f"/participants/{code}/anchor-queries/{asked[1]}/decision"
    written = {"is_accepted": "no", "reason": WORDS}

    warned = send(browser, path, **written)
    kept = send(browser, path, **written, reveals_nothing="yes")
    otherwise = send(browser, path, is_accepted="yes", reason="后来想想")

    assert warned.status_code == 409
    page = html.fromstring(warned.text)
    texts = {one: page.get_element_by_id(f"query-{one}-reason").text for one in asked}
    assert {one: (text or "").strip() for one, text in texts.items()} == {
        asked[0]: "", asked[1]: WORDS
    }  # fmt: skip
    (box,) = page.xpath("//input[@name='reveals_nothing']")
    assert next(box.iterancestors("form")).get("action").endswith(path)
    assert kept.status_code == 303, text_of(kept)
    # Its form is gone with the decision; why not is said all the same.
    assert otherwise.status_code == 409
    assert html.fromstring(otherwise.text).xpath("//*[@role='alert']")

"""Corrections over HTTP: she corrects, the site puts down, the investigator decides."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import Quarantine
from tests.api.world import API, ELSEWHERE, EVENING, PARTICIPANT, World, Worlds, put_down
from tests.databases import DatabaseKind, DatabaseShelf


@pytest.fixture
def new_world(database_shelf: DatabaseShelf, database_kind: DatabaseKind) -> Iterator[World]:
    with Worlds(database_shelf) as worlds:
        yield worlds[database_kind]


def correct(world: World, who: str = PARTICIPANT, **changed: Any) -> TestResponse:
    said = ("source", "said_at", "said_words", "response_id")
    body = {name: value for name, value in put_down(world.known).items() if name not in said}
    path = f"{API}/me/responses/{world.known.response}/corrections/{uuid4()}"
    headers = {**world.sign_in(who), "Answer-Age": "1"}
    return world.request(
        "PUT", path, headers=headers,
        json={**body, "corrected_at": EVENING.isoformat(), **changed},
    )  # fmt: skip


def put_it_down(world: World, **headers: str) -> TestResponse:
    return world.request(
        "POST", f"{API}/participants/{PARTICIPANT}/corrections", json=put_down(world.known),
        headers={**world.sign_in(Role.COORDINATOR), **headers},
    )  # fmt: skip


@pytest.mark.req("T-05")
def test_version_two_is_current_and_version_one_can_be_read(new_world: World) -> None:
    world = new_world
    path = f"{API}/me/responses/{world.known.response}"
    her, monitor = world.sign_in(PARTICIPANT), world.sign_in(Role.MONITOR)
    before = world.request("GET", path, headers=her).get_json()

    corrected = correct(world)

    after = world.request("GET", path, headers=her).get_json()
    hers = world.request("GET", f"{path}/versions", headers=her).get_json()["items"]
    theirs = world.request(
        "GET", f"{API}/responses/{world.known.response}/versions", headers=monitor
    ).get_json()["items"]
    assert (corrected.status_code, corrected.get_json()["state"]) == (200, "applied")
    assert (before["revision"], after["revision"]) == (1, 2)
    assert hers == theirs
    assert [one["answers"] for one in hers] == [before["answers"], after["answers"]]
    assert [one["reason"] for one in hers] == [None, "按错了"]


@pytest.mark.req("T-05", "X-05")
def test_what_cannot_be_read_of_a_correction_is_kept_like_any_answer(world: World) -> None:
    refused = correct(world, reason="")

    with world.database.reading() as session:
        # What another tried to correct may be kept in this world as well.
        query = select(Quarantine).where(Quarantine.refusal_code != "not_found")
        kept = session.scalars(query).one()
    assert refused.status_code == 422
    assert (kept.response_id, kept.refusal_code) == (world.known.response, "invalid_request")


@pytest.mark.req("P-06")
def test_anothers_answers_look_absent_to_whoever_would_correct_them(world: World) -> None:
    assert correct(world, who=ELSEWHERE).status_code == 404


@pytest.mark.req("T-06")
def test_the_way_of_a_correction_that_the_site_puts_down(new_world: World) -> None:
    world = new_world
    first, again = (put_it_down(world, **{"Idempotency-Key": "once"}) for _ in range(2))
    asked, path = first.get_json(), f"{API}/corrections/{first.get_json()['id']}"
    word = world.request(
        "POST", f"{API}/me/corrections/{asked['id']}/word", json={"is_right": True},
        headers=world.sign_in(PARTICIPANT),
    )  # fmt: skip
    decision = {"is_approved": True, "reason": "她的说法可信"}
    decided = world.request(
        "POST", f"{path}/decision", json=decision, headers=world.sign_in(Role.INVESTIGATOR)
    )

    assert again.get_json()["id"] == asked["id"]
    assert asked["state"] == "awaiting_participant"
    assert word.get_json()["state"] == "awaiting_decision"
    assert (decided.get_json()["state"], decided.get_json()["decided_by"]) == (
        "applied", Role.INVESTIGATOR,
    )  # fmt: skip


@pytest.mark.req("T-06", "P-06")
def test_an_investigator_cannot_originate_what_she_felt(world: World) -> None:
    path = f"{API}/participants/{PARTICIPANT}/corrections"

    refused = world.request(
        "POST", path, json=put_down(world.known), headers=world.sign_in(Role.INVESTIGATOR)
    )

    assert refused.status_code == 403


@pytest.mark.req("T-06")
@pytest.mark.parametrize("is_approved", [True, False])
@pytest.mark.parametrize("role", [Role.DATA_MANAGER, Role.MONITOR, Role.COORDINATOR])
def test_the_sponsors_people_neither_approve_nor_prevent(
    world: World, role: Role, *, is_approved: bool
) -> None:
    asked = put_it_down(world).get_json()

    refused = world.request(
        "POST", f"{API}/corrections/{asked['id']}/decision",
        json={"is_approved": is_approved, "reason": "x"}, headers=world.sign_in(role),
    )  # fmt: skip

    assert refused.status_code == 403


@pytest.mark.req("T-06")
@pytest.mark.parametrize("decision", [{"is_approved": True}, {"is_approved": True, "reason": ""}])
def test_an_approval_without_a_reason_is_refused(world: World, decision: dict[str, Any]) -> None:
    asked = put_it_down(world).get_json()

    refused = world.request(
        "POST", f"{API}/corrections/{asked['id']}/decision", json=decision,
        headers=world.sign_in(Role.INVESTIGATOR),
    )  # fmt: skip

    assert refused.status_code == 422

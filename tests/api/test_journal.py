"""The audit trail over HTTP: in order, in words, and no further than the reader's sites."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, ELSEWHERE, PARTICIPANT, World, Worlds
from tests.databases import DatabaseKind, DatabaseShelf


@pytest.fixture(scope="module")
def worlds(database_shelf: DatabaseShelf) -> Iterator[Worlds]:
    with Worlds(database_shelf) as worlds:
        yield worlds


@pytest.fixture
def world(worlds: Worlds, database_kind: DatabaseKind) -> World:
    return worlds[database_kind]


def ask(world: World, *, by: str = Role.MONITOR, **query: Any) -> TestResponse:
    return world.request("GET", f"{API}/journal?{urlencode(query)}", headers=world.sign_in(by))


@pytest.mark.req("T-04", "P-10")
@pytest.mark.parametrize(
    ("language", "words"), [("en", "submitted "), ("zh", "提交了 "), (None, "提交了 ")]
)
def test_a_response_is_told_in_words(world: World, language: str | None, words: str) -> None:
    asked = {"language": language} if language else {}

    said = ask(world, entity_type="response", entity_id=world.known.response, **asked).get_json()

    (entry,) = said["items"]
    assert entry["words"].startswith(words)
    assert (entry["actor"], entry["role"]) == (PARTICIPANT, "participant")
    assert (entry["verb"], entry["version"]) == ("response.completed", 1)
    assert len(entry["hash"]) == 64
    assert entry["after"]["answers"]
    assert (said["has_more"], said["next_after"]) == (False, entry["seq"])


@pytest.mark.req("T-04", "E-02")
def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    whole = ask(world, participant=PARTICIPANT, limit=200).get_json()["items"]
    paged: list[Any] = []
    after, has_more = 0, True
    while has_more:
        page = ask(world, participant=PARTICIPANT, limit=7, after=after).get_json()
        paged += page["items"]
        after, has_more = page["next_after"], page["has_more"]

    # Signing in to ask leaves entries of its own, but none about her.
    assert [entry["seq"] for entry in paged] == [entry["seq"] for entry in whole]
    assert len(whole) > 30


@pytest.mark.req("T-04", "S-04")
def test_a_change_stands_old_beside_new(world: World) -> None:
    said = ask(world, entity_type="assessment", entity_id=world.known.assessment).get_json()

    entries = said["items"]

    assert [entry["verb"] for entry in entries] == ["assessment.planned", "assessment.completed"]
    (change,) = entries[1]["changes"]
    assert (change["field"], change["before"]) == ("completed_at", None)
    assert change["after"] == entries[1]["after"]["completed_at"]


@pytest.mark.req("T-04", "P-06")
def test_another_sites_history_looks_empty(world: World) -> None:
    elsewhere = ask(world, by=Role.COORDINATOR, participant=ELSEWHERE).get_json()
    nobody = ask(world, by=Role.COORDINATOR, participant="SZ01-999").get_json()

    assert elsewhere == nobody == {"items": [], "has_more": False, "next_after": 0}
    assert ask(world, by=Role.COORDINATOR, participant=PARTICIPANT).get_json()["items"]


@pytest.mark.req("P-06")
@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.OUTCOMES_ASSESSOR, Role.SYSTEM_ADMIN])
def test_who_may_not_read_the_journal_is_told_so(world: World, role: Role) -> None:
    assert ask(world, by=role, participant=PARTICIPANT).status_code == 403


@pytest.mark.req("X-05")
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"entity_type": "response"},
        {"entity_id": "1"},
        {"participant": ""},
        {"participant": PARTICIPANT, "limit": 0},
        {"participant": PARTICIPANT, "limit": 201},
        {"participant": PARTICIPANT, "after": -1},
        {"participant": PARTICIPANT, "after": 2**63},
        {"participant": PARTICIPANT, "language": "fr"},
        {"participant": "a\x00"},
    ],
)
def test_a_faulty_question_is_refused_by_place(world: World, query: dict[str, Any]) -> None:
    answer = ask(world, **query)

    assert answer.status_code == 422
    error = answer.get_json()["error"]
    assert error["code"] == "invalid_request"
    assert error["details"]["problems"]

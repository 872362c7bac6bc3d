"""The audit trail over HTTP: in order, in words, and no further than the reader's sites."""

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from epro.access import PERMISSIONS_OF, Permission, Role
from epro.services import journal
from epro.services.journal import Subject
from tests.api.world import API, ELSEWHERE, PARTICIPANT, World
from tests.factories import SYSTEM
from tests.services.changes_of_protection import record_incident

# Kinds of record that tell of events, one that nobody has judged yet, and some that tell of none.
EVENTS = {"flag", "adverse_event", "candidate", "contact", "awareness", "signature", "screening",
          "safety_question", "message", "work_item", "incident", "not_judged_yet"}  # fmt: skip
BREACHES = {"data_incident"}
PLAIN = {"participant", "response", "anchor", "assessment", "correction", "reminder", "consent"}


def ask(world: World, *, by: str = Role.MONITOR, **query: Any) -> TestResponse:
    return world.request("GET", f"{API}/journal?{urlencode(query)}", headers=world.sign_in(by))


@pytest.mark.req("T-04", "P-10")
@pytest.mark.parametrize(
    ("language", "words"), [("en", "submitted "), ("zh", "提交了"), (None, "提交了")]
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


@pytest.mark.req("B-04", "B-05", "P-06")
@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.COORDINATOR, PLAIN | EVENTS | BREACHES),
        (Role.INVESTIGATOR, PLAIN | EVENTS | BREACHES | {"code_break"}),
        (Role.PRINCIPAL_INVESTIGATOR, PLAIN | EVENTS | BREACHES | {"code_break"}),
        (Role.MONITOR, PLAIN | EVENTS | BREACHES),
        (Role.INSPECTOR, PLAIN | EVENTS | BREACHES | {"code_break"}),
        (Role.DATA_MANAGER, PLAIN | BREACHES),
    ],
)
def test_the_journal_tells_no_more_than_the_records_themselves(
    world: World, role: Role, kinds: set[str]
) -> None:
    about = f"told to {role}"
    with world.database.transaction() as session:
        for kind in (*PLAIN, *EVENTS, *BREACHES, "code_break"):
            subject = Subject(
                entity_type=kind, entity_id=kind, participant_code=about, site_code="SZ01"
            )
            journal.record(session, SYSTEM, "note.made", subject, after={}, now=world.clock())

    said = world.request(
        "GET", f"{API}/journal?{urlencode({'participant': about})}",
        headers=world.sign_in(role),
    ).get_json()  # fmt: skip

    assert {entry["entity_type"] for entry in said["items"]} == kinds


@pytest.mark.req("B-04")
def test_a_data_manager_finds_no_event_in_the_journal(world: World) -> None:
    flag_id = world.complain(PARTICIPANT, help_now=True)

    hers = ask(world, by=Role.DATA_MANAGER, participant=PARTICIPANT, limit=200).get_json()["items"]
    asked = {"entity_type": "flag", "entity_id": flag_id}

    assert hers
    assert str(flag_id) not in str(hers)
    assert ask(world, by=Role.DATA_MANAGER, **asked).get_json()["items"] == []
    assert ask(world, by=Role.MONITOR, **asked).get_json()["items"]


@pytest.mark.req("B-04", "X-06", "T-04")
def test_a_data_manager_reads_how_an_entry_of_her_register_came_about(world: World) -> None:
    entered = record_incident(world).get_json()

    told = ask(
        world, by=Role.DATA_MANAGER, entity_type="data_incident", entity_id=entered["id"],
        language="en",
    ).get_json()["items"]  # fmt: skip

    assert [one["words"] for one in told] == ["recorded a breach (lost device, minor)"]
    assert ask(world, by=Role.OUTCOMES_ASSESSOR, participant=PARTICIPANT).status_code == 403


def test_whoever_reads_events_code_breaks_or_breaches_reads_the_journal() -> None:
    for also in (
        Permission.READ_FLAG, Permission.READ_CODE_BREAK, Permission.READ_DATA_INCIDENT,
    ):  # fmt: skip
        for role, permissions in PERMISSIONS_OF.items():
            assert also not in permissions or Permission.READ_JOURNAL in permissions, role


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

"""What a phone keeps to say what to do without a network, over HTTP."""

from datetime import timedelta

import pytest

from epro.access import Role
from tests.api.world import API, EVENING, INFUSED_AT, PARTICIPANT, World, Worlds
from tests.databases import DatabaseKind

RULES = f"{API}/me/safety-rules"


@pytest.fixture
def world(worlds: Worlds, database_kind: DatabaseKind) -> World:
    world = worlds[database_kind]
    world.clock.set(EVENING)
    return world


@pytest.mark.req("A-05")
def test_the_phone_keeps_rules_words_numbers_and_hours(world: World) -> None:
    said = world.request("GET", RULES, headers=world.sign_in(PARTICIPANT)).get_json()

    by_id = {rule["id"]: rule for rule in said["rules"]}
    assert {"R01", "R05", "R07b", "R23", "R29b", "R30", "R35", "R41"} <= set(by_id)
    assert by_id["R29b"]["asks_first"]["question"]["zh"]
    assert all("{" not in rule["advice"][one] for rule in said["rules"] for one in ("zh", "en"))
    assert said["numbers"]["study_phone"] in by_id["R01"]["advice"]["en"]
    assert said["infusions_at"] == [INFUSED_AT.isoformat()]
    assert said["site_hours"][0]["opens_at"] < said["site_hours"][0]["closes_at"]


@pytest.mark.req("A-05")
def test_no_rule_over_several_days_is_on_the_phone(world: World) -> None:
    said = world.request("GET", RULES, headers=world.sign_in(PARTICIPANT)).get_json()

    read = {
        clause["question"]
        for rule in said["rules"]
        for trigger in rule["triggers"]
        for clause in trigger["clauses"]
    }
    assert "urgent" in read
    assert read & {"worse_days_in_7", "foam_at_baseline", "warm_days_running"} == set()


@pytest.mark.req("A-05")
def test_what_has_not_changed_is_not_sent_again_and_what_has_is(world: World) -> None:
    headers = world.sign_in(PARTICIPANT)
    known = world.request("GET", RULES, headers=headers)
    again = {**headers, "If-None-Match": known.headers["ETag"]}

    world.clock.set(EVENING + timedelta(minutes=30))
    same = world.request("GET", RULES, headers=again)
    world.clock.set(EVENING + timedelta(days=7))
    next_week = world.request("GET", RULES, headers=again)

    assert (same.status_code, same.data) == (304, b"")
    assert next_week.status_code == 200
    assert next_week.get_json()["site_hours"] != known.get_json()["site_hours"]


@pytest.mark.req("A-05")
def test_they_are_a_participants_own(world: World) -> None:
    refused = world.request("GET", RULES, headers=world.sign_in(Role.COORDINATOR))

    assert refused.status_code == 403

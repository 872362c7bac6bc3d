"""Sign-off and lock over HTTP: what is refused, and what shows afterwards."""

import pytest

from epro.access import Role
from tests.api.world import API, PARTICIPANT, World, infusion, new_event
from tests.services.changes_of_records import lock, record_path, sign_off

pytestmark = pytest.mark.req("T-08")


def test_a_locked_record_answers_every_change_with_one_refusal(world: World) -> None:
    path = record_path(world)
    assert lock(world, path).get_json()["is_locked"] is True
    investigator, of_her = world.sign_in(Role.INVESTIGATOR), path.removesuffix("/record")

    answers = [
        world.request(method, where, json=body, headers=investigator)
        for method, where, body in (
            ("POST", f"{of_her}/anchors", infusion()),
            ("POST", f"{of_her}/anchors/preview", infusion()),
            ("POST", f"{of_her}/adverse-events", new_event()),
            ("POST", f"{path}/sign-off", {"signature": world.proof(Role.INVESTIGATOR)}),
        )
    ]

    assert {(one.status_code, one.get_json()["error"]["code"]) for one in answers} == {
        (409, "record_locked")
    }


def test_after_unlocking_a_change_is_taken_and_shows_the_signature_broken(world: World) -> None:
    path = record_path(world)
    lock(world, path)
    chief, investigator = (
        world.sign_in(Role.PRINCIPAL_INVESTIGATOR),
        world.sign_in(Role.INVESTIGATOR),
    )

    without = world.request("POST", f"{path}/unlock", json={"reason": "  "}, headers=chief)
    unlocked = world.request("POST", f"{path}/unlock", json={"reason": "漏了"}, headers=chief)
    of_her = path.removesuffix("/record")
    recorded = world.request("POST", f"{of_her}/anchors", json=infusion(), headers=investigator)

    assert (without.status_code, without.get_json()["error"]["code"]) == (422, "reason_required")
    assert unlocked.get_json()["locks"][0]["unlock_reason"] == "漏了"
    assert recorded.status_code in {200, 201}
    after = world.request("GET", path, headers=chief).get_json()
    assert (after["is_locked"], after["is_signed_off"]) == (False, False)
    assert [one["is_broken"] for one in after["signatures"]] == [True]


def test_the_refusal_of_a_sign_off_names_what_is_open(world: World) -> None:
    flag = world.complain(PARTICIPANT, urgent=("limb",))

    refused = sign_off(world, f"{API}/participants/{PARTICIPANT}/record")

    error = refused.get_json()["error"]
    assert (refused.status_code, error["code"]) == (409, "record_not_ready")
    assert str(flag) in error["details"]["flags"]
    assert error["details"]["candidates"]
    shown = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/record", headers=world.sign_in(Role.MONITOR)
    ).get_json()
    assert shown["still_open"] == error["details"]
    hidden = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/record", headers=world.sign_in(Role.DATA_MANAGER)
    ).get_json()
    assert hidden["still_open"] is None

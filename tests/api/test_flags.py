"""Flags over HTTP, read back from the database in requests of their own."""

import pytest

from epro.access import Role
from tests.api.world import API, PARTICIPANT, World

SERIOUS = {
    "is_adverse_event": True, "narrative": "住院观察。", "seriousness": ["hospitalisation"],
    "grade": 3, "relationship": "possible", "action_taken": "none", "outcome": "recovering",
}  # fmt: skip


@pytest.mark.req("A-08", "A-09")
def test_what_was_judged_serious_is_still_read_and_listed_afterwards(world: World) -> None:
    flag = f"/flags/{world.complain(PARTICIPANT, worst='danger')}"
    physician = world.sign_in(Role.PRINCIPAL_INVESTIGATOR)
    world.request("POST", f"{API}{flag}/acknowledgement", headers=physician)

    assessed = world.request("POST", f"{API}{flag}/assessments", json=SERIOUS, headers=physician)

    read = world.request("GET", f"{API}{flag}", headers=physician)
    listed = world.request("GET", f"{API}/flags", headers=physician)
    assert (assessed.status_code, read.status_code, listed.status_code) == (201, 200, 200)
    assert read.get_json()["disposition"]["seriousness"] == ["hospitalisation"]
    assert read.get_json()["assessments"][0]["seriousness"] == ["hospitalisation"]


@pytest.mark.req("A-07", "A-08")
def test_a_list_of_flags_that_was_cut_short_says_so(world: World) -> None:
    first, second = (
        world.complain(PARTICIPANT, worst="danger"),
        world.complain(PARTICIPANT, what="pregnancy"),
    )
    assert first != second
    coordinator = world.sign_in(Role.COORDINATOR)

    cut, whole = (
        world.request("GET", f"{API}/flags?limit={limit}", headers=coordinator).get_json()
        for limit in (1, 200)
    )

    assert (len(cut["items"]), cut["has_more"]) == (1, True)
    assert whole["has_more"] is False
    assert {str(first), str(second)} <= {one["id"] for one in whole["items"]}


@pytest.mark.req("A-08")
def test_a_list_of_contacts_that_was_cut_short_says_so(world: World) -> None:
    coordinator = world.sign_in(Role.COORDINATOR)
    path = f"{API}/participants/{PARTICIPANT}/contacts"
    for outcome in ("not_reached", "reached"):
        body = {"channel": "telephone", "outcome": outcome}
        assert world.request("POST", path, json=body, headers=coordinator).status_code == 201

    cut, whole = (
        world.request("GET", f"{path}?limit={limit}", headers=coordinator).get_json()
        for limit in (1, 200)
    )

    assert (len(cut["items"]), cut["has_more"]) == (1, True)
    assert (len(whole["items"]) >= 2, whole["has_more"]) == (True, False)

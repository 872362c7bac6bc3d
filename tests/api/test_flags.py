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

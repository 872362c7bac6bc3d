"""Compliance over HTTP: both numbers, and only of one's own sites."""

import pytest

from epro.access import Role
from tests.api.world import API, ENROLLED, HERE, PARTICIPANT, World

pytestmark = pytest.mark.req("C-02")


@pytest.mark.parametrize("by", ["participant", "block", "site", "period"])
def test_the_groups_make_the_whole(world: World, by: str) -> None:
    answer = world.request(
        "GET", f"{API}/compliance", query_string={"by": by}, headers=world.sign_in(Role.MONITOR)
    )

    told = answer.get_json()
    assert answer.status_code == 200
    assert told["by"] == by
    for name in ("expected", "completed", "on_time", "late", "missed", "not_offered", "suspended"):
        assert told["whole"][name] == sum(group[name] for group in told["groups"])
    assert told["whole"]["expected"] == told["whole"]["completed"] + told["whole"]["missed"]


def test_other_sites_are_not_counted(world: World) -> None:
    answer = world.request(
        "GET", f"{API}/compliance", query_string={"by": "site"},
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip

    assert {group["name"] for group in answer.get_json()["groups"]} <= {HERE}


def test_one_participant_is_counted_alone(world: World) -> None:
    told = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/compliance", query_string={"by": "participant"},
        headers=world.sign_in(Role.COORDINATOR),
    ).get_json()  # fmt: skip

    assert {group["name"] for group in told["groups"]} == {PARTICIPANT}
    assert ENROLLED not in str(told)

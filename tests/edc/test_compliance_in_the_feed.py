"""Compliance in the feed: each count that changed, once, and equal to what the site is told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from epro.access import Role
from epro.jobs import tasks
from epro.models import Participant
from epro.parts import Parts
from tests.api.world import API, PARTICIPANT, World
from tests.edc.pulling import READ, Puller

NUMBERS = ("expected", "completed", "on_time", "late", "missed", "not_offered", "suspended")
pytestmark = pytest.mark.req("C-02", "E-02")


def count(world: World) -> int:
    """Let the worker look, as it does every hour."""
    parts: Parts = world.app.extensions["epro"]
    return tasks.count_compliance(parts)


def told_to_the_site(world: World) -> dict[str, dict[str, Any]]:
    answer = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/compliance?by=block",
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip
    return {group["name"]: group for group in answer.get_json()["groups"]}


def newest(puller: Puller) -> dict[str, dict[str, Any]]:
    items = [item for item in puller.items(type="compliance") if item["participant"] == PARTICIPANT]
    return {item["data"]["block"]: item["data"] for item in items}


def test_the_feed_says_what_the_site_is_told(own_world: World) -> None:
    puller = Puller.of(own_world, *READ)
    assert count(own_world) > 0
    own_world.clock.set(own_world.clock() + timedelta(days=3))
    assert count(own_world) > 0

    told, fed = told_to_the_site(own_world), newest(puller)

    assert sum(one["missed"] for one in fed.values()) > 0
    assert sum(one["completed"] for one in fed.values()) > 0
    for block, numbers in fed.items():
        assert {name: told[block][name] for name in NUMBERS} == {
            name: numbers[name] for name in NUMBERS
        }


def test_what_has_not_changed_is_not_put_on_record_again(own_world: World) -> None:
    puller = Puller.of(own_world, *READ)
    count(own_world)

    # Somebody is writing all the while: to find that there is nothing to write waits for nobody.
    parts: Parts = own_world.app.extensions["epro"]
    with parts.database.transaction() as session:
        session.execute(update(Participant).values(code=Participant.code))
        again = count(own_world)
    for _ in range(2):
        own_world.clock.set(own_world.clock() + timedelta(days=2))
        count(own_world)

    assert again == 0
    versions: dict[str, list[int]] = {}
    for item in puller.items(type="compliance"):
        versions.setdefault(item["entity_id"], []).append(item["version"])
    assert all(each == list(range(1, len(each) + 1)) for each in versions.values())
    assert max(map(len, versions.values())) == 2

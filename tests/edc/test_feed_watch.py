"""An importer that stands still for a day is a line on the data manager's list until it goes on."""

from datetime import timedelta
from typing import Any

import pytest

from epro.access import Role, Scope
from epro.jobs import tasks
from epro.parts import Parts
from tests.api.world import API, World
from tests.edc.pulling import Puller, report_in_own_words

ALL = (Scope.READ, Scope.ACK)


def lines(world: World, role: Role = Role.DATA_MANAGER) -> list[dict[str, Any]]:
    # At every site: the line belongs to none.
    answer = world.request("GET", f"{API}/work-items", headers=world.sign_in(role))
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return [item for item in items if item["kind"] == "stale_feed"]


def look(world: World, *, after: timedelta) -> int:
    parts: Parts = world.app.extensions["epro"]
    world.clock.set(world.clock() + after)
    return tasks.watch_feed(parts)


@pytest.mark.req("E-05")
def test_it_stands_there_once_after_a_day_and_goes_when_the_importer_goes_on(
    own_world: World,
) -> None:
    puller = Puller.of(own_world, *ALL)
    puller.acknowledge(puller.page(limit=5)["next_cursor"])

    early = look(own_world, after=timedelta(hours=13))
    late = [look(own_world, after=timedelta(hours=12)) for _ in range(3)]
    standing = lines(own_world)
    puller.acknowledge(puller.pages(limit=1000)[-1]["next_cursor"])

    assert (early, late) == (0, [1, 0, 0])
    assert len(standing) == 1
    assert lines(own_world) == []


@pytest.mark.req("E-05")
def test_who_has_stored_everything_is_never_behind(own_world: World) -> None:
    puller = Puller.of(own_world, *ALL)
    puller.acknowledge(puller.pages(limit=1000)[-1]["next_cursor"])

    assert look(own_world, after=timedelta(days=9)) == 0
    assert _is_behind(own_world) == [False]

    own_world.clock.set(own_world.clock() - timedelta(days=9))
    report_in_own_words(own_world)
    puller.page()
    assert look(own_world, after=timedelta(days=2)) == 1
    assert _is_behind(own_world) == [True]


@pytest.mark.req("P-06")
def test_the_line_is_for_the_data_manager_alone(own_world: World) -> None:
    puller = Puller.of(own_world, *ALL)
    puller.acknowledge(puller.page(limit=5)["next_cursor"])
    look(own_world, after=timedelta(days=2))

    assert len(lines(own_world)) == 1
    assert lines(own_world, Role.COORDINATOR) == []


def _is_behind(world: World) -> list[bool]:
    answer = world.request("GET", f"{API}/edc-consumers", headers=world.sign_in(Role.DATA_MANAGER))
    return [one["is_behind"] for one in answer.get_json()["items"]]

"""One response by itself: its newest state under an ETag, and the way it came there."""

from uuid import uuid4

import pytest

from tests.api.world import World
from tests.edc.pulling import READ, Puller, report_in_own_words


@pytest.fixture
def puller(world: World) -> Puller:
    return Puller.of(world, *READ)


@pytest.mark.req("E-01", "E-02")
def test_an_entity_is_its_newest_state_as_the_feed_has_it(world: World, puller: Puller) -> None:
    response_id = str(world.known.response)

    answer = puller.ask(f"/responses/{response_id}")

    newest = max(
        (item for item in puller.items(type="response") if item["entity_id"] == response_id),
        key=lambda item: int(item["version"]),
    )
    assert answer.get_json() == newest
    assert answer.headers["ETag"] == f'"v{newest["version"]}"'


@pytest.mark.req("E-01")
def test_a_state_that_the_client_has_is_not_sent_again(world: World, puller: Puller) -> None:
    path = f"/api/edc/v1/responses/{world.known.response}"

    answers = [
        world.request("GET", path, headers={**puller.headers, "If-None-Match": etag})
        for etag in ('"v1"', '"v7"')
    ]

    assert [answer.status_code for answer in answers] == [304, 200]
    assert answers[0].data == b""


@pytest.mark.req("E-02", "T-04")
def test_a_history_holds_every_version_in_order(world: World, puller: Puller) -> None:
    response_id = report_in_own_words(world)

    items = puller.ask(f"/responses/{response_id}/history").get_json()["items"]

    assert [item["version"] for item in items] == [1]
    assert items == [
        item for item in puller.items(type="response") if item["entity_id"] == response_id
    ]


@pytest.mark.req("P-01", "E-06")
def test_what_is_no_response_looks_like_nothing(world: World, puller: Puller) -> None:
    for name in (uuid4(), world.known.assessment):
        for path in (f"/responses/{name}", f"/responses/{name}/history"):
            assert puller.ask(path).status_code == 404

"""Reconciling: totals to compare with, and how far an importer says it has come."""

import hashlib
import json

import pytest
from sqlalchemy import func, select

from epro.access import Scope
from epro.models import JournalEntry
from epro.services.feed_items import DECIDED, FeedType
from tests.api.world import World
from tests.edc.pulling import Puller, refusal_of, report_in_own_words
from tests.edc.writing import change

pytestmark = pytest.mark.req("E-05")


@pytest.fixture
def puller(world: World) -> Puller:
    return Puller.of(world, Scope.READ, Scope.ACK)


def test_the_manifest_counts_and_hashes_what_the_feed_serves(puller: Puller) -> None:
    items = puller.items()

    totals = {total["type"]: total for total in puller.manifest()["totals"]}

    assert set(totals) == set(FeedType) - set(DECIDED)
    for kind, total in totals.items():
        hashes = [item["hash"] for item in items if item["type"] == kind]
        digest = hashlib.sha256("".join(f"{one}\n" for one in hashes).encode())
        assert (total["count"], total["sha256"]) == (len(hashes), digest.hexdigest())


def test_up_to_a_place_it_stays_the_same_whatever_comes_after(world: World, puller: Puller) -> None:
    upto = puller.page()["head"]
    before = puller.manifest(upto=upto)
    report_in_own_words(world)

    assert puller.manifest(upto=upto) == before
    assert puller.manifest()["totals"] != before["totals"]


def test_it_goes_no_further_than_the_journal(puller: Puller) -> None:
    manifest = puller.manifest(upto=2**62)

    assert manifest["upto"] < 10_000
    assert puller.manifest(upto=0)["totals"][0]["count"] == 0


def test_it_tells_of_the_types_that_are_asked_for(puller: Puller) -> None:
    totals = puller.manifest(type="response,anchor")["totals"]

    assert [total["type"] for total in totals] == ["anchor", "response"]


@pytest.mark.req("E-04")
def test_of_flags_only_the_number_is_told_and_only_with_their_scope(own_world: World) -> None:
    with own_world.database.transaction() as session:
        for name in ("one", "one", "two"):
            change(session, name, entity_type="flag")

    with_scope = Puller.of(own_world, Scope.READ, Scope.FLAGS)
    counts = {held["type"]: held["count"] for held in with_scope.manifest()["held_back"]}

    assert counts == {"contact": 0, "flag": 2}
    assert Puller.of(own_world).manifest()["held_back"] == []
    assert "flag" not in {item["type"] for item in with_scope.items()}


@pytest.mark.req("E-06")
def test_reconciling_is_on_record(world: World, puller: Puller) -> None:
    manifest = puller.manifest(type="anchor")

    with world.database.reading() as session:
        entry = session.scalars(
            select(JournalEntry)
            .where(JournalEntry.verb == "feed.reconciled")
            .order_by(JournalEntry.id.desc())
        ).first()
    assert entry
    assert json.loads(entry.body)["after"] == {"upto_seq": manifest["upto"], "filter": "anchor"}


# --- acknowledging --------------------------------------------------------------------------------


def test_an_acknowledgement_goes_forward_only(puller: Puller) -> None:
    first = puller.page(limit=3)
    second = puller.page(limit=3, cursor=first["next_cursor"])
    ends = [page["items"][-1]["seq"] for page in (first, second)]

    told = [
        puller.acknowledge(page["next_cursor"]).get_json()["seq"]
        for page in (first, second, second, first)
    ]

    assert told == [ends[0], ends[1], ends[1], ends[1]]


@pytest.mark.req("E-06", "T-01")
def test_only_an_acknowledgement_that_says_something_new_is_on_record(
    world: World, puller: Puller
) -> None:
    cursor = puller.page(limit=3)["next_cursor"]
    before = _acknowledged(world)

    for _ in range(3):
        assert puller.acknowledge(cursor).status_code == 200

    assert _acknowledged(world) == before + 1


def test_importers_of_one_client_are_told_apart(puller: Puller) -> None:
    first = puller.page(limit=3)
    second = puller.page(limit=3, cursor=first["next_cursor"])

    far = puller.acknowledge(second["next_cursor"], consumer="warehouse").get_json()
    near = puller.acknowledge(first["next_cursor"], consumer="safety").get_json()

    assert (far["consumer"], near["consumer"]) == ("warehouse", "safety")
    assert near["seq"] < far["seq"]


def test_a_cursor_that_is_none_acknowledges_nothing(puller: Puller) -> None:
    assert refusal_of(puller.acknowledge("made-up")) == (400, "cursor_invalid")


def _acknowledged(world: World) -> int:
    query = select(func.count(JournalEntry.id)).where(JournalEntry.verb == "feed.acknowledged")
    with world.database.reading() as session:
        return session.scalar(query) or 0

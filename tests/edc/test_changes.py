"""The feed: every change once, in order, the same for ever, and nothing that should not leave."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from epro.access import Scope
from epro.models import JournalEntry
from epro.services import feed
from epro.services.feed_items import FeedType
from tests.api.world import ENROLLED, INFUSED_AT, PARTICIPANT, World
from tests.clock import START
from tests.edc.pulling import (
    READ,
    Puller,
    canonical,
    refusal_of,
    report_in_own_words,
)
from tests.factories import SYSTEM
from tests.services.test_journal import note

FIELDS_OF_AN_ITEM = {
    "seq", "change_id", "type", "op", "entity_id", "version", "participant", "site", "occurred_at",
    "recorded_at", "actor", "reason", "study_version", "data", "data_sha256", "hash",
}  # fmt: skip


@pytest.fixture
def puller(world: World) -> Puller:
    return Puller.of(world, *READ)


# --- what is served -------------------------------------------------------------------------------


@pytest.mark.req("E-02", "T-01")
def test_the_feed_tells_one_participants_story_in_order(puller: Puller) -> None:
    told = [
        (item["type"], item["op"], item["data"].get("event") or item["data"].get("status"))
        for item in puller.items()
        if item["participant"] == PARTICIPANT
        and item["type"] not in {"assessment", "consent", "reminder"}
    ]

    assert told[:5] == [
        ("participant", "insert", None),
        ("anchor", "insert", "ENR"),
        ("participant", "update", None),
        ("anchor", "insert", "INF1"),
        ("response", "insert", "completed"),
    ]


@pytest.mark.req("E-02")
def test_an_item_says_who_changed_what_when_and_under_which_study_version(puller: Puller) -> None:
    item = next(item for item in puller.items(type="response"))

    assert set(item) == FIELDS_OF_AN_ITEM
    assert item["actor"] == {
        "kind": "participant",
        "name": item["participant"],
        "role": "participant",
    }
    assert item["study_version"] == "1.0.0"
    assert item["occurred_at"].endswith("+08:00")
    assert item["recorded_at"].endswith("+00:00")
    assert item["data_sha256"] == hashlib.sha256(canonical(item["data"]).encode()).hexdigest()


@pytest.mark.req("E-02")
def test_what_is_cancelled_is_void_and_what_comes_back_is_not(own_world: World) -> None:
    """An infusion day that moves takes the last days of the diary with it, there and back."""
    puller = Puller.of(own_world)
    own_world.clock.advance(days=3)
    for days in (2, 0, 2):
        correct_infusion(own_world, (INFUSED_AT + timedelta(days=days)).isoformat())

    ops: dict[str, list[str]] = {}
    for item in puller.items(type="assessment"):
        ops.setdefault(item["entity_id"], []).append(item["op"])

    assert ["insert", "void", "update"] in ops.values()
    assert all(each[0] == "insert" for each in ops.values())
    assert all("insert" not in each[1:] for each in ops.values())


def correct_infusion(world: World, occurred_at: str) -> None:
    body = {"event": "INF1", "occurred_at": occurred_at, "reason": "read from the wrong line"}
    answer = world.request(
        "POST", f"/api/v1/participants/{PARTICIPANT}/anchors", json=body,
        headers=world.sign_in("investigator"),
    )  # fmt: skip
    assert answer.status_code == 201, answer.text


@pytest.mark.req("E-02")
def test_versions_of_an_entity_have_no_hole(puller: Puller) -> None:
    versions: dict[tuple[str, str], list[int]] = {}
    for item in puller.items():
        versions.setdefault((item["type"], item["entity_id"]), []).append(item["version"])

    assert all(sorted(each) == list(range(1, len(each) + 1)) for each in versions.values())


# --- pages and cursors ----------------------------------------------------------------------------


@pytest.mark.req("E-02")
def test_small_pages_hold_what_a_large_one_holds_byte_for_byte(puller: Puller) -> None:
    whole = puller.lines(limit=1000)[:-1]

    lines: list[str] = []
    cursor: dict[str, str] = {}
    pages = 0
    while True:
        *page, end = puller.lines(limit=7, **cursor)
        lines += page
        pages += 1
        told = json.loads(end)
        cursor = {"cursor": told["next_cursor"]}
        if not told["has_more"]:
            break

    assert lines == whole
    assert pages == -(-len(whole) // 7)


@pytest.mark.req("E-02")
def test_a_page_that_is_read_again_is_the_same(world: World, puller: Puller) -> None:
    cursor = puller.page(limit=5)["next_cursor"]
    first = puller.page(limit=5, cursor=cursor)
    report_in_own_words(world)

    again = puller.page(limit=5, cursor=cursor)

    assert (again["items"], again["next_cursor"]) == (first["items"], first["next_cursor"])


@pytest.mark.req("E-02")
def test_both_forms_hold_the_same_bytes(puller: Puller) -> None:
    text = puller.ask("/changes", limit=3).text
    *lines, end = puller.lines(limit=3)

    assert text.startswith('{"items":[' + ",".join(lines) + "],")
    assert json.loads(text)["next_cursor"] == json.loads(end)["next_cursor"]


@pytest.mark.req("E-02")
def test_an_empty_page_has_a_cursor_that_goes_on(world: World, puller: Puller) -> None:
    last = puller.pages(limit=1000)[-1]
    empty = puller.page(cursor=last["next_cursor"])
    response_id = report_in_own_words(world)

    after = puller.page(cursor=empty["next_cursor"])

    assert (empty["items"], empty["has_more"]) == ([], False)
    assert [item["entity_id"] for item in after["items"]] == [response_id]


@pytest.mark.req("E-02")
def test_a_filtered_feed_never_examines_twice_what_it_left_out(
    world: World, puller: Puller
) -> None:
    puller.items()
    page = puller.page(type="anchor", limit=1000)

    again = puller.page(type="anchor", cursor=page["next_cursor"])

    with world.database.reading() as session:
        bodies = session.scalars(
            select(JournalEntry.body)
            .where(JournalEntry.verb == "feed.read")
            .order_by(JournalEntry.id.desc())
            .limit(2)
        ).all()
    second, first = (json.loads(body)["after"] for body in bodies)
    assert {item["type"] for item in page["items"]} == {"anchor"}
    assert again["items"] == []
    assert first["upto_seq"] == page["head"] > page["items"][-1]["seq"]
    assert second["after_seq"] == first["upto_seq"]


@pytest.mark.req("E-02")
def test_types_that_are_pulled_apart_add_up_to_the_whole(puller: Puller) -> None:
    apart = [item for kind in FeedType for item in puller.items(type=kind)]

    assert sorted(apart, key=lambda item: int(item["seq"])) == puller.items()


@pytest.mark.req("E-02")
@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, {"type": "anchor"}),
        ({"type": "anchor"}, {}),
        ({"type": "anchor"}, {"type": "response"}),
    ],
)
def test_a_cursor_of_another_choice_of_types_is_refused(
    puller: Puller, given: dict[str, str], asked: dict[str, str]
) -> None:
    cursor = puller.page(**given)["next_cursor"]

    answer = puller.ask("/changes", cursor=cursor, **asked)

    assert refusal_of(answer) == (400, "cursor_filter_mismatch")


def test_the_order_and_repetition_of_types_is_no_other_choice(puller: Puller) -> None:
    cursor = puller.page(type="response,anchor")["next_cursor"]

    assert puller.ask("/changes", type="anchor,response,anchor", cursor=cursor).status_code == 200


@pytest.mark.req("E-02", "X-05")
def test_a_cursor_that_was_tampered_with_is_refused(puller: Puller) -> None:
    cursor = puller.page(limit=2)["next_cursor"]
    payload, signature = cursor.split(".")
    other = puller.page(limit=3)["next_cursor"].split(".")[0]
    forged = [
        f"{other}.{signature}", f"{payload}.{'0' * 64}", payload, f"{payload}=.{signature}",
        f"{payload}.{signature.upper()}", f" {cursor}", "0", "é",
    ]  # fmt: skip

    answers = [puller.ask("/changes", cursor=one) for one in forged]

    assert {refusal_of(answer) for answer in answers} == {(400, "cursor_invalid")}


@pytest.mark.req("E-02")
def test_a_cursor_never_expires(own_world: World) -> None:
    first = Puller.of(own_world).page(limit=5)
    own_world.clock.advance(days=3_650)

    later = Puller.of(own_world).page(limit=5, cursor=first["next_cursor"])

    assert len(later["items"]) == 5


@pytest.mark.req("E-02", "V-04")
def test_after_a_new_epoch_every_cursor_is_gone(world: World) -> None:
    puller = Puller.of(world, Scope.READ, Scope.ACK)
    cursor = puller.page()["next_cursor"]
    with world.database.transaction() as session:
        feed.begin_epoch(session, SYSTEM, reason="restored", now=START)

    for answer in (
        puller.ask("/changes", cursor=cursor),
        puller.ask("/changes", cursor=cursor, type="anchor"),
        puller.acknowledge(cursor),
    ):
        assert refusal_of(answer) == (410, "cursor_epoch_unknown")
    assert puller.items()


@pytest.mark.req("E-02", "V-04")
def test_a_restore_that_nobody_announced_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain that went another way has another link where the cursor stands; or none yet."""
    puller = Puller.of(world)
    cursor = puller.page()["next_cursor"]
    for known in ("0" * 16, ""):
        monkeypatch.setattr(feed, "_hash_at", lambda _session, _seq, known=known: known)

        assert refusal_of(puller.ask("/changes", cursor=cursor)) == (410, "cursor_epoch_unknown")


@pytest.mark.req("E-02")
def test_a_change_that_could_still_be_preceded_waits_and_the_lag_says_so(own_world: World) -> None:
    """On SQLite writers come one after the other, and nothing ever waits."""
    if not own_world.database.is_postgresql:
        pytest.skip("writers never overlap on SQLite")
    puller = Puller.of(own_world)
    done = puller.page(limit=1000)["next_cursor"]
    with own_world.database.transaction() as slow:
        note(slow, "slow")
        report_in_own_words(own_world)
        own_world.clock.advance(seconds=30)
        waiting = puller.page(cursor=done)
    after = puller.page(cursor=waiting["next_cursor"])

    assert (waiting["items"], waiting["lag_seconds"]) == ([], 30.0)
    assert {item["type"] for item in after["items"]} >= {"response"}
    assert after["lag_seconds"] == 0.0


# --- what is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 1001}, {"format": "xml"}, {"type": "identity"}, {"type": ""},
     {"type": "screening"}, {"cursor": ""}, {"cursor": "x" * 513}],
)  # fmt: skip
def test_what_is_no_question_to_the_feed_is_refused(puller: Puller, query: dict[str, Any]) -> None:
    assert refusal_of(puller.ask("/changes", **query)) == (422, "invalid_request")


@pytest.mark.req("E-06")
def test_every_pull_is_on_record_with_its_range_rows_and_hash(world: World, puller: Puller) -> None:
    cursor = puller.page(limit=4)["next_cursor"]
    *lines, _end = puller.lines(limit=3, cursor=cursor)
    puller.page(limit=3, cursor=cursor)

    with world.database.reading() as session:
        entries = session.scalars(
            select(JournalEntry)
            .where(JournalEntry.verb == "feed.read")
            .order_by(JournalEntry.id.desc())
            .limit(2)
        ).all()
    as_json, as_ndjson = (json.loads(entry.body) for entry in entries)
    taken = as_ndjson["after"]
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    assert {entry.kind for entry in entries} == {"access"}
    assert as_ndjson["actor"]["kind"] == "client"
    assert as_ndjson["actor"]["role"] == "edc_client"
    assert (taken["rows"], taken["format"], taken["sha256"]) == (3, "ndjson", digest)
    assert taken["upto_seq"] == json.loads(lines[-1])["seq"]
    assert as_json["after"] == taken | {"format": "json"}


def test_somebody_enrolled_who_has_not_begun_is_there_too(puller: Puller) -> None:
    assert ENROLLED in {item["participant"] for item in puller.items(type="participant")}

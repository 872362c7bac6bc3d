"""Snapshots: asked for, made by the worker, served as they were hashed, gone after a week."""

import csv
import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, select
from werkzeug.test import TestResponse

from epro.access import Scope
from epro.exchange.dataset_files import FORMULA
from epro.jobs import tasks
from epro.models import JournalEntry
from epro.parts import Parts
from tests.api.world import PARTICIPANT, World
from tests.edc.odm import our_faults, schema_faults
from tests.edc.pulling import EDC, READ, WORDS, Puller, refusal_of, report_in_own_words

NAMES = [
    "changes.ndjson", "odm.xml", "odm-history.xml", "qs.json", "ae.json", "qs.csv", "ae.csv",
    "code-book.csv",
]  # fmt: skip


@pytest.fixture
def puller(world: World) -> Puller:
    report_in_own_words(world)
    return Puller.of(world, *READ)


def ask_for(puller: Puller, *names: str) -> TestResponse:
    return puller.world.request(
        "POST", f"{EDC}/snapshots", json={"files": list(names)}, headers=puller.headers
    )


def make(world: World) -> None:
    """Let the worker make all that is wanted."""
    parts: Parts = world.app.extensions["epro"]
    while tasks.make_snapshot_file(parts):
        pass


def ready(puller: Puller, *names: str) -> dict[str, Any]:
    asked = ask_for(puller, *names)
    assert asked.status_code == 202, asked.text
    make(puller.world)
    found: dict[str, Any] = puller.world.request(
        "GET", asked.headers["Location"], headers=puller.headers
    ).get_json()
    return found


def fetch(puller: Puller, file: dict[str, Any]) -> bytes:
    answer = puller.world.request("GET", file["href"], headers=puller.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{file["sha256"]}"'
    return bytes(answer.data)


@pytest.mark.req("E-02", "E-05")
def test_a_snapshot_becomes_ready_and_its_files_are_what_was_hashed(puller: Puller) -> None:
    asked = ask_for(puller)
    assert (asked.status_code, asked.get_json()["state"]) == (202, "pending")

    snapshot = ready(puller)

    assert snapshot["state"] == "ready"
    assert [file["name"] for file in snapshot["files"]] == NAMES
    for file in snapshot["files"]:
        content = fetch(puller, file)
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["size"]


@pytest.mark.req("E-02")
def test_its_changes_are_the_feed_and_its_cursor_goes_on_behind_them(puller: Puller) -> None:
    snapshot = ready(puller, "changes.ndjson")
    lines = fetch(puller, snapshot["files"][0]).decode().splitlines()
    later = report_in_own_words(puller.world)

    rest = puller.page(cursor=snapshot["cursor"], limit=1000)

    items = puller.items()
    assert [json.loads(line) for line in lines] + rest["items"] == items
    assert [item["entity_id"] for item in rest["items"]] == [later]


@pytest.mark.req("E-02")
def test_the_same_again_while_it_is_made_is_the_same_snapshot(world: World) -> None:
    puller = Puller.of(world, *READ)

    ids = {ask_for(puller, "qs.csv").get_json()["id"] for _ in range(3)}

    assert len(ids) == 1
    make(world)


@pytest.mark.req("E-03", "E-01")
def test_the_odm_files_of_a_snapshot_are_valid_and_sound(puller: Puller) -> None:
    for file in ready(puller, "odm.xml", "odm-history.xml")["files"]:
        content = fetch(puller, file)

        assert schema_faults(content) == []
        assert our_faults(content) == []


@pytest.mark.req("E-03")
def test_csv_and_json_hold_the_same_rows_and_the_code_book_knows_every_code(
    puller: Puller,
) -> None:
    by_name = {
        file["name"]: fetch(puller, file)
        for file in ready(puller, "qs.json", "qs.csv", "code-book.csv")["files"]
    }
    data = json.loads(by_name["qs.json"])
    names, *rows = list(csv.reader(io.StringIO(by_name["qs.csv"].decode("utf-8-sig"))))
    book = list(csv.DictReader(io.StringIO(by_name["code-book.csv"].decode("utf-8-sig"))))

    assert names == [column["name"] for column in data["columns"]]
    assert rows == [["" if value is None else str(value) for value in row] for row in data["rows"]]
    assert not any(cell.startswith(FORMULA) for row in rows for cell in row if not _is_number(cell))
    codes = {row[names.index("QSTESTCD")] for row in rows}
    asked = [line for line in book if line["questionnaire"] != "adverse_event"]
    assert codes <= {line["QSTESTCD"] for line in asked}
    assert len({line["QSTESTCD"] for line in asked}) == len(
        {(line["link_id"], line["choice"]) for line in asked}
    )


def _is_number(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1).isdigit()


@pytest.mark.req("P-01", "E-06")
def test_own_words_are_in_no_file_without_their_scope(puller: Puller) -> None:
    withheld = [fetch(puller, file) for file in ready(puller)["files"]]
    everything = Puller.of(puller.world, *Scope)
    given = {file["name"]: fetch(everything, file) for file in ready(everything)["files"]}

    assert all(WORDS.encode() not in content for content in withheld)
    for name in ("changes.ndjson", "odm.xml", "odm-history.xml", "qs.json", "qs.csv"):
        assert WORDS.encode() in given[name]
        assert PARTICIPANT.encode() in given[name]


@pytest.mark.req("E-01", "E-06")
def test_a_snapshot_is_its_clients_own_and_needs_the_scopes_it_was_made_with(
    puller: Puller,
) -> None:
    snapshot = ready(puller, "ae.csv")
    path = f"/snapshots/{snapshot['id']}"

    stranger = Puller.of(puller.world, *Scope)

    assert puller.ask(path).status_code == 200
    assert refusal_of(stranger.ask(path)) == (404, "not_found")
    assert refusal_of(stranger.ask(f"{path}/files/ae.csv")) == (404, "not_found")
    assert refusal_of(puller.ask(f"{path}/files/none.csv")) == (404, "not_found")


@pytest.mark.req("E-01")
def test_after_a_week_it_is_gone(own_world: World) -> None:
    puller = Puller.of(own_world, *READ)
    snapshot = ready(puller, "ae.csv")
    own_world.clock.set(own_world.clock() + timedelta(days=8))
    parts: Parts = own_world.app.extensions["epro"]

    assert refusal_of(puller.ask(f"/snapshots/{snapshot['id']}")) == (404, "not_found")
    assert tasks.tidy(parts) >= 1


@pytest.mark.req("E-06")
def test_what_was_fetched_is_on_record_with_its_hash(puller: Puller) -> None:
    snapshot = ready(puller, "qs.csv")
    fetch(puller, snapshot["files"][0])

    with puller.world.database.reading() as session:
        bodies = [json.loads(body) for body in session.scalars(_reads())]

    told = bodies[-1]["after"]
    assert (told["file"], told["sha256"]) == ("qs.csv", snapshot["files"][0]["sha256"])
    assert bodies[-1]["kind"] == "access"


def _reads() -> Select[str]:
    return (
        select(JournalEntry.body)
        .where(JournalEntry.verb == "snapshot.read")
        .order_by(JournalEntry.id)
    )

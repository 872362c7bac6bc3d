"""The importer: a copy that is whole, that says so, and that names what is not."""

import ast
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from epro import importer as importer_module
from epro.access import Scope
from epro.importer import Importer, PullRefused, Source
from epro.services import feed
from tests.api.world import World
from tests.clock import START
from tests.edc.conftest import listening
from tests.edc.pulling import Puller, report_in_own_words
from tests.factories import SYSTEM


@dataclass(frozen=True, slots=True)
class Copy:
    """A world that listens, and a file to pull it into."""

    world: World
    url: str
    client: str
    secret: str
    file: Path

    def pull(self, *, page_size: int = 20) -> int:
        with self.opened() as importer:
            return sum(step.new_count for step in importer.pull(page_size=page_size))

    def verify(self) -> list[str]:
        with self.opened() as importer:
            return importer.verify()

    def opened(self) -> Importer:
        return Importer(Source(self.url, self.client, self.secret), self.file)

    def query(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as file, file:
            return file.execute(statement, values).fetchall()


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Iterator[Copy]:
    client = world.add_client(Scope.READ)
    with listening(world.app) as url:
        yield Copy(world, url, client.client.name, client.secret, tmp_path / "edc.sqlite3")


@pytest.mark.req("E-02", "E-05")
def test_the_copy_equals_the_source_and_verifies(copy: Copy) -> None:
    new_count = copy.pull()
    items = Puller.of(copy.world).items()

    stored = copy.query("SELECT seq, change_id, data, hash FROM change ORDER BY seq")
    assert [
        (seq, change_id, json.loads(data), digest) for seq, change_id, data, digest in stored
    ] == [(item["seq"], item["change_id"], item["data"], item["hash"]) for item in items]
    assert new_count == len(items) > 40
    assert copy.verify() == []


@pytest.mark.req("E-02")
def test_pulling_again_brings_only_what_is_new(copy: Copy) -> None:
    copy.pull()
    assert copy.pull() == 0

    response_id = report_in_own_words(copy.world)

    assert copy.pull() == 1
    assert copy.query("SELECT count(*) FROM change WHERE entity_id = ?", response_id) == [(1,)]
    assert copy.verify() == []


@pytest.mark.req("E-02")
def test_a_page_that_comes_twice_is_stored_once(copy: Copy) -> None:
    copy.pull()
    [(count,)] = copy.query("SELECT count(*) FROM change")
    copy.query("DELETE FROM progress WHERE name = 'cursor'")

    assert copy.pull() == 0
    assert copy.query("SELECT count(*) FROM change") == [(count,)]


@pytest.mark.req("E-02")
def test_changes_and_cursor_are_stored_together_or_not_at_all(copy: Copy) -> None:
    with copy.opened() as importer:
        next(importer.pull(page_size=20))
        before = copy.query("SELECT * FROM progress"), copy.query("SELECT seq FROM change")
        importer._file.execute("CREATE TEMP TRIGGER t BEFORE INSERT ON progress "
                               "BEGIN SELECT RAISE(FAIL, 'disk full'); END")  # fmt: skip
        with pytest.raises(PullRefused):
            next(importer.pull(page_size=20))

    assert (copy.query("SELECT * FROM progress"), copy.query("SELECT seq FROM change")) == before


@pytest.mark.req("E-05")
def test_a_row_that_is_missing_is_named(copy: Copy) -> None:
    copy.pull()
    [(seq, change_id)] = copy.query(
        "SELECT seq, change_id FROM change WHERE type = 'assessment' ORDER BY seq LIMIT 1 OFFSET 9"
    )
    copy.query("DELETE FROM change WHERE seq = ?", seq)

    first, *rest = copy.verify()

    assert first.startswith("assessment: ")
    assert rest == [f"  {change_id} (number {seq}) is missing here."]


@pytest.mark.req("E-05")
def test_the_last_row_is_missed_too(copy: Copy) -> None:
    copy.pull()
    copy.query("DELETE FROM change WHERE seq = (SELECT max(seq) FROM change)")

    assert len(copy.verify()) == 2


@pytest.mark.req("E-05")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("data = replace(data, '\"zh\"', '\"en\"')", "was altered here"),
        ("hash = 'x'", "is another here"),
        ("change_id = 'x'", "was altered here"),
        ("version = version + 1", "was altered here"),
        ("seq = -seq", "was altered here"),
    ],
)
def test_a_row_that_was_altered_is_named(copy: Copy, change: str, said: str) -> None:
    copy.pull()
    copy.query(
        f"UPDATE change SET {change} WHERE seq = "  # noqa: S608
        "(SELECT min(seq) FROM change WHERE type = 'participant')"
    )

    assert any(said in fault for fault in copy.verify())


@pytest.mark.req("E-02")
def test_the_current_state_is_the_highest_version_and_leaves_out_what_is_void(
    copy: Copy,
) -> None:
    copy.pull()
    participant = "SELECT version FROM current_state WHERE type = 'participant' AND entity_id = ?"
    row = "SELECT entity_id FROM current_state WHERE type = 'assessment' LIMIT 1"
    [(assessment_id,)] = copy.query(row)

    copy.query("UPDATE change SET op = 'void' WHERE entity_id = ?", assessment_id)

    assert copy.query(participant, "SZ01-014") == [(2,)]
    assert copy.query(participant, "SZ01-015") == [(1,)]
    assert assessment_id not in {one for (one,) in copy.query(row.replace("LIMIT 1", ""))}


@pytest.mark.req("E-02", "V-04")
def test_after_a_restore_it_says_to_begin_a_new_file(copy: Copy) -> None:
    copy.pull()
    with copy.world.database.transaction() as session:
        feed.begin_epoch(session, SYSTEM, reason="restored", now=START)

    with pytest.raises(PullRefused, match="Begin a new file"):
        copy.pull()


@pytest.mark.req("E-01")
def test_a_token_that_ran_out_is_replaced(copy: Copy) -> None:
    with copy.opened() as importer:
        next(importer.pull(page_size=5))
        importer._source._token = "worn.out.token"

        assert sum(step.new_count for step in importer.pull()) > 0


@pytest.mark.req("E-01")
def test_a_wrong_secret_is_told_in_words(copy: Copy) -> None:
    wrong = Source(copy.url, copy.client, "wrong")

    with (
        Importer(wrong, copy.file) as importer,
        pytest.raises(PullRefused, match=r"401.*not right"),
    ):
        next(importer.pull())


def test_a_source_that_does_not_answer_is_told_in_words(tmp_path: Path) -> None:
    nobody = Source("http://127.0.0.1:9", "edc", "secret")

    with (
        Importer(nobody, tmp_path / "edc.sqlite3") as importer,
        pytest.raises(PullRefused, match="did not answer"),
    ):
        next(importer.pull())


@pytest.mark.req("X-03")
@pytest.mark.parametrize("url", ["http://epro.example.org", "ftp://127.0.0.1", "epro", "file:///x"])
def test_a_secret_is_never_sent_in_the_open(url: str) -> None:
    with pytest.raises(PullRefused, match="https"):
        Source(url, "edc", "secret")


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(importer_module.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported <= sys.stdlib_module_names

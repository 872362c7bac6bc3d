"""How fast the feed is served out of a million changes, with how much memory, and how late."""

import gc
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from time import perf_counter
from typing import Any

from sqlalchemy import text

from epro.access import Scope
from epro.db import Database
from epro.services import feed, feed_exports, journal
from epro.services.feed_exports import Extent
from epro.services.feed_items import Choice
from tests.api.world import PARTICIPANT, World
from tests.bench.section import Ratio, Section
from tests.databases import DatabaseKind, DatabaseShelf
from tests.edc.pulling import Puller
from tests.edc.writing import change

SMALL, LARGE = 10_000, 1_000_000
PAGE, PAGES = 1_000, 15
FORMATS = ("json", "ndjson", "odm")
STREAMED = (20_000, 200_000)
WRITERS, WRITES = 4, 150
# Of a copy every id begins with its number, so that what belongs together still does.
COPY = text(
    r"""
    INSERT INTO journal_entry
      (change_id, kind, verb, entity_type, entity_id, participant_code, site_code, recorded_at,
       body, xid)
    SELECT (lpad(to_hex(n), 8, '0') || substr(change_id::text, 9))::uuid, kind, verb, entity_type,
      replace(regexp_replace(entity_id, :uuid, lpad(to_hex(n), 8, '0') || '\1'),
              :code, 'SZ01-' || n + 1000),
      'SZ01-' || n + 1000, site_code, recorded_at,
      replace(regexp_replace(body, :uuid, lpad(to_hex(n), 8, '0') || '\1', 'g'),
              :code, 'SZ01-' || n + 1000),
      xid
    FROM generate_series(1, :copies) AS n, journal_entry
    WHERE participant_code = :code AND kind = 'change' AND n > :after
    ORDER BY n, id
    """
)
# The feed never looks at the chain, so the copies have hashes and no chain.
LINK = text(
    """
    INSERT INTO journal_link (seq, entry_id, prev_hash, hash, horizon)
    SELECT last.seq + row_number() OVER (ORDER BY id), id, '', encode(sha256(body::bytea), 'hex'),
      last.horizon
    FROM journal_entry, (SELECT seq, horizon FROM journal_link ORDER BY seq DESC LIMIT 1) AS last
    WHERE NOT EXISTS (SELECT 1 FROM journal_link WHERE entry_id = journal_entry.id)
    """
)
UUIDS = "[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"


def measure() -> Section:
    """Ask for pages in one process without a network; then with people writing at the same time."""
    with (
        TemporaryDirectory() as folder,
        DatabaseShelf(Path(folder)) as shelf,
        World(shelf.new(DatabaseKind.POSTGRESQL)) as world,
    ):
        puller = Puller.of(world, Scope.READ)
        _fill(world.database, SMALL)
        small = {name: _speed(puller, name) for name in FORMATS}
        size = _fill(world.database, LARGE)
        large = {name: _speed(puller, name) for name in FORMATS}
        grown = _memory(world)
        lag = _lag(world, puller)
    rows = [
        [name, f"{small[name]:,.0f}", f"{large[name]:,.0f}", f"{small[name] / large[name]:.2f}",
         f"{large[name] / large['json']:.2f}"]
        for name in FORMATS
    ]  # fmt: skip
    few, many = grown
    finding = (
        f"While {STREAMED[0]:,} changes are written as NDJSON the process grows by {few:.1f} MB, "
        f"while {STREAMED[1]:,} are, by {many:.1f} MB. With {WRITERS} writers who commit as fast "
        f"as they can ({lag.per_second:.0f} changes a second) a change is read {lag.p50_ms:.0f} ms "
        f"after its commit (p50; p95 {lag.p95_ms:.0f} ms) by whoever asks without pause."
    )
    return Section(
        title="The feed",
        how=f"Changes a second that are served in pages of {PAGE:,}, from the middle of a journal "
        f"of {SMALL:,} and of {size:,} changes on PostgreSQL; the median of {PAGES} pages, server "
        "time alone, one process.",
        columns=("format", f"of {SMALL:,}", f"of {LARGE:,}", "time, ratio", "against JSON"),
        rows=rows,
        finding=finding,
        ratios={
            f"{name} against JSON, of {LARGE:,}": Ratio(large[name] / large["json"], 30)
            for name in FORMATS[1:]
        }
        | {f"JSON of {SMALL:,} to {LARGE:,}": Ratio(small["json"] / large["json"], 30)},
    )


def _fill(database: Database, size: int) -> int:
    """Copy what is on record about one participant until there are so many entries."""
    with database.transaction() as session:
        journal.sequence(session)
        count = session.scalar(text("SELECT count(*) FROM journal_entry")) or 0
        hers = session.scalar(
            text("SELECT count(*) FROM journal_entry WHERE participant_code = :code "
                 "AND kind = 'change'"), {"code": PARTICIPANT},
        ) or 1  # fmt: skip
        after = session.scalar(
            text("SELECT count(DISTINCT participant_code) FROM journal_entry "
                 "WHERE length(participant_code) > length(:code)"), {"code": PARTICIPANT},
        ) or 0  # fmt: skip
        copies = after + max(0, size - count) // hers
        given = {"code": PARTICIPANT, "uuid": UUIDS, "copies": copies, "after": after}
        session.execute(COPY, given)
        session.execute(LINK)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE journal_entry, journal_link"))
    with database.reading() as session:
        return feed.head(session)


def _speed(puller: Puller, wanted: str) -> float:
    """Return changes a second, the median of pages from the middle of the journal on."""
    with puller.world.database.reading() as session:
        middle = feed.head(session) // 2
        cursor = feed.cursor_at(session, middle, keyring=puller.world.keyring)
    speeds = []
    for _ in range(PAGES):
        began = perf_counter()
        answer = puller.ask("/changes", format=wanted, limit=PAGE, cursor=cursor)
        took = perf_counter() - began
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        seen = len(re.findall(r"SourceID>|\"change_id\"", answer.text)) // (1 + (wanted == "odm"))
        speeds.append(seen / took)
        if answer.headers["Epro-Has-More"] == "true":
            cursor = answer.headers["Epro-Next-Cursor"]
    return median(speeds)


# --- memory ---------------------------------------------------------------------------------------


def _memory(world: World) -> tuple[float, float]:
    """Return how much this process grows while it writes few changes, and many, in MB."""
    choice = Choice(None, frozenset({Scope.READ}))
    with world.database.reading() as session:
        catalogue = world.app.extensions["epro"].studies.catalogue(session)
        extent = Extent(choice=choice, upto_seq=feed.head(session), catalogue=catalogue)
        _peak(islice(feed_exports.ndjson(session, extent), 100))
        few, many = (
            _peak(islice(feed_exports.ndjson(session, extent), count)) for count in STREAMED
        )
    return few, many


def _peak(pieces: Iterator[bytes]) -> float:
    gc.collect()
    before = peak = _resident()
    for number, _piece in enumerate(pieces):
        if number % 500 == 0:
            peak = max(peak, _resident())
    return (peak - before) / 1e6


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# --- lag ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lag:
    """How long after its commit a change was read, and how many were committed a second."""

    p50_ms: float
    p95_ms: float
    per_second: float


def _lag(world: World, puller: Puller) -> Lag:
    """Let several write, each change in a transaction of its own, and one read all the time."""
    committed: dict[str, float] = {}
    read: dict[str, float] = {}
    lock = Lock()

    def write(writer: int) -> None:
        for number in range(WRITES):
            with world.database.transaction() as session:
                change_id = change(session, f"SZ01-9{writer}:{number}")
            with lock:
                committed[change_id] = perf_counter()

    with world.database.reading() as session:
        cursor = feed.cursor_at(session, feed.head(session), keyring=world.keyring)
    threads = [Thread(target=write, args=[writer]) for writer in range(WRITERS)]
    began = perf_counter()
    for thread in threads:
        thread.start()
    ended = None
    while ended is None or len(read) < len(committed):
        page: dict[str, Any] = puller.page(cursor=cursor, limit=PAGE)
        now = perf_counter()
        read |= {item["change_id"]: now for item in page["items"]}
        cursor = page["next_cursor"]
        if ended is None and not any(map(Thread.is_alive, threads)):
            ended = perf_counter()
    late = [max(0.0, read[change_id] - at) * 1000 for change_id, at in committed.items()]
    return Lag(median(late), quantiles(late, n=20)[-1], len(committed) / (ended - began))

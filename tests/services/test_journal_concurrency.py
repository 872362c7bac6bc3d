"""The journal under several writers, sequencers and readers at once."""

from collections.abc import Sequence
from threading import Event

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.db import Database
from epro.models import JournalEntry, JournalLink
from epro.services import journal
from epro.services.journal import Subject
from tests.clock import START
from tests.services.test_journal import note, notes, texts_of
from tests.services.together import at_once

WRITERS = 6
TRANSACTIONS = 20
SEQUENCERS = 3


@pytest.fixture
def postgresql(fresh_database: Database) -> Database:
    """Where transactions overlap; SQLite lets one writer in at a time."""
    if not fresh_database.is_postgresql:
        pytest.skip("writers never overlap on SQLite")
    return fresh_database


def sequence(database: Database) -> int:
    with database.transaction() as session:
        return journal.sequence(session)


def naive_read_after(session: Session, cursor: int) -> Sequence[JournalEntry]:
    """What a feed would do that remembers the last id it has seen."""
    return session.scalars(
        select(JournalEntry).where(JournalEntry.id > cursor).order_by(JournalEntry.id)
    ).all()


@pytest.mark.req("E-02")
def test_a_slow_writer_loses_its_entry_for_a_reader_by_id_and_none_for_ours(
    postgresql: Database,
) -> None:
    by_id: list[str] = []
    by_place: list[str] = []
    cursor, seq = 0, 0

    def read() -> None:
        nonlocal cursor, seq
        sequence(postgresql)
        with postgresql.reading() as session:
            for row in naive_read_after(session, cursor):
                by_id.append(row.entity_id)
                cursor = row.id
            for entry in journal.read_after(session, seq, limit=100):
                by_place.extend(texts_of([entry]))
                seq = entry.seq

    has_written, may_commit = Event(), Event()

    def write_slowly() -> None:
        with postgresql.transaction() as session:
            note(session, "slow")
            session.flush()
            has_written.set()
            assert may_commit.wait(timeout=30)

    def write_meanwhile() -> None:
        assert has_written.wait(timeout=30)
        with postgresql.transaction() as session:
            note(session, "quick")
        read()
        assert (by_id, by_place) == (["quick"], [])
        may_commit.set()

    at_once(write_slowly, write_meanwhile)
    read()

    assert by_id == ["quick"]
    assert sorted(by_place) == ["quick", "slow"]


@pytest.mark.req("E-02", "T-02")
def test_many_writers_and_sequencers_at_once_give_one_whole_chain(
    fresh_database: Database,
) -> None:
    written = Event()
    seen: list[journal.LinkedEntry] = []

    def write(writer: int) -> None:
        for number in range(TRANSACTIONS):
            with fresh_database.transaction() as session:
                note(session, f"{writer}.{number}.a")
                note(session, f"{writer}.{number}.b")

    def keep_sequencing() -> None:
        while not written.is_set():
            sequence(fresh_database)

    def keep_reading() -> None:
        while not written.is_set():
            with fresh_database.reading() as session:
                seen.extend(journal.read_after(session, len(seen), limit=7))

    def write_all() -> None:
        try:
            at_once(*[lambda writer=writer: write(writer) for writer in range(WRITERS)])
        finally:
            written.set()

    at_once(write_all, keep_reading, *[keep_sequencing] * SEQUENCERS)
    sequence(fresh_database)
    with fresh_database.reading() as session:
        seen.extend(journal.read_after(session, len(seen), limit=1_000))
        verification = journal.verify(session)

    expected = {
        f"{writer}.{number}.{part}"
        for writer in range(WRITERS)
        for number in range(TRANSACTIONS)
        for part in "ab"
    }
    assert [entry.seq for entry in seen] == list(range(1, len(expected) + 1))
    assert set(texts_of(seen)) == expected
    assert verification.first_break is None
    assert (verification.linked_count, verification.unlinked_count) == (len(expected), 0)


@pytest.mark.req("E-02")
def test_sequencers_that_come_together_link_everything_once(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        for number in range(50):
            note(session, str(number))

    linked = at_once(*[lambda: sequence(fresh_database)] * 6)

    assert sorted(linked) == [0, 0, 0, 0, 0, 50]


@pytest.mark.req("E-02", "V-04")
@pytest.mark.parametrize("distance", [1_000_000, 10**12])
def test_entries_written_by_another_cluster_before_a_restore_get_their_place(
    postgresql: Database, distance: int
) -> None:
    entry = journal.entry(
        system_actor("job"), "note.made", Subject(entity_type="note", entity_id="restored"),
        after={"text": "restored"}, now=START,
    )  # fmt: skip
    with postgresql.transaction() as session:
        xid = session.scalar(text("SELECT pg_current_xact_id()::text::bigint")) or 0
        session.execute(insert(JournalEntry).values(**entry, xid=xid + distance))

    assert sequence(postgresql) == 1
    notes(postgresql, "new")

    with postgresql.reading() as session:
        assert texts_of(journal.read_after(session, 0, limit=9)) == ["restored", "new"]
        assert journal.lag(session).count == 0


@pytest.mark.req("E-02", "V-04")
def test_a_chain_restored_from_a_cluster_that_was_further_on_goes_on(postgresql: Database) -> None:
    notes(postgresql, "old")
    with postgresql.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(update(JournalEntry).values(xid=10**12))
        session.execute(update(JournalLink).values(horizon=10**12 + 1))

    notes(postgresql, "new")

    with postgresql.reading() as session:
        assert texts_of(journal.read_after(session, 0, limit=9)) == ["old", "new"]
        assert journal.verify(session).first_break is None
        assert journal.lag(session) == journal.Lag(0, None)


def test_the_lag_sees_what_a_restored_chain_waits_for(postgresql: Database) -> None:
    notes(postgresql, "old")
    with postgresql.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(update(JournalEntry).values(xid=10**12))
        session.execute(update(JournalLink).values(horizon=10**12 + 1))

    with postgresql.transaction() as session:
        note(session, "waits")

    with postgresql.reading() as session:
        assert journal.lag(session).count == 1

"""The journal proves that it is whole, and that it is only ever added to by the running system."""

from datetime import timedelta

import pytest
from sqlalchemy import Executable, create_engine, delete, func, select, text, update

from epro.db import Database
from epro.models import JournalEntry, JournalKind, JournalLink
from epro.services import journal
from epro.services.journal import Verification
from tests.clock import START
from tests.services.test_journal import note, notes


@pytest.fixture
def written(fresh_database: Database) -> Database:
    """A journal of five linked entries, "1" to "5"."""
    notes(fresh_database, "1", "2", "3", "4", "5")
    return fresh_database


def verify(database: Database) -> Verification:
    with database.reading() as session:
        return journal.verify(session)


def tamper(database: Database, *statements: Executable) -> None:
    """Change rows as somebody could who owns the database and switches the triggers off."""
    with database.transaction() as session:
        if database.is_postgresql:
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            triggers = session.scalars(text("SELECT name FROM sqlite_master WHERE type='trigger'"))
            for name in triggers.all():
                session.execute(text(f"DROP TRIGGER {name}"))
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            session.execute(statement)


def entry_of(database: Database, seq: int) -> JournalEntry:
    with database.reading() as session:
        return session.scalars(
            select(JournalEntry)
            .join(JournalLink, JournalLink.entry_id == JournalEntry.id)
            .where(JournalLink.seq == seq)
        ).one()


@pytest.mark.req("T-02")
def test_an_untouched_journal_verifies(written: Database) -> None:
    verification = verify(written)

    with written.reading() as session:
        head = session.scalars(select(JournalLink.hash).where(JournalLink.seq == 5)).one()
    assert verification == Verification(5, 0, head, None)


def test_an_empty_journal_verifies(fresh_database: Database) -> None:
    assert verify(fresh_database) == Verification(0, 0, journal.FIRST_HASH, None)


def test_entries_that_wait_for_their_place_are_counted_not_broken(written: Database) -> None:
    with written.transaction() as session:
        note(session, "waits")

    assert verify(written).unlinked_count == 1
    assert verify(written).first_break is None


@pytest.mark.req("T-02")
def test_a_record_in_another_zone_of_the_server_verifies(fresh_database: Database) -> None:
    notes(fresh_database, "1", now=START.astimezone().replace(microsecond=120))

    assert verify(fresh_database).first_break is None


@pytest.mark.req("T-02")
def test_one_changed_byte_makes_verify_name_that_row(written: Database) -> None:
    changed = entry_of(written, 3)

    tamper(
        written,
        update(JournalEntry)
        .where(JournalEntry.id == changed.id)
        .values(body=func.replace(JournalEntry.body, '"text":"3"', '"text":"8"')),
    )

    verification = verify(written)
    assert verification.linked_count == 2
    assert verification.first_break == journal.Break(
        3, changed.id, str(changed.change_id), "its text was changed"
    )


@pytest.mark.req("T-02")
def test_of_several_changes_the_first_is_named(written: Database) -> None:
    tamper(written, update(JournalEntry).values(body=JournalEntry.body + " "))

    first_break = verify(written).first_break
    assert first_break is not None
    assert first_break.seq == 1


@pytest.mark.req("T-02")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("verb", "note.unmade"),
        ("entity_type", "else"),
        ("entity_id", "else"),
        ("participant_code", "S01-002"),
        ("participant_code", None),
        ("site_code", "S02"),
        ("kind", JournalKind.ACCESS),
        ("recorded_at", START + timedelta(microseconds=1)),
    ],
)
def test_a_changed_column_makes_verify_name_it(
    written: Database, column: str, value: object
) -> None:
    changed = entry_of(written, 2)

    tamper(
        written,
        update(JournalEntry).where(JournalEntry.id == changed.id).values({column: value}),
    )

    first_break = verify(written).first_break
    named = {"participant_code": "participant", "site_code": "site"}.get(column, column)
    assert first_break == journal.Break(
        2, changed.id, str(changed.change_id), f"its column for {named} was changed"
    )


@pytest.mark.req("T-02")
@pytest.mark.parametrize(
    ("statement", "seq", "reason"),
    [
        (delete(JournalLink).where(JournalLink.seq == 3), 4, "number 3 is missing"),
        (delete(JournalLink).where(JournalLink.seq == 1), 2, "number 1 is missing"),
        (
            update(JournalLink).where(JournalLink.seq == 2).values(hash="0"),
            2,
            "its text was changed",
        ),
        (
            update(JournalLink).where(JournalLink.seq == 2).values(prev_hash="0"),
            2,
            "it does not follow the entry before it",
        ),
    ],
)
def test_a_missing_or_changed_link_is_named(
    written: Database, statement: Executable, seq: int, reason: str
) -> None:
    tamper(written, statement)

    first_break = verify(written).first_break
    assert first_break is not None
    assert (first_break.seq, first_break.reason) == (seq, reason)


@pytest.mark.req("T-02")
def test_a_missing_entry_is_named(written: Database) -> None:
    gone = entry_of(written, 4)

    if not written.is_postgresql:
        with written.engine.connect() as connection:
            # Each file remembers its triggers, each connection whether it minds references.
            connection.exec_driver_sql("DROP TRIGGER journal_entry_no_delete")
            connection.commit()
        unmindful = create_engine(written.url)
        with unmindful.begin() as connection:
            connection.execute(delete(JournalEntry).where(JournalEntry.id == gone.id))
        unmindful.dispose()
    else:
        tamper(written, delete(JournalEntry).where(JournalEntry.id == gone.id))

    assert verify(written).first_break == journal.Break(4, gone.id, "?", "the entry is missing")


@pytest.mark.req("T-02")
def test_two_entries_that_changed_places_are_noticed(written: Database) -> None:
    third, fourth = entry_of(written, 3).id, entry_of(written, 4).id

    tamper(
        written,
        update(JournalLink).where(JournalLink.seq == 3).values(entry_id=-1),
        update(JournalLink).where(JournalLink.seq == 4).values(entry_id=third),
        update(JournalLink).where(JournalLink.seq == 3).values(entry_id=fourth),
    )

    first_break = verify(written).first_break
    assert first_break is not None
    assert (first_break.seq, first_break.reason) == (3, "its text was changed")


@pytest.mark.req("T-02")
def test_a_chain_that_was_cut_and_written_anew_ends_in_another_head(written: Database) -> None:
    head = verify(written).head

    tamper(
        written,
        delete(JournalLink),
        update(JournalEntry).values(
            body=func.replace(JournalEntry.body, '"text":"3"', '"text":"8"')
        ),
    )
    with written.transaction() as session:
        journal.sequence(session)

    assert verify(written).first_break is None
    assert verify(written).head != head


@pytest.mark.req("T-02")
def test_a_link_binds_text_and_place_by_sha_256() -> None:
    assert journal.link_hash("0" * 64, 1, "头痛") == (
        "41d5462f7f37d441adaf34aebcc78f1a5950dba7b1fa2d3ebdb542da8c99171b"
    )
    assert journal.link_hash("0" * 64, 2, "头痛") != journal.link_hash("0" * 64, 1, "头痛")


def test_trial_time_that_runs_ahead_does_not_break_the_chain(written: Database) -> None:
    notes(written, "later", now=START + timedelta(days=400))
    notes(written, "earlier again", now=START)

    assert verify(written).first_break is None

"""The journal within one database: what an entry holds, its place in the chain, how it is read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Grant, Role, system_actor
from epro.db import Database
from epro.errors import RecordedRefusal
from epro.models import JournalEntry, JournalKind, JournalLink, Site
from epro.services import journal
from epro.services.journal import Subject
from tests.clock import START

JOB = system_actor("some_job")


def note(session: Session, text: str, *, now: datetime = START) -> None:
    """Put something on record that has no meaning of its own."""
    subject = Subject(
        entity_type="note", entity_id=text, participant_code="S01-001", site_code="S01"
    )
    journal.record(session, JOB, "note.made", subject, after={"text": text}, now=now)


def notes(database: Database, *texts: str, now: datetime = START) -> None:
    """Commit several entries in one transaction, and give each its place."""
    with database.transaction() as session:
        for text in texts:
            note(session, text, now=now)
    with database.transaction() as session:
        journal.sequence(session)


@contextmanager
def failing_transaction(database: Database, error: Exception | None = None) -> Iterator[Session]:
    """Open a transaction in which something goes wrong after all that the block did."""
    error = error or ZeroDivisionError()
    with suppress(type(error)), database.transaction() as session:
        yield session
        raise error


def texts_of(entries: list[journal.LinkedEntry]) -> list[str]:
    return [entry.content["after"]["text"] for entry in entries]


def only_entry(session: Session) -> JournalEntry:
    return session.scalars(select(JournalEntry)).one()


# --- an entry -------------------------------------------------------------------------------------


@pytest.mark.req("T-01")
def test_an_entry_is_committed_with_the_change_it_records(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        session.add(some_site())
        note(session, "a site was added")

    with fresh_database.reading() as session:
        assert session.scalars(select(Site.code)).one() == "S01"
        assert only_entry(session).entity_id == "a site was added"


@pytest.mark.req("T-01")
def test_an_entry_is_rolled_back_with_the_change_it_records(fresh_database: Database) -> None:
    with failing_transaction(fresh_database) as session:
        session.add(some_site())
        note(session, "a site was added")

    with fresh_database.reading() as session:
        assert session.scalars(select(Site)).all() == []
        assert session.scalars(select(JournalEntry)).all() == []


@pytest.mark.req("T-01")
def test_a_recorded_refusal_leaves_its_entry(fresh_database: Database) -> None:
    with failing_transaction(fresh_database, RecordedRefusal()) as session:
        note(session, "something was refused")

    with fresh_database.reading() as session:
        assert only_entry(session).entity_id == "something was refused"


def test_the_body_is_the_canonical_text_of_the_record(session: Session) -> None:
    note(session, "头痛 😀")

    body = only_entry(session).body
    content = json.loads(body)
    assert body == json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert "头痛 😀" in body


def test_an_entry_says_who_what_when_and_why(session: Session) -> None:
    site_id, device_id = uuid4(), uuid4()
    actor = Actor(
        kind=ActorKind.USER, id=uuid4(), name="li", client="browser", device_session_id=device_id,
        grants=(Grant(Role.MONITOR, uuid4()), Grant(Role.COORDINATOR, site_id)),
    )  # fmt: skip
    subject = Subject(
        entity_type="anchor", entity_id="S01-001:INF1", version=2,
        participant_code="S01-001", site_code="S01", site_id=site_id,
    )  # fmt: skip

    journal.record(
        session, actor, "anchor.corrected", subject,
        after={"day": 2}, before={"day": 1}, reason="typing error", now=START,
    )  # fmt: skip

    content = json.loads(only_entry(session).body)
    assert UUID(content.pop("change_id")) == only_entry(session).change_id
    assert content == {
        "kind": "change",
        "verb": "anchor.corrected",
        "entity_type": "anchor",
        "entity_id": "S01-001:INF1",
        "version": 2,
        "participant": "S01-001",
        "site": "S01",
        "actor": {
            "kind": "user",
            "name": "li",
            "role": "coordinator",
            "device_session": str(device_id),
            "client": "browser",
        },
        "occurred_at": START.isoformat(),
        "recorded_at": START.isoformat(),
        "reason": "typing error",
        "after": {"day": 2},
        "before": {"day": 1},
    }


@pytest.mark.req("T-03")
def test_an_entry_keeps_the_offset_somebody_lived_in_and_the_servers_instant_in_utc(
    session: Session,
) -> None:
    beijing = timezone(timedelta(hours=8))
    lived_at = datetime(2026, 2, 27, 20, 30, tzinfo=beijing)

    journal.record(
        session, JOB, "note.made", Subject(entity_type="note", entity_id="1"),
        after={}, occurred_at=lived_at, now=START.astimezone(beijing),
    )  # fmt: skip

    content = json.loads(only_entry(session).body)
    assert content["occurred_at"] == "2026-02-27T20:30:00+08:00"
    assert content["recorded_at"] == "2026-03-01T02:00:00+00:00"


def test_values_are_put_on_record_as_json_knows_them() -> None:
    id_ = uuid4()

    plain = journal.plain(
        {"at": START, "on": START.date(), "id": id_, "kind": JournalKind.ACCESS, "list": (1, None)}
    )

    assert json.loads(journal.canonical(plain)) == {
        "at": "2026-03-01T02:00:00+00:00",
        "on": "2026-03-01",
        "id": str(id_),
        "kind": "access",
        "list": [1, None],
    }


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}, float("nan"), float("inf")])
def test_what_json_does_not_know_is_not_put_on_record(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        journal.canonical(journal.plain({"value": value}))


def test_no_entries_are_recorded_as_none(session: Session) -> None:
    journal.record_all(session, [])

    assert session.scalars(select(JournalEntry)).all() == []


# --- the chain ------------------------------------------------------------------------------------


@pytest.mark.req("E-02")
def test_entries_take_their_places_in_the_order_they_were_written(fresh_database: Database) -> None:
    notes(fresh_database, "first", "second")
    notes(fresh_database, "third")

    with fresh_database.reading() as session:
        linked = journal.read_after(session, 0, limit=10)
    assert [entry.seq for entry in linked] == [1, 2, 3]
    assert texts_of(linked) == ["first", "second", "third"]


@pytest.mark.req("E-02")
def test_sequencing_again_links_nothing_twice(fresh_database: Database) -> None:
    notes(fresh_database, "first", "second")

    with fresh_database.transaction() as session:
        assert journal.sequence(session) == 0

    with fresh_database.reading() as session:
        assert len(session.scalars(select(JournalLink)).all()) == 2


def test_sequencing_an_empty_journal_links_nothing(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        assert journal.sequence(session) == 0


@pytest.mark.req("E-02")
def test_more_entries_than_one_batch_are_linked_without_a_gap(fresh_database: Database) -> None:
    count = 2 * journal.BATCH + 7
    subject = Subject(entity_type="note", entity_id="1")
    with fresh_database.transaction() as session:
        journal.record_all(
            session,
            [
                journal.entry(JOB, "note.made", subject, after={"n": n}, now=START)
                for n in range(count)
            ],
        )

    with fresh_database.transaction() as session:
        assert journal.sequence(session) == count

    with fresh_database.reading() as session:
        linked = journal.read_after(session, 0, limit=count + 1)
    assert [entry.seq for entry in linked] == list(range(1, count + 1))
    assert [entry.content["after"]["n"] for entry in linked] == list(range(count))


@pytest.mark.req("E-02")
def test_an_entry_that_was_rolled_back_leaves_no_gap(fresh_database: Database) -> None:
    notes(fresh_database, "before")
    with failing_transaction(fresh_database) as session:
        note(session, "never happened")
    notes(fresh_database, "after")

    with fresh_database.reading() as session:
        linked = journal.read_after(session, 0, limit=10)
    assert [entry.seq for entry in linked] == [1, 2]
    assert texts_of(linked) == ["before", "after"]


@pytest.mark.req("E-02")
def test_a_sequencing_that_is_rolled_back_is_made_good_by_the_next(
    fresh_database: Database,
) -> None:
    with fresh_database.transaction() as session:
        note(session, "first")
    with failing_transaction(fresh_database) as session:
        journal.sequence(session)

    with fresh_database.transaction() as session:
        assert journal.sequence(session) == 1


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.req("E-02")
def test_reading_on_from_a_place_gives_what_follows_it(fresh_database: Database) -> None:
    notes(fresh_database, "1", "2", "3", "4")

    with fresh_database.reading() as session:
        page = journal.read_after(session, 1, limit=2)
        again = journal.read_after(session, 1, limit=2)
    assert texts_of(page) == ["2", "3"]
    assert again == page


def test_what_has_no_place_yet_is_not_read(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        note(session, "not linked")

    with fresh_database.reading() as session:
        assert journal.read_after(session, 0, limit=10) == []


@pytest.mark.req("E-06")
def test_the_feed_never_serves_who_looked_at_what(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        subject = Subject(entity_type="note", entity_id="1")
        journal.record(
            session, JOB, "identity.read", subject, after={}, kind=JournalKind.ACCESS, now=START
        )
    notes(fresh_database, "a change")

    with fresh_database.reading() as session:
        assert texts_of(journal.read_after(session, 0, limit=10)) == ["a change"]
        assert len(journal.read_after(session, 0, limit=10, kind=None)) == 2


@pytest.mark.req("T-04")
def test_a_history_is_that_of_one_entity(fresh_database: Database) -> None:
    notes(fresh_database, "mine", "another", "mine")

    with fresh_database.reading() as session:
        history = journal.history_of(session, entity_type="note", entity_id="mine")
        assert texts_of(history) == ["mine", "mine"]
        assert journal.history_of(session, entity_type="else", entity_id="mine") == []


@pytest.mark.req("T-04")
def test_a_history_is_narrowed_to_a_participant_and_to_the_sites_one_may_see(
    fresh_database: Database,
) -> None:
    notes(fresh_database, "one", "two")

    with fresh_database.reading() as session:

        def count(**narrowed: object) -> int:
            return len(journal.history_of(session, **narrowed))  # type: ignore[arg-type]

        assert count(participant_code="S01-001") == 2
        assert count(participant_code="S01-002") == 0
        assert count(participant_code="S01-001", within=_at("S01")) == 2
        assert count(participant_code="S01-001", within=_at("S02")) == 0
        assert count(participant_code="S01-001", within=_at()) == 0
        assert count(participant_code="S01-001", after_seq=1) == 1
        assert count(participant_code="S01-001", limit=1) == 1


# --- lag ------------------------------------------------------------------------------------------


def test_the_lag_counts_what_waits_and_since_when(fresh_database: Database) -> None:
    notes(fresh_database, "linked", now=START - timedelta(hours=1))
    with fresh_database.transaction() as session:
        note(session, "waits", now=START + timedelta(minutes=1))
        note(session, "waits longer", now=START)

    with fresh_database.reading() as session:
        lag = journal.lag(session)
    assert lag == journal.Lag(2, START)
    assert lag.oldest_recorded_at is not None
    assert lag.oldest_recorded_at.tzinfo is UTC


def test_there_is_no_lag_once_everything_has_its_place(fresh_database: Database) -> None:
    notes(fresh_database, "linked")

    with fresh_database.reading() as session:
        assert journal.lag(session) == journal.Lag(0, None)


def some_site() -> Site:
    return Site(
        code="S01", name_zh="第一中心", name_en="First site", zone="Asia/Shanghai",
        phone="0755-0000001", phone_24h="0755-0000002",
    )  # fmt: skip


def _at(*site_codes: str) -> ColumnElement[bool]:
    return JournalEntry.site_code.in_(site_codes)

"""The two doors to the database, instants that keep their zone, and inserting what may be there."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from epro import db
from epro.db import Database, UtcDateTime, insert_if_absent
from epro.errors import DomainError, RecordedRefusal
from epro.models import IdempotencyKey, Lockout, Site
from tests.clock import START
from tests.factories import add_participant, add_site
from tests.services.together import at_once


def lockout(claim: str = "claim", *, at: datetime = START) -> Lockout:
    return Lockout(claim_lookup=claim, failed_count=1, first_failed_at=at, last_failed_at=at)


def claims(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Lockout.claim_lookup).order_by(Lockout.claim_lookup)))


def fail_after_writing(database: Database, error: Exception) -> None:
    with database.transaction() as session:
        session.add(lockout())
        raise error


def test_a_transaction_commits_at_its_end(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        session.add(lockout())

    assert claims(fresh_database) == ["claim"]


@pytest.mark.parametrize("error", [ValueError(), DomainError(), KeyboardInterrupt()])
def test_a_transaction_that_fails_leaves_nothing(
    fresh_database: Database, error: Exception
) -> None:
    with pytest.raises(type(error)):
        fail_after_writing(fresh_database, error)

    assert claims(fresh_database) == []


def test_a_recorded_refusal_leaves_its_traces(fresh_database: Database) -> None:
    with pytest.raises(RecordedRefusal):
        fail_after_writing(fresh_database, RecordedRefusal())

    assert claims(fresh_database) == ["claim"]


def test_the_reading_door_cannot_write(fresh_database: Database) -> None:
    with fresh_database.reading() as session:
        session.add(lockout())
        with pytest.raises(DBAPIError):
            session.flush()
        session.rollback()

    assert claims(fresh_database) == []


def test_after_reading_the_same_connection_writes_again(fresh_database: Database) -> None:
    for claim in "abc":
        claims(fresh_database)
        with fresh_database.transaction() as session:
            session.add(lockout(claim))

    assert claims(fresh_database) == ["a", "b", "c"]


def test_a_reader_is_not_held_up_by_a_writer(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        session.add(lockout())
        session.flush()

        assert claims(fresh_database) == []


def cut_off_its_connections(database: Database) -> None:
    """End what a database's pool holds, as a restart of PostgreSQL does; then its server is up."""
    claims(database)
    killing = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    engine = create_engine(database.url)
    with engine.connect() as connection:
        connection.execute(killing)
    engine.dispose()


def test_a_connection_that_rested_is_tested_before_it_is_lent(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fresh_database.is_postgresql:
        pytest.skip("A file has no connections that can be cut off.")
    monkeypatch.setattr(db, "UNTESTED_FOR_S", 0.0)
    cut_off_its_connections(fresh_database)

    assert claims(fresh_database) == []


def test_one_that_was_just_in_use_is_not_and_after_it_all_are_new(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fresh_database.is_postgresql:
        pytest.skip("A file has no connections that can be cut off.")
    monkeypatch.setattr(db, "UNTESTED_FOR_S", 3600.0)
    cut_off_its_connections(fresh_database)

    with pytest.raises(OperationalError):
        claims(fresh_database)
    assert claims(fresh_database) == []


def test_writers_at_once_take_turns(fresh_database: Database) -> None:
    def count_up() -> None:
        for _ in range(10):
            with fresh_database.transaction() as session:
                row = session.get_one(Lockout, "claim", with_for_update=True)
                row.failed_count += 1

    with fresh_database.transaction() as session:
        session.add(lockout())

    at_once(*[count_up] * 6)

    with fresh_database.reading() as session:
        assert session.get_one(Lockout, "claim").failed_count == 61


def test_references_are_minded(session: Session) -> None:
    site = add_site(session)
    add_participant(session, site)

    with pytest.raises(IntegrityError):
        session.execute(text("DELETE FROM site"))


# --- instants -------------------------------------------------------------------------------------


@pytest.mark.req("S-03")
@pytest.mark.parametrize("hours", [-12, 0, 8, 14])
def test_an_instant_comes_back_as_the_same_instant_in_utc(session: Session, hours: int) -> None:
    at = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=hours)))
    session.add(lockout(at=at))
    session.flush()
    session.expire_all()

    stored = session.scalars(select(Lockout.first_failed_at)).one()

    assert stored == at
    assert stored.tzinfo is UTC


@pytest.mark.req("S-03")
def test_instants_of_several_zones_are_compared_as_instants(session: Session) -> None:
    session.add(lockout("early", at=datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=8)))))
    session.add(lockout("late", at=datetime(2026, 3, 1, 2, tzinfo=UTC)))
    session.flush()

    before = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    found = session.scalars(select(Lockout.claim_lookup).where(Lockout.last_failed_at < before))

    assert found.all() == ["early"]


@pytest.mark.req("S-03")
def test_an_instant_without_a_zone_is_refused(session: Session) -> None:
    session.add(lockout(at=datetime(2026, 3, 1)))  # noqa: DTZ001

    with pytest.raises(StatementError, match="without a time zone"):
        session.flush()


def test_no_instant_stays_none(session: Session) -> None:
    session.add(lockout())
    session.flush()
    session.expire_all()

    assert session.scalars(select(Lockout.locked_until)).one() is None


def test_every_instant_of_the_models_is_stored_in_utc() -> None:
    columns = [column for table in Site.metadata.tables.values() for column in table.columns]
    instants = [column for column in columns if column.name.endswith(("_at", "_until"))]

    assert len(instants) > 20
    assert {str(column) for column in instants if not isinstance(column.type, UtcDateTime)} == set()


def test_an_enum_is_stored_by_its_value(session: Session) -> None:
    participant = add_participant(session, add_site(session))

    stored = session.scalar(text("SELECT language FROM participant"))

    assert stored == "zh"
    assert isinstance(participant.language, StrEnum)


def test_an_enum_takes_no_other_value(session: Session) -> None:
    add_participant(session, add_site(session))

    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE participant SET language = 'fr'"))


# --- inserting what may be there ------------------------------------------------------------------


def values(claim: str = "claim", failed_count: int = 1) -> dict[str, object]:
    return {
        "claim_lookup": claim, "failed_count": failed_count,
        "first_failed_at": START, "last_failed_at": START,
    }  # fmt: skip


def test_what_is_absent_is_inserted_and_what_is_there_is_left_alone(session: Session) -> None:
    assert insert_if_absent(session, Lockout, values()) is True
    assert insert_if_absent(session, Lockout, values(failed_count=9)) is False
    assert insert_if_absent(session, Lockout, values("other")) is True

    assert session.get_one(Lockout, "claim").failed_count == 1


def test_of_many_that_insert_at_once_one_is_told_so(fresh_database: Database) -> None:
    def insert() -> bool:
        with fresh_database.transaction() as session:
            return insert_if_absent(session, Lockout, values())

    assert sorted(at_once(*[insert] * 8)) == [False] * 7 + [True]


def test_the_values_are_stored_as_the_model_would(session: Session) -> None:
    site = add_site(session)
    key = {
        "actor_id": site.id, "key": "k", "request_sha256": "0", "entity_id": "e",
        "created_at": START.astimezone(timezone(timedelta(hours=8))),
    }  # fmt: skip

    assert insert_if_absent(session, IdempotencyKey, key)

    row = session.get_one(IdempotencyKey, (site.id, "k"))
    assert (row.actor_id, row.created_at, row.created_at.date()) == (
        site.id, START, date(2026, 3, 1),
    )  # fmt: skip

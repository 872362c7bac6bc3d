"""Statements that are kept: the same rows, types and errors as SQLAlchemy gives for them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from epro.db import Database, table_of
from epro.kept import KeptInsert, KeptStatement, insert_unless_there
from epro.models import (
    Assessment,
    JournalEntry,
    JournalKind,
    Lockout,
    Participant,
    ResponseRevision,
    Screening,
    Site,
)
from tests.clock import START
from tests.factories import add_participant, add_site
from tests.statements import engine_of, heard_by

PARTICIPANT, LOCKOUT, ENTRY = (table_of(one) for one in (Participant, Lockout, JournalEntry))
BY_CODE = select(PARTICIPANT).where(PARTICIPANT.c.code == bindparam("code"))
ADD = KeptInsert(LOCKOUT)


def lockout(claim: str, **changes: Any) -> dict[str, Any]:
    at = {"first_failed_at": START, "last_failed_at": START, "locked_until": None}
    row = {"claim_lookup": claim, "failed_count": 1, **at}
    return {name: value for name, value in row.items() if name in LOCKOUT.c} | changes


def claims(session: Session) -> Sequence[str]:
    return session.scalars(select(LOCKOUT.c.claim_lookup).order_by(LOCKOUT.c.claim_lookup)).all()


def test_a_row_has_the_names_and_types_that_sqlalchemy_gives(session: Session) -> None:
    person = add_participant(session, add_site(session))
    values = {"code": person.code}

    (kept,) = KeptStatement(BY_CODE).rows(session, values)

    row = session.execute(BY_CODE, values).one()
    assert kept == tuple(row)
    assert [type(one) for one in kept] == [type(one) for one in row]
    assert kept._asdict() == dict(row._mapping)


def test_an_instant_of_any_zone_is_kept_as_the_same_instant(session: Session) -> None:
    at = datetime(2026, 3, 2, 19, tzinfo=ZoneInfo("Asia/Shanghai"))

    ADD.run(session, lockout("claim", last_failed_at=at))

    assert session.scalar(select(Lockout.last_failed_at)) == at.astimezone(UTC)
    with pytest.raises(ValueError, match="without a time zone"):
        ADD.run(session, lockout("other", last_failed_at=at.replace(tzinfo=None)))


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 40])
def test_so_many_rows_are_inserted_in_their_order(session: Session, count: int) -> None:
    rows = [
        {
            "change_id": uuid4(), "kind": JournalKind.CHANGE, "verb": f"made.{number}",
            "entity_type": "thing", "entity_id": "1", "participant_code": None,
            "site_code": "SZ01", "recorded_at": START, "body": "{}", "xid": None,
        }
        for number in range(count)
    ]  # fmt: skip

    KeptInsert(ENTRY).run(session, *rows)

    stored = session.execute(select(JournalEntry.change_id, JournalEntry.kind).order_by("id"))
    assert [tuple(one) for one in stored] == [(one["change_id"], one["kind"]) for one in rows]


def test_a_few_rows_are_one_statement(session: Session) -> None:
    session.connection()
    with heard_by(engine_of(session)) as statements:
        ADD.run(session, *(lockout(str(number)) for number in range(4)))

    assert len(statements) == 1, statements


@pytest.mark.parametrize("model", [Screening, ResponseRevision, Assessment, Site])
def test_an_insert_that_leaves_a_column_out_is_refused(
    session: Session, model: type[Screening]
) -> None:
    with pytest.raises(KeyError):
        KeptInsert(table_of(model)).run(session, {})


def test_a_statement_that_relies_on_a_default_is_refused(session: Session) -> None:
    one = insert(PARTICIPANT).values(code=bindparam("code"))

    with pytest.raises(TypeError, match="default"):
        KeptStatement(one).run(session, {"code": "SZ01-001"})


def test_a_text_that_varies_with_its_values_is_refused(session: Session) -> None:
    several = select(LOCKOUT).where(LOCKOUT.c.claim_lookup.in_(bindparam("claims")))

    with pytest.raises(TypeError, match="varies"):
        KeptStatement(several).rows(session, {"claims": ["claim"]})


def test_what_is_there_already_is_not_inserted_and_harms_nothing(session: Session) -> None:
    add = insert_unless_there(Lockout)

    assert [len(add.rows(session, lockout("claim"))) for _ in range(2)] == [1, 0]
    assert claims(session) == ["claim"]


def test_an_error_is_sqlalchemys_and_holds_no_values(session: Session) -> None:
    ADD.run(session, lockout("secret"))

    with pytest.raises(IntegrityError) as caught, session.begin_nested():
        ADD.run(session, lockout("secret"))

    assert isinstance(caught.value, DBAPIError)
    assert caught.value.params is None
    assert claims(session) == ["secret"]


def test_it_is_of_the_sessions_transaction(fresh_database: Database) -> None:
    change = KeptStatement(
        update(LOCKOUT)
        .where(LOCKOUT.c.claim_lookup == bindparam("claim"))
        .values(failed_count=bindparam("count"))
    )
    with fresh_database.transaction() as session:
        ADD.run(session, lockout("claim"))

    with fresh_database.transaction() as session:
        change.run(session, {"claim": "claim", "count": 7})
        session.rollback()

    with fresh_database.reading() as session:
        assert session.scalar(select(Lockout.failed_count)) == 1


def test_the_asking_door_answers_without_a_transaction(fresh_database: Database) -> None:
    with fresh_database.transaction() as session:
        ADD.run(session, lockout("claim"))
    asked = KeptStatement(select(LOCKOUT.c.failed_count))

    with fresh_database.asking() as connection:
        (found,) = asked.rows(connection, {})

        assert found.failed_count == 1
        assert not connection.in_transaction()
        driver: Any = connection.connection.dbapi_connection
        idle = driver.info.transaction_status if fresh_database.is_postgresql else 0
        assert idle == 0
    with fresh_database.transaction() as session:  # the connection is as it was before
        ADD.run(session, lockout("other"))
        session.rollback()
    with fresh_database.reading() as session:
        assert claims(session) == ["claim"]


def test_a_connection_that_was_lost_is_the_databases_fault_and_given_up(
    fresh_database: Database,
) -> None:
    asked = KeptStatement(select(LOCKOUT.c.failed_count))
    with fresh_database.reading() as session:
        asked.rows(session, {})
        driver: Any = session.connection().connection.dbapi_connection
        driver.close()
        with pytest.raises(DBAPIError):
            asked.rows(session, {})
        session.invalidate()

    with fresh_database.reading() as session:  # a new one has a cursor of its own
        assert asked.rows(session, {}) == []

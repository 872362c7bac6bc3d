"""The migrations make the tables that the models describe; some are only ever added to."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from epro.access import Role
from epro.db import Base, Database, make_engine
from epro.errors import InvalidAnswers
from epro.migrate import (
    MIGRATIONS,
    current_revision,
    downgrade,
    head_revision,
    next_number,
    upgrade,
)
from epro.models import (
    CandidateDecision,
    Disposition,
    EventSource,
    Participant,
    Site,
    StudyVersion,
    Task,
)
from epro.services import adverse_events
from questionnaires.catalogue import Catalogue
from tests.factories import add_delegation, add_user, event_facts, user_actor
from tests.services.given import CALM, SMALL, answered, begin_after_infusion, local, story_of

APPEND_ONLY = ("journal_entry", "journal_link", "response_revision", "quarantine", "study_version",
               "signature", "adverse_event_version", "candidate_decision")  # fmt: skip

BEFORE_ENTRY_MODES = "0033"


def test_the_file_head_names_the_newest_migration() -> None:
    assert (MIGRATIONS / "HEAD").read_text().strip() == head_revision()


def test_the_next_migration_gets_a_number_that_none_has() -> None:
    """They are chained in the order in which they landed; the last one need not be the highest."""
    taken = [one.name[:4] for one in (MIGRATIONS / "versions").glob("[0-9]*.py")]

    assert next_number() == f"{int(max(taken)) + 1:04}"


def test_a_migrated_database_knows_its_revision(database: Database) -> None:
    assert current_revision(database.engine) == head_revision()


def test_an_empty_database_has_no_revision(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)

    assert current_revision(engine) is None
    engine.dispose()


@pytest.mark.req("V-03")
def test_migrations_go_up_down_and_up_again(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    upgrade(empty_database_url)
    first = shape_of(engine)

    downgrade(empty_database_url)
    engine.dispose()
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert current_revision(engine) is None

    upgrade(empty_database_url)
    engine.dispose()
    assert shape_of(engine) == first
    engine.dispose()


@pytest.mark.req("V-03")
def test_the_migrations_make_what_the_models_say(
    database: Database, empty_database_url: str
) -> None:
    from_models = make_engine(empty_database_url)
    Base.metadata.create_all(from_models)

    made, described = shape_of(database.engine), shape_of(from_models)
    from_models.dispose()

    assert made.keys() == described.keys()
    for table, shape in described.items():
        assert made[table] == shape, table


def shape_of(engine: Engine) -> dict[str, Any]:
    """Return all tables with columns, keys, indexes and checks, in an order of their own."""
    inspector = inspect(engine)
    parts: dict[str, Callable[[str], Any]] = {
        "columns": inspector.get_columns,
        "key": lambda table: [inspector.get_pk_constraint(table)],
        "references": inspector.get_foreign_keys,
        "unique": inspector.get_unique_constraints,
        "indexes": inspector.get_indexes,
        "checks": inspector.get_check_constraints,
    }
    return {
        table: {name: sorted(map(in_words, read(table))) for name, read in parts.items()}
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def in_words(part: Any) -> str:
    """Write a part of a table down, conditions of indexes included."""
    if isinstance(part, dict):
        return str({name: in_words(part[name]) for name in sorted(part)})
    return f"{part}"


# --- only ever added to ---------------------------------------------------------------------------


@pytest.fixture
def lived_in(fresh_database: Database) -> Database:
    """A database with a row in every table that is only added to."""
    now = local(date(2026, 3, 3), 18)
    with fresh_database.transaction() as session:
        given = begin_after_infusion(session)
        diary = given.diary_on(session, date(2026, 3, 3))
        given.submit(session, answered(diary), now=now)
    with pytest.raises(InvalidAnswers), fresh_database.transaction() as session:
        given.submit(session, answered(diary, CALM[0]), now=now)
    story_of(fresh_database)
    with fresh_database.transaction() as session:
        site = session.scalars(select(Site)).first()
        assert site
        add_delegation(session, site, add_user(session, site=site.code).user, Task.DATA_REVIEW)
        record_an_event(session, site)
    return fresh_database


@pytest.mark.req("V-03")
def test_a_database_that_is_lived_in_goes_back_and_comes_again(
    lived_in: Database, fresh_database_url: str
) -> None:
    """A table that others refer to is rebuilt with its rows in place."""
    tables = ("questionnaire_response", "response_revision", "correction", "work_item")
    before = {table: rows_of(lived_in, table) for table in tables}
    assert before["questionnaire_response"]
    lived_in.engine.dispose()

    downgrade(fresh_database_url, BEFORE_ENTRY_MODES)
    upgrade(fresh_database_url)

    assert {table: rows_of(lived_in, table) for table in tables} == before
    with pytest.raises(DBAPIError), lived_in.transaction() as session:
        session.execute(text("UPDATE questionnaire_response SET mode = 'by_pigeon'"))


def record_an_event(session: Session, site: Site) -> None:
    """Enter an event, so that it has a version, and a decision that declines something."""
    participant = session.scalars(select(Participant)).one()
    version = session.scalars(select(StudyVersion)).one()
    physician = add_user(session, "wang.fang", roles=[Role.INVESTIGATOR], site=site.code).user
    add_delegation(session, site, physician)
    now = local(date(2026, 3, 4), 9)
    adverse_events.enter(
        session, user_actor(physician), participant, event_facts(date(2026, 3, 3)),
        reason="examination", catalogue=Catalogue({version.id: SMALL}), now=now,
    )  # fmt: skip
    session.add(
        CandidateDecision(
            participant_id=participant.id, site_id=site.id, source=EventSource.EPISODE,
            source_key="pain:2026-03-03", seen={}, disposition=Disposition.DECLINED, reason="x",
            decided_at=now, decided_by_id=physician.id,
        )
    )  # fmt: skip
    session.flush()


@pytest.mark.req("T-01", "T-02")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_only_added_to_is_neither_changed_nor_removed(
    lived_in: Database, table: str
) -> None:
    columns = [column["name"] for column in inspect(lived_in.engine).get_columns(table)]
    before = rows_of(lived_in, table)
    assert before

    acts = [
        *(f'UPDATE {table} SET "{column}" = "{column}"' for column in columns),  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
    ]
    if lived_in.is_postgresql:
        acts.append(f"TRUNCATE {table} CASCADE")

    for act in acts:
        with pytest.raises(DBAPIError, match="never changed or removed"):
            run(lived_in, act)
    assert rows_of(lived_in, table) == before


@pytest.mark.req("T-01", "T-02")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_only_added_to_is_not_replaced_either(lived_in: Database, table: str) -> None:
    """An upsert removes and changes under other names, and triggers may not notice."""
    before = rows_of(lived_in, table)
    columns = [column["name"] for column in inspect(lived_in.engine).get_columns(table)]
    key = inspect(lived_in.engine).get_pk_constraint(table)["constrained_columns"][0]
    copied = ", ".join(f'"{column}"' for column in columns)
    upsert = f"INSERT INTO {table} ({copied}) SELECT {copied} FROM {table} WHERE true "  # noqa: S608
    acts = [f'{upsert} ON CONFLICT ("{key}") DO UPDATE SET "{key}" = excluded."{key}"']
    if not lived_in.is_postgresql:
        acts.append(
            f"INSERT OR REPLACE INTO {table} ({copied}) SELECT {copied} FROM {table}"  # noqa: S608
        )

    for act in acts:
        with pytest.raises(DBAPIError, match="never changed or removed"):
            run(lived_in, act)
    assert rows_of(lived_in, table) == before


def test_what_is_only_added_to_can_be_added_to(lived_in: Database) -> None:
    with lived_in.transaction() as session:
        version = session.scalars(select(StudyVersion)).one()
        session.add(
            StudyVersion(
                study_code="OTHER", version="1.0.0", canonical_json="{}", sha256="0",
                published_at=version.published_at, published_by="test",
            )
        )  # fmt: skip

    assert len(rows_of(lived_in, "study_version")) == 2


def rows_of(database: Database, table: str) -> list[Any]:
    with database.reading() as session:
        return list(session.execute(Base.metadata.tables[table].select()).all())


def run(database: Database, statement: str) -> None:
    with database.transaction() as session:
        session.execute(text(statement))

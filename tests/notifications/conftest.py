"""Databases that hold the tables of messages, and both provider stand-ins."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from epro.db import Base, Database
from notifications.messages import (
    DeliveryReceipt,
    DevelopmentMessage,
    OutboxMessage,
    SendAttempt,
    SenderPace,
)
from tests.clock import FrozenClock
from tests.databases import DatabaseKind, DatabaseShelf
from tests.notifications.post import Post
from tests.standins.smtp import SmtpStandIn, running_smtp
from tests.standins.twilio import TwilioStandIn, running_twilio

TABLES = [
    model.metadata.tables[model.__tablename__]
    for model in (OutboxMessage, SendAttempt, DeliveryReceipt, DevelopmentMessage, SenderPace)
]


@pytest.fixture(scope="session")
def postal_url(database_shelf: DatabaseShelf, database_kind: DatabaseKind) -> str:
    """Return a database with the tables of messages alone, made once for all tests."""
    url = database_shelf.new_empty(database_kind)
    database = Database(url)
    Base.metadata.create_all(database.engine, tables=TABLES)
    database.engine.dispose()
    return url


@pytest.fixture
def postal_database(postal_url: str) -> Iterator[Database]:
    """Open it, empty; what a test commits is gone before the next one."""
    database = Database(postal_url)
    yield database
    with database.transaction() as session:
        for table in reversed(TABLES):
            session.execute(delete(table))
    database.engine.dispose()


@pytest.fixture
def wall() -> FrozenClock:
    """Return the wall's clock; `clock` is the trial's."""
    return FrozenClock()


@pytest.fixture
def post(postal_database: Database, clock: FrozenClock, wall: FrozenClock) -> Post:
    return Post(postal_database, clock, wall)


@pytest.fixture
def twilio(wall: FrozenClock) -> Iterator[TwilioStandIn]:
    with running_twilio(wall()) as standin:
        yield standin


@pytest.fixture
def smtp() -> Iterator[SmtpStandIn]:
    with running_smtp() as standin:
        yield standin

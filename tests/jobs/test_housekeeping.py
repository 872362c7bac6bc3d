"""Housekeeping removes what has served its time, and nothing that still protects somebody."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.db import Base, table_of
from epro.models import IdempotencyKey, Lockout
from epro.services import housekeeping, snapshots
from tests.clock import START
from tests.factories import event_facts
from tests.services.eventful import begin_eventful, day


def add_count(
    session: Session, *, failed_count: int, age: timedelta, locked_until: datetime | None = None
) -> None:
    session.add(
        Lockout(
            claim_lookup="claim", failed_count=failed_count, first_failed_at=START - age,
            last_failed_at=START - age, locked_until=locked_until,
        )
    )  # fmt: skip
    session.flush()


@pytest.mark.parametrize(
    ("failed_count", "age", "left"),
    [
        (0, timedelta(hours=25), 0),
        (0, timedelta(hours=23), 1),
        (4, timedelta(days=89), 1),
        (4, timedelta(days=91), 0),
        (10, timedelta(days=400), 1),
    ],
    ids=["cleared", "cleared just now", "some failures", "ancient failures", "the site must help"],
)
def test_counts_of_attempts_stay_as_long_as_they_protect(
    session: Session, failed_count: int, age: timedelta, left: int
) -> None:
    add_count(session, failed_count=failed_count, age=age)

    housekeeping.tidy(session, now=START)

    assert session.scalar(select(func.count(Lockout.claim_lookup))) == left


def test_a_lock_that_still_holds_stays(session: Session) -> None:
    add_count(session, failed_count=5, age=timedelta(days=91), locked_until=START + timedelta(1))

    assert housekeeping.tidy(session, now=START) == 0


@pytest.mark.parametrize(("hours", "removed"), [(23, 0), (25, 1)])
def test_keys_of_requests_are_kept_for_a_day(session: Session, hours: int, removed: int) -> None:
    session.add(
        IdempotencyKey(
            actor_id=uuid4(), key="key", request_sha256="0" * 64, entity_id="1",
            created_at=START - timedelta(hours=hours),
        )
    )  # fmt: skip
    session.flush()

    assert housekeeping.tidy(session, now=START) == removed


@pytest.mark.req("V-06")
def test_no_record_of_the_trial_goes_however_old_it_is(session: Session) -> None:
    """tests/architecture/test_deleting.py says that nothing else deletes."""
    eventful = begin_eventful(session)
    eventful.answer(3, temp=39.2)
    eventful.enter(event_facts(day(3)))
    add_count(session, failed_count=0, age=timedelta(days=1))

    def counts() -> dict[str, int]:
        return {
            one.__tablename__: session.scalar(select(func.count()).select_from(table_of(one))) or 0
            for one in Base.__subclasses__()
            if one is not Lockout
        }

    before, later = counts(), START + timedelta(days=20 * 366)

    assert housekeeping.tidy(session, now=later) + snapshots.expire(session, now=later) == 1
    assert counts() == before
    assert sum(one > 0 for one in before.values()) > 12

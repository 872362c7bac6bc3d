"""Housekeeping removes what has served its time, and nothing that still protects somebody."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.models import IdempotencyKey, Lockout
from epro.services import housekeeping
from tests.clock import START


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

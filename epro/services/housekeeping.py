"""Removing what has served its time and is on no record: counters of attempts, keys of requests."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, and_, delete, or_
from sqlalchemy.orm import Session

from epro.models import IdempotencyKey, Lockout
from epro.services import lockouts

# A client that repeats a request does so within hours.
KEPT = timedelta(hours=24)
# Consecutive wrong PINs count without limit of time; so rare a guesser gains nothing by our
# forgetting, and names that somebody made up do not stay for ever.
FAILURES_KEPT = timedelta(days=90)


def tidy(session: Session, *, now: datetime) -> int:
    """Remove cleared and ancient counts of attempts, and idempotency keys; return how many.

    A lock that still holds stays, above all one that only the site can lift.
    """
    counts = delete(Lockout).where(
        or_(Lockout.locked_until.is_(None), Lockout.locked_until <= now),
        or_(
            and_(Lockout.failed_count == 0, Lockout.last_failed_at < now - KEPT),
            and_(
                Lockout.failed_count < lockouts.PARTICIPANT.final_limit,
                Lockout.last_failed_at < now - FAILURES_KEPT,
            ),
        ),
    )
    keys = delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT)
    return _removed(session, counts) + _removed(session, keys)


def _removed(session: Session, statement: Delete) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount

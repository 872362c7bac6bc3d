"""Refused attempts, counted by what was claimed: an unknown name locks exactly like a known one.

Counted in trial time, so that a rehearsal can wait out a lock. Only consecutive failures count; a
success starts afresh. An attempt made while locked is not judged, so it cannot make matters worse.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.db import insert_if_absent
from epro.errors import TooManyAttempts
from epro.models import Lockout


@dataclass(frozen=True, slots=True, kw_only=True)
class LockPolicy:
    """After how many failures to lock, for how long, and after how many only the site can help.

    Without a final limit the count starts afresh a pause after its first failure.
    """

    limit: int
    pause: timedelta
    final_limit: int | None = None


# PRODUCT P-04, UX P2: 5 wrong PINs pause, 10 send the participant to her site.
PARTICIPANT = LockPolicy(limit=5, pause=timedelta(minutes=15), final_limit=10)
USER = LockPolicy(limit=5, pause=timedelta(minutes=15))
# Generous: a whole hospital shares one address.
ADDRESS = LockPolicy(limit=50, pause=timedelta(minutes=15))


def hold(session: Session, claim_lookup: str, policy: LockPolicy, *, now: datetime) -> None:
    """Take the claim's count until the transaction ends, so that guesses are judged one by one.

    Raises TooManyAttempts while the claim is locked.
    """
    if _is_locked(_held(session, claim_lookup, now=now), policy, now=now):
        raise TooManyAttempts


def refuse_locked(
    session: Session, claim_lookup: str, policy: LockPolicy, *, now: datetime
) -> None:
    """Raise TooManyAttempts while the claim is locked; holds nobody up."""
    lockout = session.get(Lockout, claim_lookup)
    if lockout is not None and _is_locked(lockout, policy, now=now):
        raise TooManyAttempts


def count_failure(
    session: Session, claim_lookup: str, policy: LockPolicy, *, now: datetime
) -> bool:
    """Count one failure; tell whether it was the one that locked the claim."""
    lockout = _held(session, claim_lookup, now=now)
    is_stale = policy.final_limit is None and now - lockout.first_failed_at >= policy.pause
    if lockout.failed_count == 0 or is_stale:
        lockout.failed_count, lockout.first_failed_at = 0, now
    lockout.failed_count += 1
    lockout.last_failed_at = now
    is_locking = lockout.failed_count in {policy.limit, policy.final_limit}
    if is_locking:
        lockout.locked_until = now + policy.pause
    session.flush()
    return is_locking


def clear(session: Session, claim_lookup: str) -> None:
    """Forget the failures of a claim: it was proven, or the site stepped in."""
    lockout = session.get(Lockout, claim_lookup, with_for_update=True)
    if lockout is not None:
        lockout.failed_count, lockout.locked_until = 0, None
        session.flush()


def _held(session: Session, claim_lookup: str, *, now: datetime) -> Lockout:
    fresh = {"claim_lookup": claim_lookup, "failed_count": 0, "first_failed_at": now,
             "last_failed_at": now, "locked_until": None}  # fmt: skip
    query = (
        select(Lockout)
        .where(Lockout.claim_lookup == claim_lookup)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    # Housekeeping may remove the row between the two statements.
    while (lockout := session.scalars(query).first()) is None:
        insert_if_absent(session, Lockout, fresh)
    return lockout


def _is_locked(lockout: Lockout, policy: LockPolicy, *, now: datetime) -> bool:
    if policy.final_limit is not None and lockout.failed_count >= policy.final_limit:
        return True
    return lockout.locked_until is not None and now < lockout.locked_until

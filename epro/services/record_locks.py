"""Whether a participant's record is locked; asked by everything that would change it later."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors_of_record import RecordLocked
from epro.models import RecordLock


def standing(session: Session, participant_id: UUID) -> RecordLock | None:
    """Return the lock that stands, if any does."""
    return session.scalars(
        select(RecordLock)
        .where(RecordLock.participant_id == participant_id, RecordLock.unlocked_at.is_(None))
        .execution_options(populate_existing=True)
    ).first()


def refuse_locked(session: Session, participant_id: UUID) -> None:
    """Raise RecordLocked while a lock stands.

    Call it with the participant locked (`planning.lock_participant`), as locking does, and before
    anything is written: what this refusal commits are the traces of whoever keeps a refused body.
    """
    if (lock := standing(session, participant_id)) is not None:
        raise RecordLocked(details={"locked_at": lock.locked_at.isoformat()})

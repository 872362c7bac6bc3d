"""What a pause does to assessments: suspended, they are neither due nor missed (S-10).

Reports that are always open stay open: they are no assessments.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import Assessment, Participant
from epro.services import planning
from questionnaires.catalogue import Catalogue


def follow(
    session: Session,
    actor: Actor,
    participant: Participant,
    *,
    catalogue: Catalogue,
    reason: str | None,
    now: datetime,
) -> None:
    """Suspend what a pause falls on, or resume what can still be answered after it.

    What came to its end while she was paused stays suspended. The caller holds the participant's
    row; the plan stands. Jobs look anew at everything that is still to come.
    """
    proposal = planning.propose(session, participant, is_locking=True, catalogue=catalogue, now=now)
    work = planning.work_on(session, actor, participant, proposal, reason=reason, now=now)
    for row in proposal.rows.values():
        if not _can_be_answered(row, now=now):
            continue
        if participant.is_paused and row.suspended_at is None:
            work.suspend(row)
        elif not participant.is_paused and row.suspended_at is not None:
            work.resume(row)
        elif row.suspended_at is None:
            work.look_again(row)
    work.store()


def _can_be_answered(row: Assessment, *, now: datetime) -> bool:
    is_over = row.completed_at is not None or row.cancelled_at is not None or row.not_offered
    return not is_over and row.late_until > now

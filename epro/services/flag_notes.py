"""Notes on flags from later words about the answers that raised them; no flag is lowered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import FlagNote, FlagTrigger, SafetyFlag, Screening, ScreeningSource
from epro.services import flags, journal
from epro.services.submission import Case, Submission

MISTAKEN = "pressed_by_mistake"


def raised_by(session: Session, response_id: UUID, *, up_to: int) -> Sequence[SafetyFlag]:
    """Return the flags, closed ones too, that a response's revisions to `up_to` raised or joined.

    They are locked, the earliest first.
    """
    raised = (
        select(FlagTrigger.flag_id)
        .join(Screening, Screening.id == FlagTrigger.screening_id)
        .where(
            Screening.source == ScreeningSource.RESPONSE,
            Screening.source_id == str(response_id),
            Screening.revision <= up_to,
        )
    )
    return session.scalars(
        select(SafetyFlag)
        .where(SafetyFlag.id.in_(raised))
        .order_by(SafetyFlag.raised_at, SafetyFlag.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def note_mistake(
    session: Session, actor: Actor, case: Case, submission: Submission, *, now: datetime
) -> None:
    """Note on what a response raised that she says she pressed by mistake; the flag stays as it is.

    When she said it is by her phone's own clock. A signature on the version before shows as broken.
    """
    said = {
        "note": MISTAKEN,
        "response_id": case.response_id,
        "said_at": submission.mistaken_at,
    }
    for flag in raised_by(session, case.response_id, up_to=submission.revision):
        session.add(
            FlagNote(flag_id=flag.id, kind=MISTAKEN, about=str(case.response_id), noted_at=now)
        )
        flag.version += 1
        session.flush()
        journal.record(
            session, actor, "flag.said_mistaken",
            flags.subject_of(flag, case.participant, case.site),
            after=flags.facts_of(session, flag) | said,
            now=now,
        )  # fmt: skip

"""Notes on flags from later words about the answers that raised them; no flag is lowered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import (
    FlagNote,
    FlagTrigger,
    JournalEntry,
    Participant,
    SafetyFlag,
    Screening,
    ScreeningSource,
)
from epro.services import flags, journal
from epro.services.submission import Case, Submission

MISTAKEN = "pressed_by_mistake"
_VERBS = ("flag.noted", "flag.said_mistaken")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNote:
    """A note as people read it: who added it, and, for a correction, why.

    `said_at` is when she said that it was a mistake, by her phone's own clock.
    """

    kind: str
    noted_at: datetime
    by: str
    reason: str | None
    said_at: datetime | None


def told(session: Session, flag: SafetyFlag) -> Sequence[ToldNote]:
    """Return the notes on a flag in the order in which they were added, with who added each.

    A note without an entry of its own is an answer of the participant that came after a silence.
    """
    entries = {}
    for body in session.scalars(
        select(JournalEntry.body).where(
            JournalEntry.entity_type == "flag",
            JournalEntry.entity_id == str(flag.id),
            JournalEntry.verb.in_(_VERBS),
        )
    ):
        entry = json.loads(body)
        at = datetime.fromisoformat(entry["recorded_at"])
        entries[entry["after"]["note"], entry["after"]["response_id"], at] = entry
    participant = session.get_one(Participant, flag.participant_id)
    notes = []
    for note in flags.notes_of(session, flag):
        entry = entries.get((note.kind, note.about, note.noted_at), {})
        said_at = entry.get("after", {}).get("said_at")
        notes.append(
            ToldNote(
                kind=note.kind,
                noted_at=note.noted_at,
                by=entry["actor"]["name"] if entry else participant.code,
                reason=entry.get("reason"),
                said_at=datetime.fromisoformat(said_at) if said_at else None,
            )
        )
    return notes


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

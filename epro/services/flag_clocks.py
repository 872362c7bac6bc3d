"""The clocks of a flag that is urgent again: who has to take it, and since when the site has known.

What a physician has found not to be serious has had its clock of a serious event. An emergency that
joins its flag has one of its own: nobody can have known of it before.
"""

import json
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import JournalEntry, SafetyFlag


def begin_anew(flag: SafetyFlag, *, is_settled: bool, now: datetime) -> None:
    """Let a flag wait to be taken anew; `is_settled`: what it was about was found not serious."""
    if is_settled:
        flag.delivered_at = flag.viewed_at = flag.aware_at = flag.sent_at = None
        flag.warned_hours = 0
    flag.urgent_since, flag.acknowledged_at, flag.acknowledged_by_id = now, None, None
    flag.clock_looks_at = now


def began_anew_at(session: Session, flag: SafetyFlag) -> datetime | None:
    """Return since when the clock of a later emergency runs, as the record has it; None: of none.

    What anybody knew, or stated of it, before that was about another.
    """
    bodies = session.scalars(
        select(JournalEntry.body)
        .where(
            JournalEntry.entity_type == "flag",
            JournalEntry.entity_id == str(flag.id),
            JournalEntry.verb == "flag.urgent_again",
        )
        .order_by(JournalEntry.id.desc())
    )
    for entry in map(json.loads, bodies):
        if entry["before"].get("aware_at") and entry["after"]["aware_at"] is None:
            return datetime.fromisoformat(entry["after"]["urgent_since"])
    return None

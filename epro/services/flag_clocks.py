"""The clocks of a flag that is urgent again: who has to take it, and since when the site has known.

What a physician has found not to be serious, or what was reported, has had its clock of a serious
event; what could not be serious had none. An emergency that joins such a flag has one of its own:
nobody can have known of it before, and no report tells of it.
"""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import FlagState, JournalEntry, SafetyFlag
from questionnaires.adverse_events import Seriousness

# What is on record each time that the clock of a serious event begins anew.
BEGINNINGS = ("flag.urgent_again", "flag.reported")


def is_settled(flag: SafetyFlag, seriousness: Collection[Seriousness]) -> bool:
    """Tell whether no clock runs for what a flag is about; `seriousness` as last assessed."""
    if flag.sent_at is not None:
        return True
    return not seriousness and (flag.state is FlagState.ASSESSED or not flag.possible_serious)


def begin_anew(flag: SafetyFlag, *, is_settled: bool, now: datetime) -> None:
    """Let a flag wait to be taken anew; `is_settled`: nothing before has a clock that runs."""
    if is_settled:
        forget(flag)
    flag.urgent_since, flag.acknowledged_at, flag.acknowledged_by_id = now, None, None
    flag.news_at = None
    flag.clock_looks_at = now


def forget(flag: SafetyFlag) -> None:
    """Take back what was known, and sent, of what was before; all of it stays on record."""
    flag.delivered_at = flag.viewed_at = flag.aware_at = flag.sent_at = None
    flag.warned_hours = 0


def is_before_the_latest(session: Session, flag: SafetyFlag, at: datetime) -> bool:
    """Tell whether a time lies before a later emergency joined: a report of then is of no more."""
    latest = next(_entries(session, flag, ("flag.urgent_again",)), None)
    return latest is not None and at < datetime.fromisoformat(latest["after"]["urgent_since"])


def began_anew_at(session: Session, flag: SafetyFlag) -> datetime | None:
    """Return since when the clock of a later emergency runs, as the record has it; None: of none.

    What anybody knew, or stated of it, before that was about another.
    """
    for entry in _entries(session, flag, BEGINNINGS):
        had = entry["before"].get("aware_at") or entry["before"].get("sent_at")
        if had and entry["after"]["aware_at"] is None:
            return datetime.fromisoformat(entry["after"]["urgent_since"])
    return None


def _entries(
    session: Session, flag: SafetyFlag, verbs: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Yield what is on record of a flag by these verbs, the newest first."""
    bodies = session.scalars(
        select(JournalEntry.body)
        .where(
            JournalEntry.entity_type == "flag",
            JournalEntry.entity_id == str(flag.id),
            JournalEntry.verb.in_(verbs),
        )
        .order_by(JournalEntry.id.desc())
    )
    yield from map(json.loads, bodies)

"""Moving the trial's time ahead in a rehearsal: one row that all processes follow (D10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.db import table_of
from epro.errors import ClockNeverGoesBack
from epro.models import RehearsalClock
from epro.services import journal
from epro.services.journal import Subject

ROW = 1
# Every request and every look of the worker asks for it, so built once.
_CLOCK = table_of(RehearsalClock).c
STANDING = select(_CLOCK.offset_s, _CLOCK.generation, _CLOCK.settled_generation).where(
    _CLOCK.id == ROW
)


def offset(session: Session) -> timedelta:
    """Return how far trial time is ahead of wall-clock time."""
    return standing(session).offset


def move(
    session: Session, actor: Actor, *, to: datetime, is_settling: bool = True, wall_now: datetime
) -> int:
    """Move trial time ahead to an instant; return the generation for the worker to settle.

    Time flows on from there; without `is_settling` the worker only follows. Raises
    ClockNeverGoesBack when trial time is past `to` already.
    """
    row = session.scalars(
        select(RehearsalClock).where(RehearsalClock.id == ROW).with_for_update()
    ).first()
    if row is None:
        row = RehearsalClock(id=ROW, offset_s=0.0, generation=0, settled_generation=0)
        session.add(row)
    trial_now = wall_now + timedelta(seconds=row.offset_s)
    if to < trial_now:
        raise ClockNeverGoesBack(details={"now": trial_now.isoformat()})
    row.offset_s = (to - wall_now).total_seconds()
    row.generation += int(is_settling)
    session.flush()
    journal.record(
        session, actor, "rehearsal_clock.moved",
        Subject(entity_type="rehearsal_clock", entity_id=str(ROW), version=row.generation),
        after={"now": to}, before={"now": trial_now}, now=to,
    )  # fmt: skip
    return row.generation


@dataclass(frozen=True, slots=True)
class Standing:
    """How far trial time is ahead, and the generation whose due jobs have not all run yet."""

    offset: timedelta
    unsettled_generation: int | None


def standing(session: Session) -> Standing:
    """Return both from one look at the row.

    Two looks could straddle a move: the jobs would run at the old time and the new generation
    would be called settled.
    """
    row = session.execute(STANDING).first()
    if row is None:
        return Standing(timedelta(), None)
    offset_s, generation, settled_generation = row
    is_settled_now = generation <= settled_generation
    return Standing(timedelta(seconds=offset_s), None if is_settled_now else generation)


def settle(session: Session, generation: int) -> None:
    """Say that every job which was due at this generation has run to rest."""
    session.execute(
        update(RehearsalClock)
        .where(RehearsalClock.id == ROW, RehearsalClock.settled_generation < generation)
        .values(settled_generation=generation)
    )


def is_settled(session: Session, generation: int) -> bool:
    """Tell whether the jobs of this generation, or of a later one, have run to rest."""
    row = session.execute(STANDING).first()
    return row is not None and row.settled_generation >= generation

"""Every job the worker ticks: what it is called, how often, and the one function it runs.

A job is a function that takes the parts, opens its own transactions, and returns how much it has
done; 0 means that nothing is left to do now. It may be run at any time and any number of times:
the tables say what is due, never the tick. To add one, write the function and add a line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from epro.parts import Parts
from epro.services import housekeeping, journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One line of the table.

    With `runs_alone` only one worker of a deployment runs it at a time; a job that claims its rows
    (FOR UPDATE SKIP LOCKED) sets it to False, and all workers share the load.
    """

    name: str
    every: timedelta
    run: Callable[[Parts], int]
    runs_alone: bool = True


def sequence_journal(parts: Parts) -> int:
    """Give every committed journal entry its place in the chain."""
    with parts.database.transaction() as session:
        return journal.sequence(session)


def tidy(parts: Parts) -> int:
    """Remove counts of attempts that are over, and keys of requests nobody repeats any more."""
    with parts.database.transaction() as session:
        return housekeeping.tidy(session, now=parts.clock.now())


# In a rehearsal they run in this order after each move of the clock: what writes comes before what
# reads, and the journal's chain comes last.
JOBS: tuple[Job, ...] = (
    Job(name="housekeeping", every=timedelta(minutes=10), run=tidy),
    Job(name="sequence_journal", every=timedelta(seconds=2), run=sequence_journal),
)

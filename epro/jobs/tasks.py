"""Every job the worker ticks: what it is called, how often, and the one function it runs.

A job is a function that takes the parts, opens its own transactions, and returns how much it has
done; 0 means that nothing is left to do now. It may be run at any time and any number of times:
the tables say what is due, never the tick. To add one, write the function and add a line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile

from epro.clock import wall_clock_now
from epro.parts import Parts
from epro.services import (
    amendments,
    baseline,
    calling,
    compliance_record,
    digests,
    drafts,
    escalation,
    feed_watch,
    helping,
    housekeeping,
    journal,
    noticing,
    planning,
    reckoning,
    reminders,
    roster,
    screening,
    serious_clock,
    snapshots,
    watchdog,
)

# Then the job says that it has run, and goes on with its next tick.
MOST_REMINDED_PER_RUN = 2_000
MOST_COUNTED_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One line of the table.

    With `runs_alone` only one worker of a deployment runs it at a time; a job that claims its rows
    (FOR UPDATE SKIP LOCKED) sets it to False, and all workers share the load. What a job did that
    does not lead to more gives no other job anything to do: lines for people, counts, clean-up.
    `when_moved_every` is its pace by the trial's clock, where somebody moves that, if another than
    `every`: what looks at everybody, or only keeps lists quick, need not follow each of ten
    thousand moves.
    """

    name: str
    every: timedelta
    run: Callable[[Parts], int]
    runs_alone: bool = True
    leads_to_more: bool = True
    when_moved_every: timedelta | None = None


def amend(parts: Parts) -> int:
    """Let what has not opened follow a study version that has taken effect."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return amendments.follow(session, catalogue=catalogue, now=parts.clock.now())


def follow_up(parts: Parts) -> int:
    """Plan what is asked again about reported problems."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return planning.follow_up(session, catalogue=catalogue, now=parts.clock.now())


def remind(parts: Parts) -> int:
    """Decide on the reminders that are due, and write their messages, some at a time."""
    total = 0
    while total < MOST_REMINDED_PER_RUN:
        with parts.database.transaction() as session:
            catalogue = parts.studies.catalogue(session)
            handled = reminders.remind(session, catalogue=catalogue, now=parts.clock.now())
        if not handled:
            break
        total += handled
    return total


def flag_idle_drafts(parts: Parts) -> int:
    """Raise the flags of unfinished forms with signs of danger that were left alone."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return screening.flag_idle_drafts(session, catalogue=catalogue, now=parts.clock.now())


def flag_unanswered_questions(parts: Parts) -> int:
    """Raise the flags of words of danger that she was asked about and has not answered."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return helping.flag_unanswered(session, catalogue=catalogue, now=parts.clock.now())


def notice(parts: Parts) -> int:
    """Notice what was not answered in time."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return noticing.notice(session, catalogue=catalogue, now=parts.clock.now())


def count_compliance(parts: Parts) -> int:
    """Put on record what of the answers that were expected has come, where that has changed.

    Everybody is looked at without keeping anybody from writing; then some at a time are written.
    """
    with parts.database.reading() as session:
        catalogue = parts.studies.catalogue(session)
        codes = compliance_record.changed(session, catalogue=catalogue, now=parts.clock.now())
    total = 0
    for first in range(0, len(codes), MOST_COUNTED_AT_ONCE):
        some = codes[first : first + MOST_COUNTED_AT_ONCE]
        with parts.database.transaction() as session:
            catalogue = parts.studies.catalogue(session)
            total += compliance_record.keep(
                session, some, catalogue=catalogue, now=parts.clock.now()
            )
    return total


def reckon_candidates(parts: Parts) -> int:
    """Keep candidates for adverse events anew of those in whose record something has changed."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return reckoning.reckon(session, catalogue=catalogue, now=parts.clock.now())


def close_drafts(parts: Parts) -> int:
    """Close the forms that were never sent in and can no longer be."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return drafts.close(session, catalogue=catalogue, now=parts.clock.now())


def look_for_baseline(parts: Parts) -> int:
    """Tell the sites of whom they have no diary from before a planned infusion visit."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return baseline.look_ahead(session, catalogue=catalogue, now=parts.clock.now())


def escalate(parts: Parts) -> int:
    """Tell the next people of flags that nobody has taken."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return escalation.climb(session, catalogue=catalogue, now=parts.clock.now())


def ring(parts: Parts) -> int:
    """Let phones ring for urgent flags that nobody has taken."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return calling.ring(session, catalogue=catalogue, now=parts.clock.now())


def send_digests(parts: Parts) -> int:
    """Write to the sites, once a day, what waits in their inboxes."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return digests.send(session, catalogue=catalogue, now=parts.clock.now())


def look_at_clocks(parts: Parts) -> int:
    """Note who has been reached, and warn while a serious event can still be reported in time."""
    with parts.database.transaction() as session:
        catalogue = parts.studies.catalogue(session)
        return serious_clock.look(session, catalogue=catalogue, now=parts.clock.now())


def watch_rosters(parts: Parts) -> int:
    """Ask for the next roster where one ends soon."""
    with parts.database.transaction() as session:
        return roster.watch(session, now=parts.clock.now())


def dispatch(parts: Parts) -> int:
    """Send what is due; what is in doubt waits for the wall's clock, also in a rehearsal."""
    return parts.messaging.dispatcher.run()


def watch(parts: Parts) -> int:
    """Look whether messages get out and the other jobs run; tell of it when they do not."""
    every = {job.name: job.every for job in JOBS if job.run is not watch}
    with parts.database.transaction() as session:
        return watchdog.watch(
            session,
            every=every,
            catalogue=parts.studies.catalogue(session),
            now=parts.clock.now(),
            wall_now=wall_clock_now(),
        )


def tidy(parts: Parts) -> int:
    """Remove counts of attempts that are over, keys nobody repeats any more, old snapshots."""
    with parts.database.transaction() as session:
        now = parts.clock.now()
        return housekeeping.tidy(session, now=now) + snapshots.expire(session, now=now)


def make_snapshot_file(parts: Parts) -> int:
    """Make the next file of the snapshot that was asked for first.

    It is written into a temporary file and stored in one short transaction.
    """
    now = parts.clock.now()
    with parts.database.reading() as session:
        wanted = snapshots.next_wanted(session, now=now)
    if wanted is None:
        return 0
    snapshot, name = wanted
    if name is None:
        with parts.database.transaction() as session:
            snapshots.finish(session, snapshot, now=now)
        return 1
    with TemporaryFile() as written:
        with parts.database.reading() as session:
            catalogue = parts.studies.catalogue(session)
            snapshots.write(session, snapshot, name, written, catalogue=catalogue)
        with parts.database.transaction() as session:
            snapshots.store(session, snapshot, name, written)
    return 1


def watch_feed(parts: Parts) -> int:
    """Tell the data manager of importers that have stopped importing."""
    with parts.database.transaction() as session:
        return feed_watch.watch(session, now=parts.clock.now())


def sequence_journal(parts: Parts) -> int:
    """Give every committed journal entry its place in the chain."""
    with parts.database.transaction() as session:
        return journal.sequence(session)


# In a rehearsal they run in this order after each move of the clock: what writes comes before what
# reads; then those that lead to no more run once, and the journal's chain comes last.
JOBS: tuple[Job, ...] = (
    Job(name="amend", every=timedelta(minutes=1), run=amend),
    Job(name="follow_up", every=timedelta(minutes=5), run=follow_up),
    Job(name="remind", every=timedelta(seconds=10), run=remind),
    Job(name="flag_idle_drafts", every=timedelta(seconds=30), run=flag_idle_drafts),
    Job(
        name="flag_unanswered_questions", every=timedelta(seconds=10), run=flag_unanswered_questions
    ),
    Job(name="notice", every=timedelta(seconds=30), run=notice),
    Job(name="close_drafts", every=timedelta(seconds=30), run=close_drafts),
    Job(
        name="count_compliance",
        every=timedelta(hours=1),
        run=count_compliance,
        leads_to_more=False,
        when_moved_every=timedelta(hours=6),
    ),
    Job(
        name="look_for_baseline",
        every=timedelta(minutes=5),
        run=look_for_baseline,
        leads_to_more=False,
    ),
    Job(
        name="reckon_candidates",
        every=timedelta(seconds=2),
        run=reckon_candidates,
        leads_to_more=False,
        when_moved_every=timedelta(days=1),
    ),
    Job(name="escalate", every=timedelta(seconds=10), run=escalate),
    Job(name="ring", every=timedelta(seconds=5), run=ring),
    Job(name="digest", every=timedelta(minutes=1), run=send_digests),
    Job(name="serious_clock", every=timedelta(seconds=10), run=look_at_clocks),
    Job(name="roster", every=timedelta(minutes=10), run=watch_rosters, leads_to_more=False),
    Job(name="dispatch", every=timedelta(seconds=2), run=dispatch, runs_alone=False),
    Job(name="watchdog", every=timedelta(seconds=30), run=watch),
    Job(name="housekeeping", every=timedelta(minutes=10), run=tidy, leads_to_more=False),
    Job(name="make_snapshots", every=timedelta(seconds=2), run=make_snapshot_file),
    Job(name="watch_feed", every=timedelta(minutes=10), run=watch_feed, leads_to_more=False),
    Job(
        name="sequence_journal",
        every=timedelta(seconds=2),
        run=sequence_journal,
        leads_to_more=False,
    ),
)

"""The worker: ticks the jobs, writes down how each run ended, follows the rehearsal's clock."""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from math import inf
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from epro.clock import wall_clock_now
from epro.jobs.tasks import JOBS, Job
from epro.jobs.turns import only_worker_on, turn
from epro.parts import Parts
from epro.services import heartbeat, rehearsal, watchdog
from epro.services.heartbeat import Outcome

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.08
# In a rehearsal somebody waits for every move of the clock, and moves seldom come alone.
LOOK_AFTER_MOVE_EVERY_S = 0.02
MOVES_FOLLOW_WITHIN_S = 3.0
# That a job ran and had nothing to do is not written down more often than this.
TELL_OF_NOTHING_EVERY_S = 1.0
WAIT_AFTER_FAULT_S = 1.0
MOST_ROUNDS = 1_000
UNHURRIED = timedelta(minutes=5)


class Worker:
    """Runs the jobs of one process until it is told to stop."""

    def __init__(self, parts: Parts, jobs: Sequence[Job] = JOBS) -> None:
        self._parts = parts
        self._jobs = jobs
        self._running = {job.name: threading.Lock() for job in jobs}
        self._told_at: dict[str, float] = {}
        self._rested_at: dict[str, datetime] = {}
        self._moved_at = -inf
        self._is_stopping = False

    def run_until_stopped(self, *, is_ticking: bool = True) -> None:
        """Tick until SIGTERM or SIGINT, then finish what has begun; call it from the main thread.

        Without ticks the jobs run once at the start, and then when a rehearsal's clock is moved.
        Raises SecondWorkerRefused on SQLite while another worker runs.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with only_worker_on(self._parts.database):
            self._note_start()
            self.follow_rehearsal()
            scheduler = self._scheduler()
            scheduler.start(paused=not is_ticking)
            if not is_ticking:
                self.run_to_rest()
            logger.info("The worker %s %s jobs.", "ticks" if is_ticking else "has", len(self._jobs))
            # A flag and short looks, because a signal handler must not touch locks.
            while not self._is_stopping:
                is_moving = time.monotonic() - self._moved_at < MOVES_FOLLOW_WITHIN_S
                time.sleep(LOOK_AFTER_MOVE_EVERY_S if is_moving else LOOK_EVERY_S)
                self.follow_rehearsal()
            logger.info("The worker stops; it finishes what has begun.")
            scheduler.shutdown(wait=True)

    def _note_start(self) -> None:
        """Tell people if nothing was told for a while: before the jobs, which end the silence."""
        parts = self._parts
        try:
            with parts.database.transaction() as session:
                gap = watchdog.note_start(
                    session,
                    catalogue=parts.studies.catalogue(session),
                    now=parts.clock.now(),
                    wall_now=wall_clock_now(),
                )
        except SQLAlchemyError:
            logger.exception("It cannot be seen since when no worker has run.")
            return
        if gap is not None:
            logger.warning("No worker has run for %s minutes.", round(gap.total_seconds() / 60))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True

    def _scheduler(self) -> BackgroundScheduler:
        """Return a scheduler of ticks. What was missed is caught up by one tick, never dropped."""
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(max_workers=len(self._jobs))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        for job in self._jobs:
            trigger = IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC)
            scheduler.add_job(
                self.run, trigger, args=[job], id=job.name, next_run_time=wall_clock_now()
            )
        return scheduler

    def run(self, job: Job, *, is_patient: bool = False) -> int:
        """Run one job once and write down how it ended; return how much it did.

        Never raises: a failing job must not stop the others. While another worker runs it, a
        patient caller waits; any other leaves it alone.
        """
        database = self._parts.database
        guard = turn(database, job.name, is_patient=is_patient) if job.runs_alone else None
        with self._running[job.name]:
            started_at = wall_clock_now()
            try:
                with guard or nullcontext(enter_result=True) as is_ours:
                    if not is_ours:
                        return 0
                    handled = job.run(self._parts)
                outcome = Outcome(started_at, wall_clock_now(), handled_count=handled)
            except Exception as error:
                logger.exception("Job %s failed.", job.name)
                outcome = Outcome(started_at, wall_clock_now(), error=type(error).__name__)
            if outcome.handled_count:
                logger.info("Job %s handled %s.", job.name, outcome.handled_count)
            self._record(job, outcome)
            return outcome.handled_count

    def _record(self, job: Job, outcome: Outcome) -> None:
        """Write the outcome down; a second run of one moment that did nothing adds nothing."""
        now = time.monotonic()
        is_news = outcome.handled_count or outcome.error or job.name not in self._told_at
        if not is_news and now - self._told_at[job.name] < TELL_OF_NOTHING_EVERY_S:
            return
        self._told_at.pop(job.name, None)
        try:
            with self._parts.database.transaction() as session:
                heartbeat.record_run(session, job.name, outcome)
            if not outcome.error:
                self._told_at[job.name] = now
        except SQLAlchemyError:
            logger.exception("The outcome of job %s cannot be recorded.", job.name)

    def run_to_rest(self) -> None:
        """Run the jobs in their order, round after round, until none has anything left to do.

        Then, once, those that give no other job anything to do; of these, what is asked every few
        minutes or hours keeps its pace, by the trial's clock.
        """
        leading = [job for job in self._jobs if job.leads_to_more]
        idle_in_a_row = 0
        for job in chain.from_iterable(repeat(leading, MOST_ROUNDS)):
            idle_in_a_row = 0 if self.run(job, is_patient=True) else idle_in_a_row + 1
            if idle_in_a_row == len(leading):
                break
        else:
            if leading:
                logger.error("The jobs do not come to rest: %s rounds, still work.", MOST_ROUNDS)
        now = self._parts.clock.now()
        for job in self._jobs:
            if not job.leads_to_more and self._is_time_for(job, now=now):
                self._rested_at[job.name] = now
                self.run(job, is_patient=True)

    def _is_time_for(self, job: Job, *, now: datetime) -> bool:
        last = self._rested_at.get(job.name)
        every = job.when_moved_every or job.every
        return every < UNHURRIED or last is None or now - last >= every

    def follow_rehearsal(self) -> None:
        """Move to the rehearsal's time; when it was moved, do all that fell due and say so."""
        if not self._parts.settings.is_rehearsal:
            return
        database = self._parts.database
        try:
            with database.reading() as session:
                found = rehearsal.standing(session)
            self._parts.clock.move_to_offset(found.offset)
            if found.unsettled_generation is None:
                return
            self.run_to_rest()
            with database.transaction() as session:
                rehearsal.settle(session, found.unsettled_generation)
            self._moved_at = time.monotonic()
        except SQLAlchemyError:
            logger.exception("The rehearsal's clock cannot be followed.")
            time.sleep(WAIT_AFTER_FAULT_S)

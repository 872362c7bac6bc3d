"""The last outcome of each job: what operators and the readiness check know the worker by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from epro.db import insert_if_absent, table_of
from epro.models import JobRun

START = "worker_start"
# Every run of every job is written down, so these are built once: that costs more than sending.
_RUN = table_of(JobRun)
_RAN = (
    update(_RUN)
    .where(_RUN.c.job == bindparam("name"))
    .values(last_started_at=bindparam("began_at"), last_error=bindparam("error"))
    .returning(_RUN.c.job)
)
SUCCEEDED = _RAN.values(
    last_succeeded_at=bindparam("ended_at"),
    success_count=_RUN.c.success_count + 1,
    handled_count=_RUN.c.handled_count + bindparam("handled"),
)
FAILED = _RAN.values(last_failed_at=bindparam("ended_at"), failure_count=_RUN.c.failure_count + 1)
HANDLED = select(_RUN.c.job, _RUN.c.handled_count)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of a job ended. Times are wall-clock times; `error` is the name of a type."""

    started_at: datetime
    ended_at: datetime
    handled_count: int = 0
    error: str | None = None


def record_run(session: Session, job: str, outcome: Outcome) -> None:
    """Write down how a run ended, over the run before it."""
    ended = {
        "name": job, "began_at": outcome.started_at, "ended_at": outcome.ended_at,
        "handled": outcome.handled_count, "error": outcome.error,
    }  # fmt: skip
    statement = SUCCEEDED if outcome.error is None else FAILED
    if session.execute(statement, ended).first() is None:
        insert_if_absent(session, JobRun, _fresh(job, started_at=outcome.started_at))
        session.execute(statement, ended)


def _locked(session: Session, job: str, *, started_at: datetime) -> JobRun:
    """Return the job's row, locked; two workers that start together make it only once."""
    insert_if_absent(session, JobRun, _fresh(job, started_at=started_at))
    return session.scalars(select(JobRun).where(JobRun.job == job).with_for_update()).one()


def _fresh(job: str, *, started_at: datetime) -> dict[str, Any]:
    return {"job": job, "last_started_at": started_at, "success_count": 0, "failure_count": 0,
            "handled_count": 0}  # fmt: skip


def note_start(session: Session, *, wall_now: datetime) -> datetime | None:
    """Note that a worker starts; return when any worker last gave a sign of life, None if none did.

    Workers that start together take turns, so that only the first of them sees a gap.
    """
    is_first = insert_if_absent(session, JobRun, _fresh(START, started_at=wall_now))
    start = _locked(session, START, started_at=wall_now)
    beats = [
        run.last_started_at
        for run in session.scalars(select(JobRun))
        if not (is_first and run.job == START)
    ]
    start.last_started_at = start.last_succeeded_at = wall_now
    start.success_count += 1
    session.flush()
    return max(beats, default=None)


def handled_counts(session: Session) -> dict[str, int]:
    """Return how much each job has done since the database was made."""
    return dict(session.execute(HANDLED).all())


@dataclass(frozen=True, slots=True)
class Pulse:
    """When any job of any worker last began, in wall-clock time, and which jobs fail at present."""

    beat_at: datetime | None
    failing_jobs: tuple[str, ...]


def pulse(session: Session) -> Pulse:
    """Return what the job runs tell about the worker."""
    runs = session.scalars(select(JobRun).order_by(JobRun.job)).all()
    beat_at = max((run.last_started_at for run in runs), default=None)
    return Pulse(beat_at, tuple(run.job for run in runs if run.last_error is not None))

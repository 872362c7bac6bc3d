"""What the running system knows about itself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class JobRun(Base):
    """The last outcome of each job; readiness reads it. Times are wall-clock times.

    `last_error` is the name of a type, and empty again after the next success; `handled_count` is
    how much the job has done in all its runs.
    """

    __tablename__ = "job_run"

    job: Mapped[str] = mapped_column(primary_key=True)
    last_started_at: Mapped[datetime]
    last_succeeded_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    success_count: Mapped[int] = mapped_column(default=0)
    failure_count: Mapped[int] = mapped_column(default=0)
    handled_count: Mapped[int] = mapped_column(default=0)


class RehearsalClock(Base):
    """How far a rehearsal has moved the trial's time: one row, only where that is switched on.

    The worker runs every due job to rest for each `generation` and then says so.
    """

    __tablename__ = "rehearsal_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    offset_s: Mapped[float]
    generation: Mapped[int]
    settled_generation: Mapped[int]


class IdempotencyKey(Base):
    """A write that was done once; the same key and request again answers with the same resource."""

    __tablename__ = "idempotency_key"

    actor_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str]
    entity_id: Mapped[str]
    created_at: Mapped[datetime]

"""Whose turn it is: one worker per SQLite file, one worker at a time per job on PostgreSQL."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from sqlalchemy import func, make_url, select

from epro.db import Database

JOB_LOCKS = 0x65706A  # "epj": the class of PostgreSQL's advisory locks that jobs take


class SecondWorkerRefused(Exception):
    """SQLite has one writer: a second worker would only stand in the way of the first."""


@contextmanager
def only_worker_on(database: Database) -> Iterator[None]:
    """Be the only worker on this SQLite file until the block ends; PostgreSQL allows many.

    The system lets go of the lock with the process, however that ends. Raises SecondWorkerRefused.
    """
    file = make_url(database.url).database
    if database.is_postgresql or not file or file == ":memory:":
        yield
        return
    lock = Path(f"{file}.worker.lock")
    with lock.open("a+", encoding="utf-8") as holder:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder.seek(0)
            raise SecondWorkerRefused(
                f"A worker runs on {file} already (process {holder.read().strip() or '?'}). "
                "SQLite takes one; use PostgreSQL for more."
            ) from None
        holder.truncate(0)
        holder.write(str(os.getpid()))
        holder.flush()
        yield


@contextmanager
def turn(database: Database, job: str, *, is_patient: bool) -> Iterator[bool]:
    """Tell whether the job is ours alone until the block ends; False when another worker has it.

    A patient caller waits for the other worker to end. The lock belongs to a connection without a
    transaction, so that it holds back neither the journal's horizon nor clean-up in the database.
    """
    if not database.is_postgresql:
        yield True
        return
    key = (JOB_LOCKS, crc32(job.encode()) & 0x7FFFFFFF)
    take = func.pg_advisory_lock if is_patient else func.pg_try_advisory_lock
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # pg_advisory_lock returns nothing, and only once the lock is ours.
        if connection.scalar(select(take(*key))) is False:
            yield False
            return
        try:
            yield True
        finally:
            connection.execute(select(func.pg_advisory_unlock(*key)))

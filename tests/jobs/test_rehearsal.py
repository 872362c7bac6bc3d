"""The rehearsal's clock: it moves ahead only, and all that fell due is done before it answers."""

import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.errors import ClockNeverGoesBack
from epro.jobs.runner import Worker
from epro.jobs.tasks import Job
from epro.models import JournalEntry
from epro.parts import Parts, build_parts
from epro.services import rehearsal
from tests.settings import make_settings

ACTOR = system_actor("test")
WALL = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
FAR = datetime(2040, 1, 1, tzinfo=UTC)


@pytest.fixture
def parts(fresh_database_url: str) -> Iterator[Parts]:
    parts = build_parts(make_settings(fresh_database_url, is_rehearsal=True))
    yield parts
    parts.database.engine.dispose()


def move(session: Session, to: datetime, *, wall_now: datetime = WALL) -> int:
    return rehearsal.move(session, ACTOR, to=to, wall_now=wall_now)


def test_trial_time_is_wall_clock_time_until_it_is_moved(session: Session) -> None:
    assert rehearsal.offset(session) == timedelta()


def test_moving_leads_to_the_very_instant_and_time_flows_on_from_there(session: Session) -> None:
    move(session, WALL + timedelta(days=3))

    assert WALL + timedelta(minutes=1) + rehearsal.offset(session) == WALL + timedelta(
        days=3, minutes=1
    )


def test_the_clock_never_goes_back(session: Session) -> None:
    move(session, WALL + timedelta(days=3))

    with pytest.raises(ClockNeverGoesBack):
        move(session, WALL + timedelta(days=2), wall_now=WALL + timedelta(hours=1))


@pytest.mark.req("T-01")
def test_a_moved_clock_is_on_record(session: Session) -> None:
    move(session, WALL + timedelta(days=3))

    assert [entry.verb for entry in session.query(JournalEntry)] == ["rehearsal_clock.moved"]


def test_each_move_waits_for_the_worker_anew(session: Session) -> None:
    first = move(session, WALL + timedelta(days=1))
    rehearsal.settle(session, first)
    second = move(session, WALL + timedelta(days=2))

    assert rehearsal.is_settled(session, first)
    assert not rehearsal.is_settled(session, second)
    assert rehearsal.standing(session).unsettled_generation == second


def test_the_worker_does_what_fell_due_at_the_moved_time_and_says_so(parts: Parts) -> None:
    seen: list[datetime] = []

    def look(parts: Parts) -> int:
        seen.append(parts.clock.now())
        return int(len(seen) < 3)

    worker = Worker(parts, [Job(name="look", every=timedelta(seconds=1), run=look)])
    with parts.database.transaction() as session:
        generation = move(session, FAR)

    worker.follow_rehearsal()

    assert len(seen) == 3
    assert min(seen) >= FAR
    with parts.database.reading() as session:
        assert rehearsal.is_settled(session, generation)


def test_without_a_move_the_worker_does_nothing_out_of_turn(parts: Parts) -> None:
    seen: list[int] = []

    def look(_parts: Parts) -> int:
        seen.append(1)
        return 0

    job = Job(name="look", every=timedelta(seconds=1), run=look)

    Worker(parts, [job]).follow_rehearsal()

    assert seen == []


def test_a_move_without_settling_leaves_the_worker_nothing_to_settle(session: Session) -> None:
    rehearsal.settle(session, move(session, WALL + timedelta(days=1)))

    rehearsal.move(session, ACTOR, to=WALL + timedelta(days=2), is_settling=False, wall_now=WALL)

    standing = rehearsal.standing(session)
    assert (standing.offset, standing.unsettled_generation) == (timedelta(days=2), None)


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Give back what the worker takes over while it runs in this process."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    kept = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def moved(parts: Parts) -> None:
    with parts.database.transaction() as session:
        move(session, FAR)


@pytest.mark.usefixtures("kept_signals")
@pytest.mark.parametrize(("is_ticking", "is_moved"), [(True, False), (False, False), (False, True)])
def test_without_ticks_the_jobs_run_at_the_start_and_when_the_clock_was_moved(
    parts: Parts, *, is_ticking: bool, is_moved: bool
) -> None:
    seen: list[datetime] = []

    def look(parts: Parts) -> int:
        seen.append(parts.clock.now())
        return 0

    worker = Worker(parts, [Job(name="look", every=timedelta(milliseconds=100), run=look)])
    if is_moved:
        threading.Timer(0.2, moved, (parts,)).start()
    threading.Timer(0.8, worker._stop, (signal.SIGTERM, None)).start()

    worker.run_until_stopped(is_ticking=is_ticking)

    assert (len(seen) > 2) is is_ticking
    assert sum(at > FAR for at in seen) == int(is_moved)

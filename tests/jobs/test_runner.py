"""The worker: a job that fails harms no other, and none runs twice at once."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from epro.clock import Clock
from epro.db import Database
from epro.jobs.runner import Worker
from epro.jobs.tasks import JOBS, Job
from epro.jobs.turns import SecondWorkerRefused, only_worker_on, turn
from epro.models import JobRun
from epro.parts import Parts, build_parts
from epro.services import journal
from tests.databases import DatabaseKind
from tests.services.test_journal import note
from tests.settings import make_settings


@pytest.fixture
def parts(fresh_database_url: str) -> Iterator[Parts]:
    parts = build_parts(make_settings(fresh_database_url))
    yield parts
    parts.database.engine.dispose()


def job(name: str, run: Callable[[Parts], int]) -> Job:
    return Job(name=name, every=timedelta(seconds=1), run=run)


def in_turn(name: str, *outcomes: int | Exception) -> Job:
    """Return a job that ends in these ways, one after the other; then it has nothing to do."""
    left = list(outcomes)

    def run(_parts: Parts) -> int:
        outcome = left.pop(0) if left else 0
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return job(name, run)


def run_of(parts: Parts, name: str) -> JobRun:
    with parts.database.reading() as session:
        return session.get_one(JobRun, name)


def test_a_run_is_written_down_with_how_much_it_did(parts: Parts) -> None:
    counted = in_turn("counted", 3, 4)
    worker = Worker(parts, [counted])

    worker.run(counted)
    worker.run(counted)

    run = run_of(parts, "counted")
    assert (run.success_count, run.failure_count, run.handled_count) == (2, 0, 7)
    assert run.last_succeeded_at is not None
    assert run.last_succeeded_at >= run.last_started_at


def test_running_again_at_once_with_nothing_to_do_is_not_written_down_again(parts: Parts) -> None:
    idle = in_turn("idle")
    worker = Worker(parts, [idle])

    for _ in range(3):
        worker.run(idle)

    assert run_of(parts, "idle").success_count == 1


def test_a_success_after_a_failure_is_written_down_also_where_nothing_was_done(
    parts: Parts,
) -> None:
    mended = in_turn("mended", 0, ValueError("broken"), 0)
    worker = Worker(parts, [mended])

    for _ in range(3):
        worker.run(mended)

    run = run_of(parts, "mended")
    assert (run.success_count, run.failure_count) == (2, 1)


def test_what_leads_to_nothing_more_does_not_ask_for_another_round(parts: Parts) -> None:
    first, last = in_turn("first"), in_turn("last", 1, 1, 1)
    worker = Worker(parts, [first, replace(last, leads_to_more=False)])

    worker.run_to_rest()

    assert run_of(parts, "last").handled_count == 1


def test_what_leads_to_nothing_more_runs_once_when_the_others_are_at_rest(parts: Parts) -> None:
    order: list[str] = []

    def noted(one: Job) -> Job:
        def run(parts: Parts) -> int:
            order.append(one.name)
            return one.run(parts)

        return replace(one, run=run)

    count = replace(in_turn("count", 1, 1), leads_to_more=False)
    jobs = [in_turn("write", 1, 0, 1), count, in_turn("look"), in_turn("send", 1, 1)]

    Worker(parts, [noted(one) for one in jobs]).run_to_rest()

    assert order == [*("write", "look", "send") * 3, "write", "count"]


def test_what_is_asked_every_hour_keeps_its_pace_by_the_trials_clock(
    fresh_database_url: str,
) -> None:
    """Each move of a rehearsal's clock would count everything anew."""
    clock = Clock()
    parts = build_parts(make_settings(fresh_database_url), clock=clock)
    count = replace(in_turn("count", 1, 1, 1), every=timedelta(hours=1), leads_to_more=False)
    link = replace(in_turn("link", 1, 1, 1, 1), leads_to_more=False)
    listing = replace(
        in_turn("list", 1, 1, 1), leads_to_more=False, when_moved_every=timedelta(hours=1.5)
    )
    worker = Worker(parts, [count, link, listing])

    for minutes in (0, 30, 61, 90):
        clock.move_to_offset(timedelta(minutes=minutes))
        worker.run_to_rest()

    handled = {name: run_of(parts, name).handled_count for name in ("count", "link", "list")}
    parts.database.engine.dispose()
    assert handled == {"count": 2, "link": 4, "list": 2}


def test_rest_is_when_all_had_nothing_to_do_one_after_another(parts: Parts) -> None:
    """What came after the last job that did something need not be asked again."""
    order: list[str] = []

    def noted(name: str, *outcomes: int) -> Job:
        left = list(outcomes)

        def run(_parts: Parts) -> int:
            order.append(name)
            return left.pop(0) if left else 0

        return job(name, run)

    Worker(parts, [noted("first", 1), noted("second"), noted("third")]).run_to_rest()

    assert order == ["first", "second", "third", "first"]


def test_a_failing_job_is_written_down_and_runs_again_at_its_next_tick(parts: Parts) -> None:
    shaky = in_turn("shaky", ValueError("13800138000"), 1)
    worker = Worker(parts, [shaky])

    worker.run(shaky)
    failed = run_of(parts, "shaky")
    worker.run(shaky)
    mended = run_of(parts, "shaky")

    assert (failed.failure_count, failed.last_error, failed.last_succeeded_at) == (
        1,
        "ValueError",
        None,
    )
    assert (mended.success_count, mended.last_error) == (1, None)


def test_a_failing_job_does_not_stop_the_others(parts: Parts) -> None:
    jobs = [in_turn("shaky", ValueError()), in_turn("sound", 2)]

    Worker(parts, jobs).run_to_rest()

    assert run_of(parts, "sound").handled_count == 2


def test_at_rest_means_a_whole_round_with_nothing_to_do(parts: Parts) -> None:
    """The first job gets work from the second, so that one round is not enough."""
    waiting: list[str] = []
    done: list[str] = []

    def send(_parts: Parts) -> int:
        sent = len(waiting)
        done.extend(waiting)
        waiting.clear()
        return sent

    def write(_parts: Parts) -> int:
        if len(done) + len(waiting) == 2:
            return 0
        waiting.append("message")
        return 1

    Worker(parts, [job("send", send), job("write", write)]).run_to_rest()

    assert done == ["message", "message"]


def test_one_job_never_runs_twice_at_once_in_a_worker(parts: Parts) -> None:
    inside, most_inside = 0, 0
    begun = threading.Event()

    def run(_parts: Parts) -> int:
        nonlocal inside, most_inside
        inside += 1
        most_inside = max(most_inside, inside)
        begun.wait(0.2)
        inside -= 1
        return 1

    slow = job("slow", run)
    worker = Worker(parts, [slow])
    threads = [threading.Thread(target=worker.run, args=[slow]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most_inside == 1
    assert run_of(parts, "slow").success_count == 3


def test_what_another_worker_is_running_is_left_to_it(
    parts: Parts, database_kind: DatabaseKind
) -> None:
    if database_kind is DatabaseKind.SQLITE:
        pytest.skip("SQLite has one worker only.")
    shared = in_turn("shared", 1)
    worker = Worker(parts, [shared])

    other = Database(parts.database.url)
    with turn(other, "shared", is_patient=False):
        while_taken = worker.run(shared)
    other.engine.dispose()
    afterwards = worker.run(shared)

    assert (while_taken, afterwards) == (0, 1)


def test_a_second_worker_on_sqlite_is_refused_with_its_reason(
    parts: Parts, database_kind: DatabaseKind
) -> None:
    if database_kind is DatabaseKind.POSTGRESQL:
        pytest.skip("PostgreSQL takes any number of workers.")

    with (
        only_worker_on(parts.database),
        pytest.raises(SecondWorkerRefused, match=r"already .*PostgreSQL"),
        only_worker_on(parts.database),
    ):
        pass

    with only_worker_on(parts.database):
        pass


def test_a_missed_tick_is_caught_up_once_and_never_dropped(parts: Parts) -> None:
    ticks = Worker(parts)._scheduler()
    ticks.start(paused=True)

    settings = {
        (tick.coalesce, tick.max_instances, tick.misfire_grace_time) for tick in ticks.get_jobs()
    }

    ticks.shutdown()
    assert settings == {(True, 1, None)}


def test_the_jobs_bring_the_journal_into_its_order(parts: Parts) -> None:
    with parts.database.transaction() as session:
        note(session, "first")

    Worker(parts).run_to_rest()

    with parts.database.reading() as session:
        assert journal.lag(session).count == 0
    assert run_of(parts, "sequence_journal").handled_count == 1


def test_every_job_has_a_name_of_its_own() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)

"""Everybody due at once, workers killed with -9, a provider that fails in every way it can.

At the end each reminder has left exactly once or is listed with the reason it did not, and each
alert has left at least once. Without asking the provider that cannot be: the negative control.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from epro.clock import wall_clock_now
from tests.databases import DatabaseKind
from tests.faults.storm import Outcome, Storm, timed
from tests.faults.worker import REFUSED
from tests.standins.twilio import running_twilio

pytestmark = [pytest.mark.blackbox, pytest.mark.req("N-03", "A-14")]


@pytest.fixture
def storm(fresh_database_url: str, tmp_path: Path) -> Iterator[Storm]:
    with running_twilio(wall_clock_now()) as twilio:
        storm = Storm(fresh_database_url, twilio, tmp_path, seed=20260301)
        yield storm
        storm.close()


def weather(
    storm: Storm,
    kind: DatabaseKind,
    *,
    reminders: int,
    alerts: int,
    kills: int,
    every_requests: tuple[int, int],
    longest_s: float,
    at_least_s: float = 0.0,
    is_asking: bool = True,
) -> Outcome:
    """Let a storm pass over three workers on PostgreSQL, or the one that SQLite takes."""
    storm.furnish(reminders=reminders, alerts=alerts)

    def pass_over() -> None:
        storm.start_workers(3 if kind is DatabaseKind.POSTGRESQL else 1, is_asking=is_asking)
        storm.rage(
            kills=kills, every_requests=every_requests, at_least_s=at_least_s, is_asking=is_asking
        )
        storm.settle(longest_s=longest_s)
        storm.stop()

    outcome = storm.outcome(seconds=timed(pass_over))
    print(f"\n{kind}: {outcome}")  # noqa: T201  the counts are the point
    return outcome


def test_each_reminder_leaves_once_or_is_listed_and_each_alert_at_least_once(
    storm: Storm, database_kind: DatabaseKind
) -> None:
    outcome = weather(
        storm, database_kind, reminders=80, alerts=6, kills=2, every_requests=(15, 30),
        longest_s=120,
    )  # fmt: skip

    assert outcome.is_clean, outcome
    assert outcome.reminders == outcome.left_once + outcome.listed.total() == 80
    assert outcome.kills == 2
    assert outcome.asked > 0


@pytest.mark.long
def test_ten_thousand_reminders_in_a_storm_of_a_minute(
    storm: Storm, database_kind: DatabaseKind
) -> None:
    outcome = weather(
        storm, database_kind,
        reminders=10_000, alerts=100, kills=12, every_requests=(20, 120), at_least_s=60,
        longest_s=2_400,
    )  # fmt: skip

    assert outcome.is_clean, outcome
    assert outcome.reminders == outcome.left_once + outcome.listed.total() == 10_000


@pytest.mark.long
def test_without_asking_the_provider_some_would_leave_twice(
    storm: Storm, database_kind: DatabaseKind
) -> None:
    """The negative control: the first storm over workers that repeat what they are unsure of."""
    outcome = weather(
        storm, database_kind, is_asking=False, reminders=80, alerts=6, kills=2,
        every_requests=(15, 30), longest_s=120,
    )  # fmt: skip

    assert not outcome.is_clean
    assert outcome.doubled > 0


def test_a_second_worker_is_refused_on_sqlite_with_its_reason(
    storm: Storm, database_kind: DatabaseKind
) -> None:
    if database_kind is not DatabaseKind.SQLITE:
        pytest.skip("PostgreSQL takes as many as are wanted.")
    storm.furnish(reminders=1, alerts=0)
    storm.start_workers(1)
    storm.settle(longest_s=60)

    code, said = storm.second_worker()

    assert code == REFUSED
    assert "SQLite takes one; use PostgreSQL for more." in said

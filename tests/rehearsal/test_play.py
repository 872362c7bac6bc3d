"""In which order a rehearsal moves the clock, lets people act, and waits for the system."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from epro.rehearsal.clock import TrialClock
from epro.rehearsal.facts import Script
from epro.rehearsal.gateway import Provider
from epro.rehearsal.play import Stage
from epro.rehearsal.wire import Wire

NINE = datetime(2027, 1, 4, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class SteppingClock(TrialClock):
    """Stands still between moves, and notes where the system was waited for."""

    def __init__(self, begins_at: datetime) -> None:
        super().__init__(Wire("127.0.0.1", 9))
        self.at = begins_at
        self.done: list[str] = []

    def now(self) -> datetime:
        return self.at

    def hurry_to(self, instant: datetime) -> None:
        self.at = max(self.at, instant)

    def move_to(self, instant: datetime) -> dict[str, int]:
        self.hurry_to(instant)
        self.done.append(f"jobs {self.at:%H:%M}")
        return {}


@pytest.mark.req("V-02")
@pytest.mark.parametrize("before_s", [0.0, 0.5, 1.9, 2.0, 30.0])
def test_what_somebody_does_just_before_an_instant_does_not_carry_the_clock_past_it(
    before_s: float,
) -> None:
    clock = SteppingClock(NINE - 20 * MINUTE)
    stage = Stage(
        Wire("127.0.0.1", 9), clock, Provider(clock.now, 0.0, Random(1)), Script(),
        begins_on=NINE.date(),
    )  # fmt: skip
    stage.look_at(NINE)
    answered_at: list[datetime] = []
    stage.calmly(NINE - 10 * MINUTE, lambda: answered_at.append(clock.at), person="SZ01-001")
    stage.at(NINE - timedelta(seconds=before_s), lambda: None)

    for _instant in stage.run(NINE + MINUTE):
        pass

    assert answered_at[0] < NINE
    assert clock.done[0] == "jobs 01:00"

"""The trial's clock as seen from outside: moved over HTTP, and running on with the wall's."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from epro.clock import wall_clock_now
from epro.rehearsal.wire import Wire


class TrialClock:
    """Knows how far trial time is ahead of the wall's, since the last move."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._offset = timedelta()
        self.moved_count = 0

    def now(self) -> datetime:
        """Return the present instant of the trial, in UTC."""
        return wall_clock_now() + self._offset

    def move_to(self, instant: datetime) -> Mapping[str, int]:
        """Move ahead to an instant, let all that fell due be done; return what each job did.

        Where time has run past the instant already, it is moved to the present: what fell due is
        done all the same.
        """
        to = max(instant, self.now() + timedelta(seconds=0.2))
        body = {"to": to.isoformat()}
        # What is sent during the move is sent at the new time already.
        self._offset = to - wall_clock_now()
        moved = self._wire.need(200, "POST", "/dev/clock", body=body, kind="clock")
        self._offset = datetime.fromisoformat(moved["now"]) - wall_clock_now()
        self.moved_count += 1
        jobs: Mapping[str, int] = moved["jobs"]
        return jobs

    def hurry_to(self, instant: datetime) -> None:
        """Move ahead without waiting for the worker: nothing that matters falls due before."""
        to = max(instant, self.now() + timedelta(seconds=0.2))
        body = {"to": to.isoformat(), "settle": False}
        moved = self._wire.need(200, "POST", "/dev/clock", body=body, kind="clock, hurrying")
        self._offset = datetime.fromisoformat(moved["now"]) - wall_clock_now()

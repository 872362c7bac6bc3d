"""The only place that reads the clock.

Two times exist. *Wall-clock* time is what the outside world uses: token life, one-time passwords,
leases, provider attempts. *Trial* time is what assessments, windows and the journal use; it is the
same, except in a rehearsal, where it is moved ahead by an offset that all processes share.
"""

from datetime import UTC, datetime, timedelta


def wall_clock_now() -> datetime:
    """Return the present instant, aware, in UTC, never moved by a rehearsal."""
    return datetime.now(UTC)


class Clock:
    """Trial time: wall-clock time plus an offset that stays zero outside a rehearsal."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def move_to_offset(self, offset: timedelta) -> None:
        """Follow the offset that the rehearsal's row names."""
        self._offset = offset

    def now(self) -> datetime:
        """Return the present instant of the trial, aware, in UTC."""
        return wall_clock_now() + self._offset

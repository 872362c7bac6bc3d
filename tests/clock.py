"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from epro.clock import Clock

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)  # a Sunday, 10:00 in Shenzhen


class FrozenClock(Clock):
    """Trial time in the test's hands: `clock()` and `clock.now()` say the same instant, in UTC."""

    def __init__(self, at: datetime = START) -> None:
        super().__init__()
        self.set(at)

    def __call__(self) -> datetime:
        return self._instant

    def now(self) -> datetime:
        return self._instant + self._offset

    def set(self, instant: datetime) -> None:
        """Jump to an aware instant, forwards or backwards."""
        if instant.tzinfo is None:
            raise ValueError("The clock needs an instant with a time zone.")
        self._instant = instant.astimezone(UTC)

    def advance(self, **by: float) -> datetime:
        """Move ahead by what `timedelta` takes, as `hours=2`; return the new instant."""
        self.set(self._instant + timedelta(**by))
        return self._instant

"""How long to wait: leases and questions on the wall's clock, further attempts in trial time."""

from dataclasses import dataclass
from datetime import timedelta

from notifications.channels import Refused
from notifications.messages import OutboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The numbers of the dispatcher.

    A call of a provider takes 20 seconds at most, so a lease of 90 is over only when its worker is
    gone. `settle` is how long a provider may need until what it accepted shows in its list.
    """

    lease: timedelta = timedelta(seconds=90)
    settle: timedelta = timedelta(seconds=60)
    first_wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(minutes=15)
    longest_wait_if_vital: timedelta = timedelta(minutes=1)
    longest_wait_on_request: timedelta = timedelta(hours=1)
    most_attempts: int = 30  # of a message that is not vital; a vital one is tried until it is out
    most_doubts: int = 5  # so often may a vital message be sent again without knowing
    most_asks: int = 8
    most_per_run: int = 200

    def wait_after(self, message: OutboxMessage, refused: Refused, *, chance: float) -> timedelta:
        """Return the pause before the next attempt: doubling, with jitter, never sooner than asked.

        `chance` in [0, 1) spreads the messages of an outage, so that they do not all come back at
        once.
        """
        longest = self.longest_wait_if_vital if message.is_vital else self.longest_wait
        wait = _doubled(self.first_wait, message.attempt_count - 1, longest)
        wait *= 0.5 + chance / 2
        asked_for = timedelta(seconds=refused.retry_after_s or 0)
        return max(wait, min(asked_for, self.longest_wait_on_request))

    def wait_before_asking_again(self, message: OutboxMessage) -> timedelta:
        """Return the pause before a provider that could not be asked is asked again."""
        return _doubled(self.settle, message.ask_count, self.longest_wait)


def _doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    # Bounded before it is raised: 2 to the power of a year of attempts is no length of time.
    factor: int = 2 ** min(times, 16)
    return min(first * factor, longest)

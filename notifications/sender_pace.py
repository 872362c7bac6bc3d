"""No sender sends faster than its provider takes: all workers share one row per sender.

Each message takes the next free moment of its sender and waits for it, with no transaction open.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from epro.db import Database, insert_if_absent
from notifications.channels import Absent, Accepted, CannotTell, Channel, Found, Outgoing, Refused
from notifications.messages import SenderPace
from notifications.refusals import SENDER_BUSY, Refusal

# A call may take 20 seconds and a lease 90: there is no room for a long queue in between.
LONGEST_WAIT = timedelta(seconds=10)


class PacedChannel:
    """A channel that hands over at most so many messages a second, whoever else sends."""

    def __init__(
        self,
        channel: Channel,
        *,
        sender: str,
        per_second: float,
        database: Database,
        wall_now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._channel = channel
        self._sender = sender
        self._interval = timedelta(seconds=1 / per_second)
        self._database = database
        self._wall_now = wall_now
        self._sleep = sleep

    def send(self, outgoing: Outgoing) -> Accepted:
        """Wait for the sender's turn, then hand the message over; nobody is asked meanwhile.

        Raises Refused, with the time to come back, when the turn is too far away.
        """
        now = self._wall_now()
        turn = self._take_turn(now)
        wait_s = max(0.0, (turn - now).total_seconds())
        if wait_s > LONGEST_WAIT.total_seconds():
            raise Refused(SENDER_BUSY, meaning=Refusal.TRANSIENT, retry_after_s=wait_s)
        if wait_s:
            self._sleep(wait_s)
        return self._channel.send(outgoing)

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        """Ask the provider; questions are no messages and need no turn."""
        return self._channel.find(outgoing, since=since)

    def _take_turn(self, now: datetime) -> datetime:
        """Return when it is ours; a turn that is too far away is left to others."""
        with self._database.transaction() as session:
            insert_if_absent(session, SenderPace, {"sender": self._sender, "free_at": now})
            row = session.scalars(
                select(SenderPace).where(SenderPace.sender == self._sender).with_for_update()
            ).one()
            turn = max(row.free_at, now)
            if turn - now <= LONGEST_WAIT:
                row.free_at = turn + self._interval
            return turn

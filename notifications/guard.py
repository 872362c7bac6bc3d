"""Hooks that cannot stop the post: one that raises is undone alone, and reported at the end.

Without this, a fault in a hook would undo the record that a message has left, and the message would
go out again with every tick.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from notifications.hooks import Hooks
from notifications.messages import OutboxMessage

logger = logging.getLogger(__name__)


class HookFailed(RuntimeError):
    """Hooks raised during a run; the log says which."""


class GuardedHooks(Hooks):
    """Calls the hooks of another inside a savepoint each."""

    def __init__(self, hooks: Hooks) -> None:
        self._inner = hooks
        self._failed_count = 0

    def judge(
        self, session: Session, message: OutboxMessage, *, now: datetime
    ) -> tuple[str | None, bool]:
        """Return the reason against sending, and whether the question could be answered."""
        try:
            with session.begin_nested():
                return self._inner.reason_against(session, message, now=now), True
        except Exception:
            self._failed_count += 1
            logger.exception("It cannot be judged whether message %s is still wanted.", message.id)
            return None, False

    def on_sent(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._call(self._inner.on_sent, session, message, now)

    def on_cancelled(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._call(self._inner.on_cancelled, session, message, now)

    def on_expired(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._call(self._inner.on_expired, session, message, now)

    def on_failed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._call(self._inner.on_failed, session, message, now)

    def on_not_confirmed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._call(self._inner.on_not_confirmed, session, message, now)

    def on_undelivered(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._call(self._inner.on_undelivered, session, message, now)

    def on_heard(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        self._call(self._inner.on_heard, session, message, now)

    def raise_what_failed(self) -> None:
        """Raise HookFailed if a hook raised since the last time."""
        count, self._failed_count = self._failed_count, 0
        if count:
            raise HookFailed(f"{count} hooks failed.")

    def _call(
        self, hook: Callable[..., None], session: Session, message: OutboxMessage, now: datetime
    ) -> None:
        try:
            with session.begin_nested():
                hook(session, message, now=now)
        except Exception:
            self._failed_count += 1
            logger.exception("Hook %s failed for message %s.", hook.__name__, message.id)

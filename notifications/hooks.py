"""What the rest of the system does when a message moves: journal it, put it on a work list."""

from datetime import datetime

from sqlalchemy.orm import Session

from notifications.messages import OutboxMessage


class Hooks:
    """Does nothing; derive from it and override what matters.

    Each is called inside the transaction that records the change, so that both stand or neither.
    `now` is trial time. A hook must not call a provider, and must not commit.
    """

    def reason_against(
        self, session: Session, message: OutboxMessage, *, now: datetime
    ) -> str | None:
        """Say, just before it would leave, why it should not any more; None lets it go."""

    def on_sent(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """The provider has it. Called once, however often it is confirmed."""

    def on_cancelled(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """It was stopped by `reason_against`, or after `cancel` came while it was being tried."""

    def on_expired(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """Its time was over before it could leave."""

    def on_failed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """It was refused for good; `last_error` holds the code, `refusals.meaning_of` reads it."""

    def on_not_confirmed(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """It may or may not have left, nobody can tell, and it is not sent again."""

    def on_undelivered(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """It left, but the network could not deliver it; `last_error` holds the code."""

    def on_heard(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """Somebody said by pressing a key that a call was heard; nobody has taken anything."""

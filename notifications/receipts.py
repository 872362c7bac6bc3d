"""The provider's later word on a message: delivered, undelivered, failed, or simply "I have it"."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from epro.db import insert_if_absent
from notifications import lifecycle
from notifications.hooks import Hooks
from notifications.messages import DeliveryReceipt, OutboxMessage

# How far a message has come. A word that is not here is kept as a receipt and moves nothing.
_PROGRESS: Mapping[str, int] = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "delivered": 5,
    "read": 6,
    # of a call; a machine may have answered one that was completed
    "initiated": 1,
    "ringing": 2,
    "in-progress": 3,
    "busy": 4,
    "no-answer": 4,
    "completed": 5,
    "heard": 6,
}
HEARD = "heard"  # somebody pressed the key of an announcement
_NOT_DELIVERED = frozenset({"undelivered", "failed", "canceled", "busy", "no-answer"})


def note(
    session: Session,
    message_id: UUID,
    *,
    provider_id: str,
    status: str,
    error_code: str | None = None,
    now: datetime,
    hooks: Hooks,
) -> bool:
    """Keep one report and let the message follow it; tell whether we know the message.

    Reports may come twice, out of order, and before our own call has returned: each is kept once,
    none moves a message back, and each proves that the provider has the message, whatever we
    believed before. Only call it with what the provider has certainly said (a valid signature).
    """
    message = lifecycle.lock(session, message_id)
    if message is None:
        return False
    is_new = insert_if_absent(
        session,
        DeliveryReceipt,
        {
            "message_id": message_id,
            "provider_id": provider_id,
            "status": status,
            "error_code": error_code or "",
            "received_at": now,
        },
    )
    if is_new:
        lifecycle.accept(session, message, provider_id, now=now, hooks=hooks)
        _follow(session, message, provider_id, status, error_code, now=now, hooks=hooks)
    return True


def _follow(
    session: Session,
    message: OutboxMessage,
    provider_id: str,
    status: str,
    error_code: str | None,
    *,
    now: datetime,
    hooks: Hooks,
) -> None:
    progress = _PROGRESS.get(status, 0)
    if progress <= _PROGRESS.get(message.delivery_status or "", 0):
        return
    # A vital message may have gone out twice: that one copy is lost says nothing of the other.
    if provider_id != message.provider_id and status in _NOT_DELIVERED:
        return
    message.delivery_status = status
    message.last_error = error_code
    if status in _NOT_DELIVERED:
        hooks.on_undelivered(session, message, now=now)
    elif status == HEARD:
        hooks.on_heard(session, message, now=now)

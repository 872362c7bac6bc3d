"""A call as Twilio keeps it, made from its public contract: what was said stands nowhere in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class StoredCall:
    """One call; `url` is where its words come from, asked for when somebody answers."""

    sid: str
    to: str
    sender: str
    url: str
    created_at: datetime
    callback_url: str | None
    ring_s: int
    status: str = "queued"
    sent_at: datetime | None = None

    def resource(self) -> dict[str, Any]:
        """Return the public form of a Call resource; the address of its words is not in it."""
        return {
            "answered_by": None,
            "api_version": "2010-04-01",
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.created_at),
            "direction": "outbound-api",
            "duration": None,
            "end_time": None,
            "from": self.sender,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": None,
            "status": self.status,
            "to": self.to,
        }


def stored_call(form: Mapping[str, str], number: int, now: datetime) -> StoredCall:
    """Return the call that a form asks for."""
    return StoredCall(
        sid=f"CA{number:032x}", to=form["To"], sender=form["From"], url=form["Url"],
        created_at=now, callback_url=form.get("StatusCallback"),
        ring_s=int(form.get("Timeout", "60")),
    )  # fmt: skip


def rfc2822(instant: datetime | None) -> str | None:
    """Write an instant as Twilio does: whole seconds, +0000."""
    if instant is None:
        return None
    return format_datetime(instant.astimezone(UTC) - timedelta(microseconds=instant.microsecond))

"""From which browser and address a session is used, as keyed tags: one told from another, no more.

A participant's diary that is kept on somebody else's device shows here. What is compared is the
tag; address and mark themselves are stored nowhere.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from epro.crypto import Keyring
from epro.db import insert_if_absent
from epro.models import SessionPlace

TAG_LENGTH = 16


def note(
    session: Session,
    device_session_id: UUID,
    *,
    device_mark: str,
    address: str,
    keyring: Keyring,
    now: datetime,
) -> None:
    """Note that a session is used from this browser and address; `device_mark` may be empty."""
    place = {
        "device_session_id": device_session_id,
        "device_tag": keyring.lookup("device", device_mark)[:TAG_LENGTH] if device_mark else "",
        "address_tag": keyring.lookup("address", address)[:TAG_LENGTH],
    }
    times = {"first_seen_at": now, "last_seen_at": now}
    if insert_if_absent(session, SessionPlace, place | times):
        return
    session.execute(
        update(SessionPlace)
        .where(*(getattr(SessionPlace, name) == value for name, value in place.items()))
        .values(last_seen_at=now)
    )

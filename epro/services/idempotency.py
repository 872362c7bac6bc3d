"""A write that came twice is done once: the same key and request lead to the same resource."""

import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.db import insert_if_absent
from epro.errors import IdempotencyConflict
from epro.models import IdempotencyKey


def claim(
    session: Session, actor: Actor, key: str, fingerprint: str, *, now: datetime
) -> str | None:
    """Claim a key for one request; return what it led to when that request was done before.

    A second request waits until the first has ended. `fingerprint` is a keyed hash of the request:
    a plain one would let somebody with the database guess the phone number in it. Raises
    IdempotencyConflict when the key was used for a different request.
    """
    is_new = insert_if_absent(
        session,
        IdempotencyKey,
        {"actor_id": actor.id, "key": key, "request_sha256": fingerprint, "entity_id": "",
         "created_at": now},
    )  # fmt: skip
    if is_new:
        return None
    row = _row(session, actor, key)
    if not hmac.compare_digest(row.request_sha256, fingerprint):
        raise IdempotencyConflict
    return row.entity_id


def complete(session: Session, actor: Actor, key: str, entity_id: str) -> None:
    """Remember what the claimed request led to, in the transaction that did it."""
    _row(session, actor, key).entity_id = entity_id
    session.flush()


def release(session: Session, actor: Actor, key: str) -> None:
    """Give a claimed key back, in the transaction that keeps the traces of a refusal."""
    session.delete(_row(session, actor, key))
    session.flush()


def _row(session: Session, actor: Actor, key: str) -> IdempotencyKey:
    return session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.actor_id == actor.id, IdempotencyKey.key == key)
    ).one()

"""The `Idempotency-Key` header: the same key and request lead to the same resource."""

import hashlib
from collections.abc import Callable

from flask import request
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.api.context import keyring, now
from epro.errors import RecordedRefusal
from epro.services import idempotency


class IdempotencySchema(Schema):
    key = fields.String(
        data_key="Idempotency-Key",
        load_default=None,
        validate=validate.Regexp(r"[\x21-\x7e]{1,200}\Z"),
    )


def led_to(session: Session, actor: Actor, key: str | None) -> str | None:
    """Return the id of what this very request led to before, if it did; else claim the key."""
    if key is None:
        return None
    body = hashlib.sha256(request.get_data()).hexdigest()
    fingerprint = keyring().lookup("request", f"{request.method} {request.path} {body}")
    return idempotency.claim(session, actor, key, fingerprint, now=now())


def remember(session: Session, actor: Actor, key: str | None, entity_id: str) -> None:
    """Remember what the claimed request led to, in the transaction that did it."""
    if key is not None:
        idempotency.complete(session, actor, key, entity_id)


def once(session: Session, actor: Actor, key: str | None, act: Callable[[], str]) -> str:
    """Do `act` once for this key and request; return the id of what it led to, also later on.

    A refusal that is committed for its traces gives the key back: nothing was done under it.
    """
    if (known := led_to(session, actor, key)) is not None:
        return known
    try:
        entity_id = act()
    except RecordedRefusal:
        if key is not None:
            idempotency.release(session, actor, key)
        raise
    remember(session, actor, key, entity_id)
    return entity_id

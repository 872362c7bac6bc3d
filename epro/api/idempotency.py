"""The `Idempotency-Key` header: the same key and request lead to the same resource."""

import hashlib

from flask import request
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.api.context import keyring, now
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

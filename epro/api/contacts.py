"""The contact log: how, when, what came of it, what comes next."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import current_actor, now, reading, requires, transaction
from epro.api.flag_schemas import MAX_PAGE, ContactFactsSchema
from epro.api.idempotency import IdempotencySchema, once
from epro.api.schemas import Instant
from epro.errors import IdempotencyConflict, InvalidInput, NotFound
from epro.models import Contact, ContactChannel, ContactOutcome, NextStep
from epro.services import contacts, flags
from epro.services.contacts import NewContact

blueprint = ApiBlueprint(
    "contacts", __name__, url_prefix="/api/v1", description="Contacts with participants."
)


class NewContactSchema(Schema):
    channel = fields.Enum(ContactChannel, by_value=True, required=True)
    outcome = fields.Enum(ContactOutcome, by_value=True, required=True)
    next_step = fields.Enum(NextStep, by_value=True, load_default=NextStep.NOTHING)
    note = fields.String(load_default="", validate=validate.Length(max=4_000))
    contacted_at = Instant(
        load_default=None, allow_none=True, metadata={"description": "Left out: just now."}
    )
    flag_id = fields.UUID(load_default=None, allow_none=True)
    assessment_id = fields.UUID(load_default=None, allow_none=True)

    @post_load
    def _as_contact(self, typed: dict[str, Any], **_kwargs: Any) -> NewContact:
        return NewContact(**typed)


class ContactListSchema(Schema):
    items = fields.List(fields.Nested(ContactFactsSchema), required=True)
    has_more = fields.Boolean(
        required=True, metadata={"description": "There are older ones; ask with a higher limit."}
    )


class ContactQuerySchema(Schema):
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=MAX_PAGE))


@blueprint.post("/participants/<code:code>/contacts")
@requires(Permission.FOLLOW_UP_FLAG)
@blueprint.arguments(NewContactSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, ContactFactsSchema)
@blueprint.refuses(NotFound, InvalidInput, IdempotencyConflict)
def log_contact(new: NewContact, headers: dict[str, Any], code: str) -> dict[str, Any]:
    """Write a contact down, for a flag or a diary of hers or for neither."""
    actor = current_actor()
    with transaction() as session:
        contact_id = once(
            session, actor, headers["key"],
            lambda: str(contacts.log(session, actor, code, new, now=now()).id),
        )  # fmt: skip
        return _described(session, session.get_one(Contact, UUID(contact_id)))


@blueprint.get("/participants/<code:code>/contacts")
@requires(Permission.READ_FLAG)
@blueprint.arguments(ContactQuerySchema, location="query")
@blueprint.response(200, ContactListSchema)
@blueprint.refuses(NotFound)
def list_contacts(query: dict[str, Any], code: str) -> dict[str, Any]:
    """List the contacts of a participant, the newest first."""
    with reading() as session:
        limit = query["limit"]
        found = contacts.of_participant(session, current_actor(), code, limit=limit + 1)
        return {
            "items": [_described(session, one) for one in found[:limit]],
            "has_more": len(found) > limit,
        }


def _described(session: Session, contact: Contact) -> dict[str, Any]:
    by = flags.username_of(session, contact.recorded_by_id) or ""
    return contacts.facts_of(contact, by) | {"id": contact.id, "recorded_at": contact.recorded_at}

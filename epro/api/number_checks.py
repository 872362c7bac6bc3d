"""Test calls of the numbers that a site lists."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import current_actor, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, once
from epro.api.schemas import Instant
from epro.errors import IdempotencyConflict, InvalidInput, NotFound
from epro.models import ListedNumber, NumberCheck
from epro.services import number_checks
from epro.services.number_checks import Listed, NewCheck, Standing

blueprint = ApiBlueprint(
    "number_checks", __name__, url_prefix="/api/v1", description="Test calls of a site's numbers."
)


class NewNumberCheckSchema(Schema):
    which = fields.Enum(ListedNumber, by_value=True, required=True)
    person = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(min=1, max=64),
        metadata={"description": "User name of whose number it is; left out for the others."},
    )  # fmt: skip
    is_answered = fields.Boolean(required=True)
    called_at = Instant(
        load_default=None, allow_none=True, metadata={"description": "Left out: just now."}
    )
    note = fields.String(load_default="", validate=validate.Length(max=4_000))

    @post_load
    def _as_check(self, typed: dict[str, Any], **_kwargs: Any) -> NewCheck:
        return NewCheck(**typed)


class NumberCheckSchema(Schema):
    id = fields.UUID(required=True)
    which = fields.Enum(ListedNumber, by_value=True, required=True)
    person = fields.String(required=True, allow_none=True)
    number = fields.String(
        required=True, allow_none=True,
        metadata={"description": "As it stood when it was called; never a person's."},
    )  # fmt: skip
    called_at = fields.AwareDateTime(required=True)
    called_by = fields.String(required=True)
    is_answered = fields.Boolean(required=True)
    note = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ListedNumberSchema(Schema):
    which = fields.Enum(ListedNumber, by_value=True, required=True)
    person = fields.String(required=True, allow_none=True)
    number = fields.String(
        required=True, allow_none=True, metadata={"description": "Never a person's."}
    )
    standing = fields.Enum(
        Standing, by_value=True, required=True,
        metadata={"description": "Anything but in_time says that a test call is due."},
    )  # fmt: skip
    due_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Null: at once."}
    )
    last = fields.Nested(NumberCheckSchema, required=True, allow_none=True)


class ListedNumbersSchema(Schema):
    items = fields.List(fields.Nested(ListedNumberSchema), required=True)


@blueprint.get("/sites/<code:site>/number-checks")
@requires(Permission.READ_ROSTER)
@blueprint.response(200, ListedNumbersSchema)
@blueprint.refuses(NotFound)
def list_number_checks(site: str) -> dict[str, Any]:
    """List the numbers of a site with their last test calls, and which are due."""
    with reading() as session:
        found = number_checks.list_of(session, current_actor(), site, now=now())
        return {
            "items": [
                _shown(one)
                | {"last": number_checks.facts_of(session, one.last) if one.last else None}
                for one in found
            ]
        }


@blueprint.post("/sites/<code:site>/number-checks")
@requires(Permission.EDIT_ROSTER)
@blueprint.arguments(NewNumberCheckSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, NumberCheckSchema)
@blueprint.refuses(NotFound, InvalidInput, IdempotencyConflict)
def log_number_check(new: NewCheck, headers: dict[str, Any], site: str) -> dict[str, Any]:
    """Put a test call on record, answered or not."""
    actor = current_actor()
    with transaction() as session:
        check_id = once(
            session, actor, headers["key"],
            lambda: str(number_checks.log(session, actor, site, new, now=now()).id),
        )  # fmt: skip
        return number_checks.facts_of(session, session.get_one(NumberCheck, UUID(check_id)))


def _shown(one: Listed) -> dict[str, Any]:
    return {
        "which": one.which,
        "person": one.person.username if one.person else None,
        "number": one.number,
        "standing": one.standing,
        "due_at": one.due_at,
    }

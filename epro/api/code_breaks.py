"""The log of code breaks, for physicians and inspectors: the fact, never what was found."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import current_actor, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, once
from epro.api.schemas import Instant
from epro.errors import IdempotencyConflict, InvalidInput, NotFound
from epro.models import CodeBreakKind
from epro.services import code_breaks

blueprint = ApiBlueprint(
    "code_breaks", __name__, url_prefix="/api/v1", description="That blinding was lifted."
)


class NewCodeBreakSchema(Schema):
    kind = fields.Enum(CodeBreakKind, by_value=True, required=True)
    happened_at = Instant(required=True)
    done_by = fields.String(required=True, validate=validate.Length(min=1, max=64))


class CodeBreakSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.Enum(CodeBreakKind, by_value=True, required=True)
    happened_at = fields.AwareDateTime(required=True)
    done_by = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.String(required=True)


class CodeBreakListSchema(Schema):
    items = fields.List(fields.Nested(CodeBreakSchema), required=True)


@blueprint.post("/participants/<code:code>/code-breaks")
@requires(Permission.RECORD_CODE_BREAK)
@blueprint.arguments(NewCodeBreakSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, CodeBreakSchema)
@blueprint.refuses(NotFound, InvalidInput, IdempotencyConflict)
def record_code_break(typed: dict[str, Any], headers: dict[str, Any], code: str) -> dict[str, Any]:
    """Record that blinding was lifted for a participant: when, by whom and how."""
    actor = current_actor()
    with transaction() as session:
        row_id = once(
            session, actor, headers["key"],
            lambda: str(code_breaks.record(session, actor, code, now=now(), **typed).id),
        )  # fmt: skip
        return code_breaks.facts_of(session, code_breaks.get(session, actor, UUID(row_id)))


@blueprint.get("/participants/<code:code>/code-breaks")
@requires(Permission.READ_CODE_BREAK)
@blueprint.response(200, CodeBreakListSchema)
@blueprint.refuses(NotFound)
def list_code_breaks(code: str) -> dict[str, Any]:
    """List the code breaks of a participant, in order."""
    with reading() as session:
        found = code_breaks.of_participant(session, current_actor(), code)
        return {"items": [code_breaks.facts_of(session, row) for row in found]}

"""The delegation log of a site: who may decide what, on which days, signed by its root."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import current_actor, keyring, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, once
from epro.api.signatures import SIGNING_REFUSALS, ProofSchema, SignatureSchema
from epro.errors import IdempotencyConflict, InvalidInput, NotFound, ReasonRequired
from epro.models import Task
from epro.services import delegation
from epro.services.delegation import NewDelegation, ShownDelegation

blueprint = ApiBlueprint(
    "delegations", __name__, url_prefix="/api/v1", description="Who may decide what at a site."
)


class NewDelegationSchema(Schema):
    person = fields.String(required=True, validate=validate.Length(min=1, max=64))
    task = fields.Enum(Task, by_value=True, required=True)
    from_on = fields.Date(required=True)
    to_on = fields.Date(load_default=None, allow_none=True)
    signature = fields.Nested(ProofSchema, required=True)


class EndOfDelegationSchema(Schema):
    ended_on = fields.Date(required=True, metadata={"description": "The last day it holds."})
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
    signature = fields.Nested(ProofSchema, required=True)


class DelegationSchema(Schema):
    id = fields.UUID(required=True)
    site = fields.String(required=True)
    person = fields.String(required=True)
    person_name = fields.String(required=True)
    task = fields.Enum(Task, by_value=True, required=True)
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True, allow_none=True)
    ended_on = fields.Date(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)
    holds_today = fields.Boolean(required=True)
    signatures = fields.List(fields.Nested(SignatureSchema), required=True)


class DelegationLogSchema(Schema):
    items = fields.List(fields.Nested(DelegationSchema), required=True)


@blueprint.get("/sites/<code:site>/delegations")
@requires(Permission.READ_DELEGATION)
@blueprint.response(200, DelegationLogSchema)
@blueprint.refuses(NotFound)
def list_delegations(site: str) -> dict[str, Any]:
    """Return the delegation log of a site, the oldest line first, with each signature."""
    with reading() as session:
        lines = delegation.log_of(session, current_actor(), site, now=now())
        return {"items": [_described(line) for line in lines]}


@blueprint.post("/sites/<code:site>/delegations")
@requires(Permission.SIGN_DELEGATION)
@blueprint.arguments(NewDelegationSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, DelegationSchema)
@blueprint.refuses(NotFound, InvalidInput, IdempotencyConflict, *SIGNING_REFUSALS)
def delegate_task(typed: dict[str, Any], headers: dict[str, Any], site: str) -> dict[str, Any]:
    """Give a person a task, signed in the same act with password and one-time code."""
    proof = typed.pop("signature")
    actor = current_actor()
    with transaction() as session:

        def act() -> str:
            new = NewDelegation(site=site, **typed)
            line = delegation.delegate(
                session, actor, new, proof, keyring=keyring(), now=now()
            )  # fmt: skip
            return str(line.delegation.id)

        line_id = UUID(once(session, actor, headers["key"], act))
        return _described(delegation.get(session, actor, line_id, now=now()))


@blueprint.post("/delegations/<uuid:delegation_id>/end")
@requires(Permission.SIGN_DELEGATION)
@blueprint.arguments(EndOfDelegationSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, DelegationSchema)
@blueprint.refuses(NotFound, InvalidInput, ReasonRequired, IdempotencyConflict, *SIGNING_REFUSALS)
def end_delegation(
    typed: dict[str, Any], headers: dict[str, Any], delegation_id: UUID
) -> dict[str, Any]:
    """End a delegation before its time, signed; with yesterday as its last day it ends at once."""
    actor = current_actor()
    with transaction() as session:

        def act() -> str:
            delegation.end(
                session, actor, delegation_id, ended_on=typed["ended_on"], reason=typed["reason"],
                proof=typed["signature"], keyring=keyring(), now=now(),
            )  # fmt: skip
            return str(delegation_id)

        once(session, actor, headers["key"], act)
        return _described(delegation.get(session, actor, delegation_id, now=now()))


def _described(line: ShownDelegation) -> dict[str, Any]:
    row = line.delegation
    return {
        "id": row.id,
        "site": line.site.code,
        "person": line.person.username,
        "person_name": line.person.full_name,
        "task": row.task,
        "from_on": row.from_on,
        "to_on": row.to_on,
        "ended_on": row.ended_on,
        "end_reason": row.end_reason,
        "recorded_at": row.recorded_at,
        "holds_today": line.holds_today,
        "signatures": line.signatures,
    }

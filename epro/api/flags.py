"""Possible serious events: what is open, the oldest clock first, and taking one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import current_actor, now, reading, requires, transaction
from epro.errors import AlreadyAcknowledged, NotFound
from epro.models import Participant, SafetyFlag
from epro.services import flags
from questionnaires.tiers import Tier

blueprint = ApiBlueprint(
    "flags", __name__, url_prefix="/api/v1", description="Possible serious events, to be assessed."
)
MAX_PAGE = 200


class FlagSchema(Schema):
    id = fields.UUID(required=True)
    participant = fields.String(required=True)
    tier = fields.Enum(Tier, by_value=True, required=True)
    tonight = fields.Boolean(required=True)
    possible_serious = fields.Boolean(required=True)
    rules = fields.List(fields.String(), required=True)
    raised_at = fields.AwareDateTime(required=True)
    urgent_since = fields.AwareDateTime(required=True)
    next_rung_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_by = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class TriggerSchema(Schema):
    rule = fields.String(required=True)
    tier = fields.Enum(Tier, by_value=True, required=True)
    met_at = fields.AwareDateTime(required=True)
    source = fields.String(required=True)
    source_id = fields.String(required=True)
    revision = fields.Integer(required=True)
    inputs = fields.Raw(required=True, metadata={"description": "What the rule looked at."})


class FlagDetailSchema(FlagSchema):
    triggers = fields.List(fields.Nested(TriggerSchema), required=True)


class FlagListSchema(Schema):
    items = fields.List(fields.Nested(FlagSchema), required=True)


class FlagQuerySchema(Schema):
    unacknowledged = fields.Boolean(load_default=False)
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=MAX_PAGE))


@blueprint.get("/flags")
@requires(Permission.READ_FLAG)
@blueprint.arguments(FlagQuerySchema, location="query")
@blueprint.response(200, FlagListSchema)
def list_flags(query: dict[str, Any]) -> dict[str, Any]:
    """List open flags: unacknowledged ones first, the oldest clock first."""
    with reading() as session:
        found = flags.list_flags(
            session, current_actor(),
            only_unacknowledged=query["unacknowledged"], limit=query["limit"],
        )  # fmt: skip
        return {"items": _described(session, found)}


@blueprint.get("/flags/<uuid:flag_id>")
@requires(Permission.READ_FLAG)
@blueprint.response(200, FlagDetailSchema)
@blueprint.refuses(NotFound)
def read_flag(flag_id: UUID) -> dict[str, Any]:
    """Read one flag with everything that made it."""
    with reading() as session:
        flag = flags.get_flag(session, current_actor(), flag_id)
        return _described(session, [flag])[0] | {
            "triggers": [
                {
                    "rule": trigger.rule,
                    "tier": trigger.tier,
                    "met_at": trigger.met_at,
                    "source": screening.source.value,
                    "source_id": screening.source_id,
                    "revision": screening.revision,
                    "inputs": screening.inputs,
                }
                for trigger, screening in flags.triggers_of(session, flag)
            ]
        }


@blueprint.post("/flags/<uuid:flag_id>/acknowledgement")
@requires(Permission.ACKNOWLEDGE_FLAG)
@blueprint.response(200, FlagSchema)
@blueprint.refuses(NotFound, AlreadyAcknowledged)
def acknowledge_flag(flag_id: UUID) -> dict[str, Any]:
    """Take a flag. The first person wins; a second one is told who that was."""
    with transaction() as session:
        flag = flags.acknowledge(session, current_actor(), flag_id, now=now())
        return _described(session, [flag])[0]


def _described(session: Session, found: Sequence[SafetyFlag]) -> list[dict[str, Any]]:
    return [
        flags.facts_of(session, flag)
        | {
            "participant": session.get_one(Participant, flag.participant_id).code,
            "next_rung_at": flag.next_rung_at,
            "version": flag.version,
        }
        for flag in found
    ]

"""The work list: whom to call and why, until a person says that it is done."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import current_actor, now, reading, requires, transaction
from epro.errors import NotFound
from epro.errors_of_record import GoesByItself
from epro.models import Participant, WorkItem, WorkKind
from epro.services import work_list

blueprint = ApiBlueprint(
    "work", __name__, url_prefix="/api/v1", description="What somebody at the site has to do."
)
MAX_PAGE = 200


class WorkItemSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.Enum(WorkKind, by_value=True, required=True)
    participant = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)


class WorkListSchema(Schema):
    items = fields.List(fields.Nested(WorkItemSchema), required=True)
    has_more = fields.Boolean(
        required=True, metadata={"description": "More is to be done than was asked for."}
    )


class WorkQuerySchema(Schema):
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=MAX_PAGE))


@blueprint.get("/work-items")
@requires(Permission.READ_WORK_LIST)
@blueprint.arguments(WorkQuerySchema, location="query")
@blueprint.response(200, WorkListSchema)
def list_work_items(query: dict[str, Any]) -> dict[str, Any]:
    """List what is to be done at one's sites, the oldest first."""
    with reading() as session:
        found = work_list.list_open(session, current_actor(), limit=query["limit"] + 1)
        return {
            "items": [
                _described(item, participant) for item, participant in found[: query["limit"]]
            ],
            "has_more": len(found) > query["limit"],
        }


@blueprint.post("/work-items/<uuid:item_id>/done")
@requires(Permission.DO_WORK)
@blueprint.response(200, WorkItemSchema)
@blueprint.refuses(NotFound, GoesByItself)
def finish_work_item(item_id: UUID) -> dict[str, Any]:
    """Say that it is done. The first person stays on record; again is harmless."""
    with transaction() as session:
        item, participant = work_list.finish(session, current_actor(), item_id, now=now())
        return _described(item, participant)


def _described(item: WorkItem, participant: Participant | None) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "participant": participant.code if participant else None,
        "created_at": item.created_at,
        "done_at": item.done_at,
    }

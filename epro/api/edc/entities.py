"""Single entities for the clinical database: how one stands, and everything that changed it."""

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import Schema, fields
from werkzeug.wrappers import Response as WerkzeugResponse

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, requires, sequenced_reading
from epro.api.edc.changes import FeedItemSchema
from epro.api.edc.reading import choice_of, etag_of, put_on_record, sha256
from epro.errors import NotFound
from epro.services import feed_entities, journal
from epro.services.feed_entities import Entity
from epro.services.feed_items import FeedType

blueprint = ApiBlueprint(
    "edc entities", __name__, url_prefix="/api/edc/v1",
    description="Single entities, for the clinical database.",
)  # fmt: skip


class EntityHistorySchema(Schema):
    """Every change of one entity, the oldest version first."""

    items = fields.List(fields.Nested(FeedItemSchema), required=True)


@blueprint.get("/responses/<uuid:response_id>")
@requires(Permission.READ_FEED)
@blueprint.response(200, FeedItemSchema, description="Its newest state; the ETag names it.")
@blueprint.alt_response(304, description="The state that the client has is the newest.")
@blueprint.refuses(NotFound)
def read_response_item(response_id: UUID) -> WerkzeugResponse:
    """Return how a response stands."""
    return _current(FeedType.RESPONSE, response_id)


@blueprint.get("/responses/<uuid:response_id>/history")
@requires(Permission.READ_FEED)
@blueprint.response(200, EntityHistorySchema)
@blueprint.refuses(NotFound)
def read_response_history(response_id: UUID) -> Response:
    """Return every state that a response was in."""
    return _history(FeedType.RESPONSE, response_id)


@blueprint.get("/adverse-events/<uuid:event_id>")
@requires(Permission.READ_FEED)
@blueprint.response(200, FeedItemSchema, description="Its newest state; the ETag names it.")
@blueprint.alt_response(304, description="The state that the client has is the newest.")
@blueprint.refuses(NotFound)
def read_adverse_event_item(event_id: UUID) -> WerkzeugResponse:
    """Return how an adverse event stands; one that was entered in error is `void`."""
    return _current(FeedType.ADVERSE_EVENT, event_id)


@blueprint.get("/adverse-events/<uuid:event_id>/history")
@requires(Permission.READ_FEED)
@blueprint.response(200, EntityHistorySchema)
@blueprint.refuses(NotFound)
def read_adverse_event_history(event_id: UUID) -> Response:
    """Return every version of an adverse event, with who made it and why."""
    return _history(FeedType.ADVERSE_EVENT, event_id)


@blueprint.get("/flags/<uuid:flag_id>")
@requires(Permission.READ_FEED)
@blueprint.response(200, FeedItemSchema, description="Its newest state; the ETag names it.")
@blueprint.alt_response(304, description="The state that the client has is the newest.")
@blueprint.refuses(NotFound)
def read_flag_item(flag_id: UUID) -> WerkzeugResponse:
    """Return how a flag stands that a physician has decided about."""
    return _current(FeedType.FLAG, flag_id)


@blueprint.get("/flags/<uuid:flag_id>/history")
@requires(Permission.READ_FEED)
@blueprint.response(200, EntityHistorySchema)
@blueprint.refuses(NotFound)
def read_flag_history(flag_id: UUID) -> Response:
    """Return every state of a flag since a physician has decided about it."""
    return _history(FeedType.FLAG, flag_id)


def _current(kind: FeedType, entity_id: UUID) -> WerkzeugResponse:
    entity = _entity(kind, entity_id)
    response = _as_json(entity.current)
    _record(kind, entity_id, response, rows=1)
    response.set_etag(etag_of(entity.version))
    return response.make_conditional(request)


def _history(kind: FeedType, entity_id: UUID) -> Response:
    entity = _entity(kind, entity_id)
    response = _as_json({"items": entity.changes})
    _record(kind, entity_id, response, rows=len(entity.changes))
    return response


def _entity(kind: FeedType, entity_id: UUID) -> Entity:
    with sequenced_reading() as session:
        return feed_entities.get(
            session, choice_of(None), kind, str(entity_id), catalogue=catalogue(session)
        )


def _record(kind: FeedType, entity_id: UUID, response: Response, *, rows: int) -> None:
    put_on_record(
        "entity.read",
        {
            "type": kind,
            "entity_id": entity_id,
            "rows": rows,
            "sha256": sha256(response.get_data()),
        },
    )


def _as_json(value: dict[str, Any]) -> Response:
    return Response(journal.canonical(value), mimetype="application/json")

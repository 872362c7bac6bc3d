"""Anchors that the clinical database gives otherwise: the site says which one is right."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.errors import (
    AnchorNotPossible,
    NoActiveStudyVersion,
    NotFound,
    ReasonRequired,
)
from epro.errors_of_record import AlreadyDecided
from epro.models import AnchorQuery, Participant, Site
from epro.services import anchor_queries
from questionnaires.schedule import AnchorEvent

blueprint = ApiBlueprint(
    "anchor queries", __name__, url_prefix="/api/v1",
    description="Anchors about which site and clinical database differ.",
)  # fmt: skip
MAX_PAGE = 200


class AnchorQuerySchema(Schema):
    """`proposed_at` is what the clinical database says, `standing_at` what the site has."""

    id = fields.UUID(required=True)
    participant = fields.String(required=True)
    event = fields.Enum(AnchorEvent, by_value=True, required=True)
    proposed_at = fields.AwareDateTime(required=True)
    standing_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    is_accepted = fields.Boolean(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)


class AnchorQueriesSchema(Schema):
    items = fields.List(fields.Nested(AnchorQuerySchema), required=True)
    next_cursor = fields.UUID(
        required=True, allow_none=True,
        metadata={"description": "Where the list goes on; null where this is all."},
    )  # fmt: skip


class AnchorDecisionSchema(Schema):
    is_accepted = fields.Boolean(
        required=True, truthy={True}, falsy={False},
        metadata={"description": "True: the clinical database is right. False: the site is."},
    )  # fmt: skip
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class PageQuerySchema(Schema):
    cursor = fields.UUID(
        load_default=None, metadata={"description": "From the page before; left out: the first."}
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=MAX_PAGE))


class AnchorQueriesQuerySchema(PageQuerySchema):
    open = fields.Boolean(load_default=True)


@blueprint.get("/anchor-queries")
@requires(Permission.RECORD_ANCHOR)
@blueprint.arguments(AnchorQueriesQuerySchema, location="query")
@blueprint.response(200, AnchorQueriesSchema)
def list_anchor_queries(query: dict[str, Any]) -> dict[str, Any]:
    """List what the site has to decide, or has decided, the oldest first."""
    with reading() as session:
        return page_of(session, Permission.RECORD_ANCHOR, query, is_open=query["open"])


@blueprint.post("/anchor-queries/<uuid:query_id>/decision")
@requires(Permission.RECORD_ANCHOR)
@blueprint.arguments(AnchorDecisionSchema)
@blueprint.response(200, AnchorQuerySchema)
@blueprint.refuses(
    NotFound, AlreadyDecided, ReasonRequired, AnchorNotPossible, NoActiveStudyVersion
)
def decide_anchor_query(decision: dict[str, Any], query_id: UUID) -> dict[str, Any]:
    """Say which instant is right; the proposed one corrects the anchor and re-plans."""
    with transaction() as session:
        query = anchor_queries.decide(
            session, current_actor(), query_id, is_accepted=decision["is_accepted"],
            reason=decision["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        participant = session.get_one(Participant, query.participant_id)
        return described(session, query, participant)


def page_of(
    session: Session, permission: Permission, query: dict[str, Any], *, is_open: bool | None
) -> dict[str, Any]:
    """Return the page of queries that was asked for, and where the next one begins."""
    limit = query["limit"]
    found = anchor_queries.list_for(
        session, current_actor(), permission, is_open=is_open, after=query["cursor"],
        limit=limit + 1,
    )  # fmt: skip
    page = found[:limit]
    return {
        "items": [described(session, one, participant) for one, participant in page],
        "next_cursor": page[-1][0].id if len(found) > limit else None,
    }


def described(session: Session, query: AnchorQuery, participant: Participant) -> dict[str, Any]:
    """Return a query as the wire has it; instants in the zone of the site, where days count."""
    zone = ZoneInfo(session.get_one(Site, query.site_id).zone)
    standing_at = anchor_queries.standing_at(session, query)
    return {
        "id": query.id, "participant": participant.code, "event": query.event,
        "proposed_at": query.proposed_at.astimezone(zone),
        "standing_at": standing_at.astimezone(zone) if standing_at else None,
        "reason": query.reason, "opened_at": query.opened_at, "decided_at": query.decided_at,
        "is_accepted": query.is_accepted, "decision_reason": query.decision_reason,
    }  # fmt: skip

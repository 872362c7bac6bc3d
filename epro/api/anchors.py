"""Anchors of a participant: record when an infusion happened, correct it, read their history."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import (
    catalogue,
    current_actor,
    now,
    reading,
    requires,
    transaction,
)
from epro.api.schemas import Instant, TranslatedSchema
from epro.errors import (
    AnchorNotPossible,
    NoActiveStudyVersion,
    NotFound,
    ReasonRequired,
    SecondInfusionNotSettled,
)
from epro.models import Anchor
from epro.services import anchors, enrolment, previews
from epro.services.anchors import RecordedAnchor
from questionnaires.schedule import AnchorEvent

blueprint = ApiBlueprint(
    "anchors", __name__, url_prefix="/api/v1", description="What study days are counted from."
)


class RecordAnchorSchema(Schema):
    event = fields.Enum(
        AnchorEvent, by_value=True, required=True,
        validate=validate.OneOf(anchors.RECORDED_BY_SITE, error="ENR is recorded by enrolment."),
    )  # fmt: skip
    occurred_at = Instant(
        required=True, metadata={"description": "The real time, ISO 8601 with its offset."}
    )
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))


class AnchorSchema(Schema):
    event = fields.Enum(AnchorEvent, by_value=True, required=True)
    version = fields.Integer(required=True)
    occurred_at = fields.Method(
        "local_time", required=True,
        metadata={"type": "string", "format": "date-time", "description": "At her site."},
    )  # fmt: skip
    zone = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)
    superseded_at = fields.AwareDateTime(required=True, allow_none=True)

    def local_time(self, anchor: Anchor) -> str:
        local: datetime = anchor.occurred_at.astimezone(ZoneInfo(anchor.zone))
        return local.isoformat()


class PreviewAnchorSchema(RecordAnchorSchema):
    class Meta:
        exclude = ("reason",)


class WithdrawAnchorSchema(Schema):
    event = fields.Enum(AnchorEvent, by_value=True, required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class PlaceSchema(Schema):
    block = fields.String(required=True)
    on = fields.Date(required=True)
    opens_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True)
    closes_at = fields.AwareDateTime(required=True)
    late_until = fields.AwareDateTime(required=True)


class AssessmentShiftSchema(Schema):
    """One assessment; before is null where it comes, after where it goes."""

    family = fields.String(required=True)
    occurrence = fields.String(required=True)
    title = fields.Nested(TranslatedSchema, required=True)
    before = fields.Nested(PlaceSchema, required=True, allow_none=True)
    after = fields.Nested(PlaceSchema, required=True, allow_none=True)
    is_not_offered = fields.Boolean(required=True)


class PreviewSchema(Schema):
    comes = fields.List(fields.Nested(AssessmentShiftSchema), required=True)
    moves = fields.List(fields.Nested(AssessmentShiftSchema), required=True)
    goes = fields.List(fields.Nested(AssessmentShiftSchema), required=True)
    stays = fields.List(fields.Nested(AssessmentShiftSchema), required=True)


class ChangeCountsSchema(Schema):
    created_count = fields.Integer(required=True)
    moved_count = fields.Integer(required=True)
    cancelled_count = fields.Integer(required=True)
    revived_count = fields.Integer(required=True)


class RecordedAnchorSchema(Schema):
    anchor = fields.Nested(AnchorSchema, required=True)
    changes = fields.Nested(ChangeCountsSchema, required=True)


class AnchorHistorySchema(Schema):
    items = fields.List(fields.Nested(AnchorSchema), required=True)


REFUSALS = (
    NotFound, AnchorNotPossible, ReasonRequired, NoActiveStudyVersion, SecondInfusionNotSettled
)  # fmt: skip


@blueprint.post("/participants/<code:code>/anchors")
@requires(Permission.RECORD_ANCHOR)
@blueprint.arguments(RecordAnchorSchema)
@blueprint.response(201, RecordedAnchorSchema)
@blueprint.refuses(*REFUSALS)
def record_anchor(anchor: dict[str, Any], code: str) -> dict[str, Any]:
    """Record when an anchor event happened, or correct it with a reason, and re-plan.

    Sending the same time again changes nothing.
    """
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.RECORD_ANCHOR)
        recorded = anchors.record(
            session,
            actor,
            participant,
            anchor["event"],
            occurred_at=anchor["occurred_at"],
            reason=anchor["reason"],
            catalogue=catalogue(session),
            now=now(),
        )
    return _answered(recorded)


@blueprint.post("/participants/<code:code>/anchors/preview")
@requires(Permission.RECORD_ANCHOR)
@blueprint.arguments(PreviewAnchorSchema)
@blueprint.response(200, PreviewSchema)
@blueprint.refuses(*REFUSALS)
def preview_anchor(anchor: dict[str, Any], code: str) -> previews.Preview:
    """Show what recording or correcting an anchor would change; nothing is written."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.RECORD_ANCHOR
        )
        return previews.of_anchor(
            session, participant, anchor["event"],
            occurred_at=anchor["occurred_at"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip


@blueprint.post("/participants/<code:code>/anchors/withdrawal")
@requires(Permission.RECORD_ANCHOR)
@blueprint.arguments(WithdrawAnchorSchema)
@blueprint.response(200, RecordedAnchorSchema)
@blueprint.refuses(*REFUSALS)
def withdraw_anchor(withdrawal: dict[str, Any], code: str) -> dict[str, Any]:
    """Take back an anchor that was recorded by mistake, and re-plan."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.RECORD_ANCHOR)
        recorded = anchors.withdraw(
            session, actor, participant, withdrawal["event"],
            reason=withdrawal["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip
    return _answered(recorded)


@blueprint.get("/participants/<code:code>/anchors")
@requires(Permission.READ_ANCHOR)
@blueprint.response(200, AnchorHistorySchema)
@blueprint.refuses(NotFound)
def list_anchors(code: str) -> dict[str, Any]:
    """List every anchor ever recorded for a participant, superseded ones included."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.READ_ANCHOR
        )
        return {"items": anchors.history(session, participant)}


def _answered(recorded: RecordedAnchor) -> dict[str, Any]:
    changes = recorded.changes
    return {
        "anchor": recorded.anchor,
        "changes": {
            "created_count": len(changes.create),
            "moved_count": len(changes.move),
            "cancelled_count": len(changes.cancel),
            "revived_count": len(changes.revive),
        },
    }

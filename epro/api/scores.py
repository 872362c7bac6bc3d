"""Scores over time, for the site; a participant is never shown one."""

from typing import Any

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, reading, requires
from epro.api.schemas import TranslatedSchema
from epro.errors import NotFound
from epro.services import course, enrolment
from questionnaires.scoring import NoScore

blueprint = ApiBlueprint(
    "scores", __name__, url_prefix="/api/v1", description="What follows from answers."
)


class PointSchema(Schema):
    response_id = fields.UUID(required=True)
    answered_at = fields.AwareDateTime(required=True)
    day_label = fields.String(required=True, allow_none=True)
    version = fields.String(required=True)
    value = fields.Float(required=True, allow_none=True)
    reason = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([one.value for one in NoScore])
    )
    missing = fields.List(fields.String(), required=True)
    change = fields.Float(required=True, allow_none=True)
    beside = fields.Dict(required=True)


class ResponderSchema(Schema):
    week = fields.Integer(required=True)
    points_down = fields.Float(required=True)
    response_id = fields.UUID(required=True, allow_none=True)
    is_responder = fields.Boolean(required=True, allow_none=True)
    beside = fields.Dict(
        required=True, metadata={"description": "Such as rescue therapy: shown, never counted in."}
    )


class CourseSchema(Schema):
    questionnaire_code = fields.String(required=True)
    code = fields.String(required=True)
    title = fields.Nested(TranslatedSchema, required=True)
    baseline_response_id = fields.UUID(required=True, allow_none=True)
    baseline = fields.Float(required=True, allow_none=True)
    points = fields.List(fields.Nested(PointSchema), required=True)
    responder = fields.Nested(ResponderSchema, required=True, allow_none=True)


class CourseListSchema(Schema):
    items = fields.List(fields.Nested(CourseSchema), required=True)


@blueprint.get("/participants/<code:code>/scores")
@requires(Permission.READ_RESPONSE)
@blueprint.response(200, CourseListSchema)
@blueprint.refuses(NotFound)
def list_scores(code: str) -> dict[str, Any]:
    """List a participant's scores over time, with the change from baseline and who responded."""
    actor = current_actor()
    with reading() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.READ_RESPONSE)
        found = course.of_participant(session, participant, catalogue=catalogue(session))
        return {"items": found}

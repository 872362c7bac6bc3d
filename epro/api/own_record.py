"""What a participant has sent, for the history on her phone."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires
from epro.api.forms import FormSchema, described
from epro.api.schemas import QuestionnaireReferenceSchema, TranslatedSchema
from epro.errors import NotFound
from epro.models import ResponseStatus, Timeliness
from epro.services import forms, own_record, responses
from epro.services.own_record import OwnEntry

blueprint = ApiBlueprint(
    "own_record", __name__, url_prefix="/api/v1/me/responses",
    description="What a participant has sent.",
)  # fmt: skip
MOST = 200


class LimitSchema(Schema):
    limit = fields.Integer(load_default=MOST, validate=validate.Range(min=1, max=MOST))


class OwnEntrySchema(Schema):
    """Where a response stands; its answers are asked for by themselves."""

    id = fields.UUID(required=True)
    title = fields.Nested(TranslatedSchema, required=True)
    questionnaire = fields.Nested(QuestionnaireReferenceSchema, required=True)
    assessment_id = fields.UUID(required=True, allow_none=True)
    revision = fields.Integer(required=True)
    status = fields.Enum(ResponseStatus, by_value=True, required=True)
    timeliness = fields.Enum(Timeliness, by_value=True, required=True)
    day_label = fields.String(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    own_until = fields.AwareDateTime(
        required=True, metadata={"description": "Till then a correction stands at once."}
    )
    taken_at = fields.AwareDateTime(
        required=True, allow_none=True,
        metadata={"description": "When the site took what these answers raised, if anything."},
    )  # fmt: skip


class OwnEntryListSchema(Schema):
    items = fields.List(fields.Nested(OwnEntrySchema), required=True)


@blueprint.get("")
@requires(Permission.READ_OWN_DIARY)
@blueprint.arguments(LimitSchema, location="query")
@blueprint.response(200, OwnEntryListSchema)
def list_own_responses(wanted: dict[str, int]) -> dict[str, Any]:
    """List one's own responses, the newest first."""
    with reading() as session:
        found = own_record.entries_of(
            session, current_actor(), catalogue=catalogue(session), **wanted
        )
        return {"items": [_described(one) for one in found]}


@blueprint.get("/<uuid:response_id>/form")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, FormSchema)
@blueprint.refuses(NotFound)
def read_form_of_own_response(response_id: UUID) -> dict[str, Any]:
    """Return the form that a response was given in, with the day that it named."""
    with reading() as session:
        response = responses.read_own(session, current_actor(), response_id)
        form = forms.of_response(
            session, current_actor(), response, catalogue=catalogue(session), now=now()
        )
        return described(form)


def _described(entry: OwnEntry) -> dict[str, Any]:
    response = entry.response
    names = ("id", "assessment_id", "revision", "status", "timeliness", "day_label")
    return {
        **{name: getattr(response, name) for name in names},
        "questionnaire": {
            "code": response.questionnaire_code, "version": response.questionnaire_version,
        },
        "title": entry.title,
        "answered_at": response.answered_at,
        "received_at": response.received_at,
        "own_until": entry.own_until,
        "taken_at": entry.taken_at,
    }  # fmt: skip

"""What a signed-in participant needs to show her day: who she is here, and what is due."""

from typing import Any

from marshmallow import Schema, fields

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires
from epro.api.schemas import QuestionnaireReferenceSchema, TranslatedSchema
from epro.errors import NoActiveStudyVersion
from epro.models import AssessmentState, LifeCycle
from epro.services import diary
from questionnaires.definition import Language
from questionnaires.schedule import AnsweredBy, DiarySlot

blueprint = ApiBlueprint(
    "me", __name__, url_prefix="/api/v1/me", description="The signed-in participant."
)


class NumbersSchema(Schema):
    emergency_number = fields.String(required=True)
    site_phone = fields.String(required=True)
    study_phone = fields.String(required=True)


class OnBehalfSchema(Schema):
    mode = fields.String(required=True)
    by = fields.String(required=True)


class ProfileSchema(Schema):
    code = fields.String(required=True)
    language = fields.Enum(Language, by_value=True, required=True)
    zone = fields.String(required=True)
    life_cycle = fields.Enum(LifeCycle, by_value=True, required=True)
    diary_slot = fields.Enum(DiarySlot, by_value=True, required=True)
    study_title = fields.Nested(TranslatedSchema, required=True)
    study_day = fields.String(required=True, allow_none=True)
    latest_infusion_at = fields.AwareDateTime(required=True, allow_none=True)
    numbers = fields.Nested(NumbersSchema, required=True)
    on_behalf = fields.Nested(
        OnBehalfSchema, required=True, allow_none=True,
        metadata={"description": "That somebody of the site has opened the app for her."},
    )  # fmt: skip
    now = fields.AwareDateTime(required=True)


class AboutSchema(Schema):
    on = fields.Date(required=True)
    words = fields.Nested(TranslatedSchema, required=True, allow_none=True)


class DueSchema(Schema):
    id = fields.UUID(required=True)
    title = fields.Nested(TranslatedSchema, required=True)
    questionnaire = fields.Nested(QuestionnaireReferenceSchema, required=True)
    day = fields.String(required=True, allow_none=True)
    on = fields.Date(required=True)
    opens_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True)
    closes_at = fields.AwareDateTime(required=True)
    late_until = fields.AwareDateTime(required=True)
    state = fields.Enum(AssessmentState, by_value=True, required=True)
    answered_by = fields.Enum(AnsweredBy, by_value=True, required=True)
    about = fields.Nested(
        AboutSchema, required=True, allow_none=True,
        metadata={"description": "The earlier report that is asked about again: its day, and "
                  "what it is about."},
    )  # fmt: skip


class OpenFormSchema(QuestionnaireReferenceSchema):
    title = fields.Nested(TranslatedSchema, required=True)


class DiarySchema(Schema):
    now = fields.AwareDateTime(required=True)
    zone = fields.String(required=True)
    items = fields.List(fields.Nested(DueSchema), required=True)
    always_open = fields.List(fields.Nested(OpenFormSchema), required=True)


@blueprint.get("")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, ProfileSchema)
@blueprint.refuses(NoActiveStudyVersion)
def read_profile() -> Any:
    """Return who is signed in, the study day and the numbers to call."""
    with reading() as session:
        return diary.profile(session, current_actor(), catalogue=catalogue(session), now=now())


@blueprint.get("/assessments")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, DiarySchema)
@blueprint.refuses(NoActiveStudyVersion)
def list_own_assessments() -> Any:
    """Return every assessment that stands, in order of opening, and the reports always open."""
    with reading() as session:
        return diary.own_diary(session, current_actor(), catalogue=catalogue(session), now=now())

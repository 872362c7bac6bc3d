"""Forms as they are shown to a participant, and responses as they were seen."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires
from epro.api.schemas import TranslatedSchema
from epro.errors import NoActiveStudyVersion, NotFound
from epro.errors_of_record import ModeNotAllowed
from epro.models import ResponseStatus
from epro.services import forms, responses
from epro.services.forms import Form, Seen
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.rendering import ItemState
from questionnaires.tiers import Tier

blueprint = ApiBlueprint(
    "forms", __name__, url_prefix="/api/v1", description="What is shown, and what was seen."
)


class AdviceSchema(Schema):
    """A safety rule as the phone reads it: what meets it, and what it says then."""

    id = fields.String(required=True)
    tier = fields.Enum(Tier, by_value=True, required=True)
    tonight = fields.Boolean(required=True)
    advice = fields.Nested(TranslatedSchema, required=True)
    triggers = fields.List(fields.Dict(), required=True)


class FormSchema(Schema):
    questionnaire = fields.Dict(
        required=True, metadata={"description": "As published, the last entry's day put in."}
    )
    last_entry_on = fields.Date(
        required=True, metadata={"description": "Goes back with the answers."}
    )
    study_version = fields.String(required=True)
    rules = fields.List(fields.Nested(AdviceSchema), required=True)
    latest_infusion_at = fields.AwareDateTime(required=True, allow_none=True)
    thermometer_route = fields.Enum(ThermometerRoute, by_value=True, required=True)
    default_route = fields.Enum(ThermometerRoute, by_value=True, required=True)


class SeenItemSchema(Schema):
    link_id = fields.String(required=True)
    question = fields.String(required=True)
    state = fields.Enum(ItemState, by_value=True, required=True)
    state_in_words = fields.String(required=True)
    answer = fields.String(required=True, allow_none=True)
    is_confirmed = fields.Boolean(required=True)


class SeenSchema(Schema):
    id = fields.UUID(required=True, attribute="response.id")
    questionnaire_code = fields.String(required=True, attribute="response.questionnaire_code")
    questionnaire_version = fields.String(required=True, attribute="response.questionnaire_version")
    revision = fields.Integer(required=True, attribute="response.revision")
    status = fields.Enum(ResponseStatus, by_value=True, required=True, attribute="response.status")
    answered_at = fields.AwareDateTime(required=True, attribute="response.answered_at")
    title = fields.String(required=True)
    items = fields.List(fields.Nested(SeenItemSchema), required=True)


class LanguageSchema(Schema):
    language = fields.Enum(
        Language, by_value=True, load_default=None,
        metadata={"description": "Left out: the language it was answered in."},
    )  # fmt: skip


@blueprint.get("/me/assessments/<uuid:assessment_id>/form")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, FormSchema)
@blueprint.refuses(NotFound, ModeNotAllowed)
def read_form(assessment_id: UUID) -> dict[str, Any]:
    """Return the form of one of one's own assessments, with the advice it may lead to."""
    with reading() as session:
        form = forms.of_assessment(
            session, current_actor(), assessment_id, catalogue=catalogue(session), now=now()
        )
        return described(form)


@blueprint.get("/me/forms/<slug:code>")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, FormSchema)
@blueprint.refuses(NotFound, NoActiveStudyVersion, ModeNotAllowed)
def read_open_form(code: str) -> dict[str, Any]:
    """Return a form that can be filled in at any hour, with the advice it may lead to."""
    with reading() as session:
        form = forms.always_open(
            session, current_actor(), code, catalogue=catalogue(session), now=now()
        )
        return described(form)


@blueprint.get("/me/responses/<uuid:response_id>/as-seen")
@requires(Permission.READ_OWN_DIARY)
@blueprint.arguments(LanguageSchema, location="query")
@blueprint.response(200, SeenSchema)
@blueprint.refuses(NotFound)
def read_own_as_seen(wanted: dict[str, Any], response_id: UUID) -> Seen:
    """Return one of one's own responses in words: questions, answers, and what was not answered."""
    with reading() as session:
        response = responses.read_own(session, current_actor(), response_id)
        return forms.seen(session, response, catalogue=catalogue(session), **wanted)


@blueprint.get("/responses/<uuid:response_id>/as-seen")
@requires(Permission.READ_RESPONSE)
@blueprint.arguments(LanguageSchema, location="query")
@blueprint.response(200, SeenSchema)
@blueprint.refuses(NotFound)
def read_as_seen(wanted: dict[str, Any], response_id: UUID) -> Seen:
    """Return a response in words, by the edition, language and last entry it was answered with."""
    with reading() as session:
        response = responses.read_one(session, current_actor(), response_id)
        return forms.seen(session, response, catalogue=catalogue(session), **wanted)


def described(form: Form) -> dict[str, Any]:
    """Return a form in the shape of FormSchema."""
    rules = [asdict(rule) for rule in form.rules]
    return {
        "questionnaire": asdict(form.questionnaire),
        "rules": rules,
        "last_entry_on": form.last_entry_on,
        "study_version": form.study_version,
        "latest_infusion_at": form.latest_infusion_at,
        "thermometer_route": form.thermometer_route,
        "default_route": form.default_route,
    }

"""What a phone keeps to say what to do without a network."""

import hashlib
from dataclasses import asdict

from flask import Response, request
from flask.json import dumps
from marshmallow import Schema, fields
from werkzeug.wrappers import Response as WerkzeugResponse

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires
from epro.api.forms import AdviceSchema
from epro.api.me import NumbersSchema
from epro.api.schemas import TranslatedSchema
from epro.errors import NoActiveStudyVersion
from epro.services import offline_advice
from questionnaires.definition import ThermometerRoute

blueprint = ApiBlueprint(
    "offline_advice", __name__, url_prefix="/api/v1",
    description="Advice that needs no network.",
)  # fmt: skip


class AsksFirstSchema(Schema):
    minutes = fields.Integer(required=True)
    is_settled_by_no = fields.Boolean(required=True)
    question = fields.Nested(TranslatedSchema, required=True)


class OfflineRuleSchema(AdviceSchema):
    asks_first = fields.Nested(
        AsksFirstSchema, required=True, allow_none=True,
        metadata={"description": "What is asked before the advice, of rules on free text."},
    )  # fmt: skip


class PhrasesSchema(Schema):
    zh = fields.List(fields.String(), required=True)
    en = fields.List(fields.String(), required=True)


class LexiconSchema(Schema):
    """Phrases that rules read under the lexicon's name; both languages are looked for."""

    name = fields.String(required=True)
    phrases = fields.Nested(PhrasesSchema, required=True)
    exceptions = fields.Nested(PhrasesSchema, required=True)


class OpeningSchema(Schema):
    opens_at = fields.AwareDateTime(required=True)
    closes_at = fields.AwareDateTime(required=True)


class OfflineAdviceSchema(Schema):
    study_version = fields.String(required=True)
    rules = fields.List(fields.Nested(OfflineRuleSchema), required=True)
    lexicons = fields.List(fields.Nested(LexiconSchema), required=True)
    free_texts = fields.List(
        fields.String(), required=True,
        metadata={"description": "The items in which the lexicons are looked for."},
    )  # fmt: skip
    infusions_at = fields.List(
        fields.AwareDateTime(), required=True,
        metadata={"description": "The latest at or before the answers counts."},
    )  # fmt: skip
    thermometer_route = fields.Enum(ThermometerRoute, by_value=True, required=True)
    default_route = fields.Enum(ThermometerRoute, by_value=True, required=True)
    numbers = fields.Nested(NumbersSchema, required=True)
    site_hours = fields.List(
        fields.Nested(OpeningSchema), required=True,
        metadata={"description": "When site_phone is answered; at other times study_phone is."},
    )  # fmt: skip


@blueprint.get("/me/safety-rules")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, OfflineAdviceSchema)
@blueprint.alt_response(304, description="What the phone has is still true.")
@blueprint.refuses(NoActiveStudyVersion)
def read_own_safety_rules() -> WerkzeugResponse:
    """Return the rules that one form alone can meet, their advice, and who answers when.

    Fetched at each opening of the diary with the ETag of the copy that the phone has: it is another
    when the study version, an infusion, the route, a number or the day of the site is.
    """
    with reading() as session:
        kept = offline_advice.of_participant(
            session, current_actor(), catalogue=catalogue(session), now=now()
        )
    body = dumps(OfflineAdviceSchema().dump(asdict(kept)), ensure_ascii=False)
    response = Response(body, mimetype="application/json")
    response.set_etag(hashlib.sha256(body.encode()).hexdigest())
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)

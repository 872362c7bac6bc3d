"""Responses: the participant's own, stored revision by revision, and the site's list of them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, jsonify, request
from marshmallow import EXCLUDE, Schema, fields, post_load, validate
from werkzeug.exceptions import HTTPException

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.errors import refusal_for
from epro.api.schemas import Instant, QuestionnaireReferenceSchema
from epro.errors import (
    BodyTooLarge,
    DomainError,
    InvalidAnswers,
    NoActiveStudyVersion,
    NotFound,
    RecordedRefusal,
    RevisionConflict,
    UnknownAssessment,
    UnknownQuestionnaire,
)
from epro.errors_of_record import ModeNotAllowed
from epro.models import Completer, DeviceClass, EntryMode, ResponseStatus, SourceCheck, Timeliness
from epro.services import enrolment, quarantine, responses
from epro.services.submission import Sending, Submission
from questionnaires.definition import Language
from questionnaires.scoring import NoScore

blueprint = ApiBlueprint(
    "responses", __name__, url_prefix="/api/v1", description="What participants answer."
)
View = TypeVar("View", bound=Callable[..., Any])
MAX_ANSWERS = 200
MAX_REVISION = 100_000
MAX_AGE_S = 10 * 365 * 24 * 3600.0


class SubmissionSchema(Schema):
    """The envelope only; the answers stay raw and are judged against the questionnaire."""

    assessment_id = fields.UUID(
        load_default=None, allow_none=True,
        metadata={"description": "Absent for an unscheduled report."},
    )  # fmt: skip
    questionnaire = fields.Nested(QuestionnaireReferenceSchema, required=True)
    revision = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=MAX_REVISION)
    )
    status = fields.Enum(
        ResponseStatus, by_value=True, required=True,
        validate=validate.NoneOf([ResponseStatus.INCOMPLETE], error="A device cannot say this."),
    )  # fmt: skip
    language = fields.Enum(Language, by_value=True, required=True)
    completer = fields.Enum(Completer, by_value=True, load_default=Completer.SELF)
    mode = fields.Enum(
        EntryMode, by_value=True, load_default=EntryMode.OWN_DEVICE,
        metadata={"description": "Where the site opened the app, its session says how instead."},
    )  # fmt: skip
    answered_at = Instant(
        required=True, metadata={"description": "By the device's own clock, with its offset."}
    )
    advice_shown_at = Instant(
        load_default=None, allow_none=True,
        metadata={"description": "When the phone showed its emergency screen for these answers: "
                  "an unfinished form is then flagged at once."},
    )  # fmt: skip
    advice_acknowledged_at = Instant(load_default=None, allow_none=True)
    mistaken_at = Instant(
        load_default=None, allow_none=True,
        metadata={"description": "When she said of that screen that she had pressed by mistake: "
                  "the flag stays, with a note."},
    )  # fmt: skip
    answers = fields.List(
        fields.Raw(allow_none=True), required=True, validate=validate.Length(max=MAX_ANSWERS),
        metadata={"description": "Each {link_id, value} or {link_id, declined: true}."},
    )  # fmt: skip
    cleared = fields.List(
        fields.String(validate=validate.Length(max=32)),
        load_default=[], validate=validate.Length(max=MAX_ANSWERS),
        metadata={"description": "Items that were answered until another answer hid them."},
    )  # fmt: skip
    opened_at = Instant(
        load_default=None, allow_none=True,
        metadata={"description": "When the form was opened, by the device's own clock."},
    )  # fmt: skip
    last_entry_on = fields.Date(
        load_default=None, allow_none=True,
        metadata={"description": "The day of the last entry that the questions named."},
    )  # fmt: skip

    @post_load
    def _as_submission(self, envelope: dict[str, Any], **_kwargs: Any) -> Submission:
        questionnaire = envelope.pop("questionnaire")
        return Submission(
            questionnaire_code=questionnaire["code"],
            questionnaire_version=questionnaire["version"],
            device_answered_at=envelope.pop("answered_at"),
            device_opened_at=envelope.pop("opened_at"),
            cleared=tuple(envelope.pop("cleared")),
            **envelope,
        )


class SendingSchema(Schema):
    """What is true of one sending only, so that a repeat of the body stays byte for byte equal."""

    class Meta:
        unknown = EXCLUDE

    answer_age_s = fields.Float(
        data_key="Answer-Age", required=True, allow_nan=False,
        validate=validate.Range(min=-MAX_AGE_S, max=MAX_AGE_S),
        metadata={"description": "Seconds since the answer was given, by the device's own clock."},
    )  # fmt: skip
    app_version = fields.String(
        data_key="App-Version", load_default="",
        validate=validate.Regexp(r"^[ -~]{0,40}$", error="Printable ASCII, at most 40 characters."),
    )  # fmt: skip
    device_class = fields.Enum(
        DeviceClass, by_value=True, data_key="Device-Class", load_default=None
    )


class SafetyQuestionSchema(Schema):
    """What the phone asks because of her own words, at once; see the answer's route."""

    id = fields.UUID(required=True)
    question = fields.String(required=True)
    advice = fields.String(required=True)
    answer_by = fields.AwareDateTime(required=True)


class ReplySchema(Schema):
    """Where the record is and how it stands; never an answer."""

    id = fields.UUID(required=True)
    revision = fields.Integer(required=True)
    status = fields.Enum(ResponseStatus, by_value=True, required=True)
    assessment_id = fields.UUID(required=True, allow_none=True)
    timeliness = fields.Enum(Timeliness, by_value=True, required=True)
    received_late = fields.Boolean(required=True)
    counts = fields.Boolean(required=True)
    duplicate_of_id = fields.UUID(required=True, allow_none=True)
    day_label = fields.String(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    clock_unsure = fields.Boolean(required=True)
    hidden = fields.List(fields.String(), required=True)
    not_reached = fields.List(fields.String(), required=True)


class SubmissionReplySchema(ReplySchema):
    safety_question = fields.Nested(SafetyQuestionSchema, required=True, allow_none=True)


class ResponseSchema(ReplySchema):
    questionnaire_code = fields.String(required=True)
    questionnaire_version = fields.String(required=True)
    language = fields.Enum(Language, by_value=True, required=True)
    completer = fields.Enum(Completer, by_value=True, required=True)
    mode = fields.Enum(EntryMode, by_value=True, required=True)
    zone = fields.String(required=True)
    answers = fields.List(fields.Raw(), required=True)
    cleared = fields.List(fields.String(), required=True)
    last_entry_on = fields.Date(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True, allow_none=True)
    device_class = fields.Enum(DeviceClass, by_value=True, required=True, allow_none=True)
    source_check = fields.Enum(
        SourceCheck, by_value=True, required=True, allow_none=True,
        metadata={"description": "How an answer from paper compares with its sheet, as a second "
                  "person found it; empty for all others. `not_checked` ones are screened, too."},
    )  # fmt: skip


class ScoreSchema(Schema):
    code = fields.String(required=True)
    version = fields.String(
        required=True, metadata={"description": "Of the definition, + that of the code."}
    )
    value = fields.Float(required=True, allow_none=True)
    reason = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([one.value for one in NoScore])
    )
    missing = fields.List(fields.String(), required=True)
    derived = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class ScoredResponseSchema(ResponseSchema):
    """With scores, which are for the site: a participant is never shown one."""

    scores = fields.List(fields.Nested(ScoreSchema), required=True)


class ResponseListSchema(Schema):
    items = fields.List(fields.Nested(ScoredResponseSchema), required=True)


def keeps_refused_body(view: View) -> View:
    """Keep the body of a refused submission, also where the schema or the parser refused it."""

    @wraps(view)
    def keeping(response_id: UUID, **kwargs: Any) -> Any:
        try:
            return view(response_id=response_id, **kwargs)
        except RecordedRefusal:
            raise  # the service kept it
        except DomainError as refusal:
            _keep(response_id, refusal)
            raise
        except HTTPException as error:
            named = refusal_for(error)
            if named.status != BodyTooLarge.status:
                _keep(response_id, named)
            raise

    return cast("View", keeping)


@blueprint.put("/me/responses/<uuid:response_id>")
@requires(Permission.SUBMIT_RESPONSE)
@keeps_refused_body
@blueprint.arguments(SubmissionSchema())
@blueprint.arguments(SendingSchema(), location="headers")
@blueprint.response(200, SubmissionReplySchema)
@blueprint.alt_response(201, schema=SubmissionReplySchema, success=True)
@blueprint.refuses(
    UnknownAssessment,
    UnknownQuestionnaire,
    ModeNotAllowed,
    InvalidAnswers,
    RevisionConflict,
    NoActiveStudyVersion,
)
def submit_response(
    submission: Submission, sending: dict[str, Any], response_id: UUID
) -> tuple[Response, int]:
    """Store one revision of a response; sending the same body again is harmless.

    201 when this response is stored for the first time, 200 for a further revision or a repeat.
    409 is final: sending the same body again will never succeed. Whatever is refused is kept.
    """
    with transaction() as session:
        stored = responses.submit(
            session,
            current_actor(),
            response_id,
            submission,
            Sending(body=request.get_data(), **sending),
            catalogue=catalogue(session),
            now=now(),
        )
    # Plain values already, so that a repeat is answered with the very same text.
    return jsonify(stored.reply), 201 if stored.is_new else 200


@blueprint.get("/me/responses/<uuid:response_id>")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, ResponseSchema)
@blueprint.refuses(NotFound)
def read_own_response(response_id: UUID) -> Any:
    """Read one of the participant's own responses, answers included."""
    with reading() as session:
        return responses.read_own(session, current_actor(), response_id)


@blueprint.get("/participants/<code:code>/responses")
@requires(Permission.READ_RESPONSE)
@blueprint.response(200, ResponseListSchema)
@blueprint.refuses(NotFound)
def list_responses(code: str) -> dict[str, Any]:
    """List a participant's responses by time of answering."""
    actor = current_actor()
    with reading() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.READ_RESPONSE)
        return {"items": responses.list_of(session, actor, participant)}


def _keep(response_id: UUID, refusal: DomainError) -> None:
    sending = Sending(answer_age_s=None, app_version="", body=request.get_data())
    with transaction() as session:
        quarantine.keep(
            session, current_actor(), response_id, sending, refusal,
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

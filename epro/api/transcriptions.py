"""Sheets of paper: typed in for a participant, compared by a second person, put right."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.responses import MAX_ANSWERS, MAX_REVISION
from epro.api.schemas import Instant, QuestionnaireReferenceSchema
from epro.errors import (
    InvalidAnswers,
    InvalidInput,
    NoActiveStudyVersion,
    NotFound,
    ReasonRequired,
    RevisionConflict,
    UnknownAssessment,
    UnknownQuestionnaire,
)
from epro.errors_of_record import (
    AlreadyDecided,
    CorrectionOutdated,
    ModeNotAllowed,
    NothingCorrected,
    RecordLocked,
    SecondPersonNeeded,
)
from epro.models import Completer, ResponseStatus, SourceCheck
from epro.services import enrolment, transcribing, transcription_checks, transcriptions
from epro.services.transcribing import Sheet
from epro.services.transcriptions import Shown
from questionnaires.definition import Language

blueprint = ApiBlueprint(
    "transcriptions", __name__, url_prefix="/api/v1",
    description="Answers on paper: typed in, and compared with the sheet by somebody else.",
)  # fmt: skip
MAX_WORDS = 1_000


def _words(description: str) -> fields.String:
    return fields.String(
        required=True, validate=validate.Length(min=1, max=MAX_WORDS),
        metadata={"description": description},
    )  # fmt: skip


def _answers() -> fields.Field[Any]:
    """The answers stay raw and are judged against the questionnaire, as with a submission."""
    return fields.List(
        fields.Raw(allow_none=True), required=True, validate=validate.Length(max=MAX_ANSWERS),
        metadata={"description": "All that the sheet says, each as in a submission."},
    )  # fmt: skip


class SheetSchema(Schema):
    assessment_id = fields.UUID(
        load_default=None, allow_none=True,
        metadata={"description": "Absent for a report that can be made at any hour."},
    )  # fmt: skip
    questionnaire = fields.Nested(QuestionnaireReferenceSchema, required=True)
    language = fields.Enum(
        Language, by_value=True, required=True, metadata={"description": "Of the sheet."}
    )
    completer = fields.Enum(Completer, by_value=True, required=True)
    written_at = Instant(
        required=True, metadata={"description": "Date and time that the sheet states."}
    )
    reason = _words("Why it was paper.")
    source_reference = _words("Where the sheet is kept.")
    leaves_blank = fields.Boolean(
        load_default=False,
        metadata={"description": "The sheet leaves out questions that the form needs: it is kept "
                  "as incomplete."},
    )  # fmt: skip
    answers = _answers()

    @post_load
    def _as_sheet(self, filled_in: dict[str, Any], **_kwargs: Any) -> Sheet:
        questionnaire = filled_in.pop("questionnaire")
        return Sheet(
            questionnaire_code=questionnaire["code"],
            questionnaire_version=questionnaire["version"],
            **filled_in,
        )


class _RevisionSchema(Schema):
    revision = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=MAX_REVISION),
        metadata={"description": "The one that was looked at."},
    )  # fmt: skip


class ComparisonSchema(_RevisionSchema):
    is_equal = fields.Boolean(required=True)
    differences = fields.String(
        load_default="", validate=validate.Length(max=MAX_WORDS),
        metadata={"description": "Which answers differ, and how; needed where it is not equal."},
    )  # fmt: skip


class PutRightSchema(_RevisionSchema):
    answers = _answers()
    reason = _words("Why it had been typed otherwise.")


class TranscriptionSchema(Schema):
    """People by user name."""

    response_id = fields.UUID(required=True)
    participant = fields.String(required=True)
    assessment_id = fields.UUID(required=True, allow_none=True)
    questionnaire = fields.Nested(QuestionnaireReferenceSchema, required=True)
    status = fields.Enum(ResponseStatus, by_value=True, required=True)
    source_check = fields.Enum(SourceCheck, by_value=True, required=True)
    revision = fields.Integer(
        required=True, metadata={"description": "As last typed from the sheet."}
    )
    answers = fields.List(
        fields.Raw(), required=True, metadata={"description": "Of that revision."}
    )
    written_at = fields.AwareDateTime(required=True)
    zone = fields.String(required=True)
    reason = fields.String(required=True)
    source_reference = fields.String(required=True)
    entered_at = fields.AwareDateTime(required=True)
    entered_by = fields.String(required=True)
    checked_at = fields.AwareDateTime(required=True, allow_none=True)
    checked_by = fields.String(required=True, allow_none=True)
    differences = fields.String(required=True, allow_none=True)


class TranscriptionListSchema(Schema):
    items = fields.List(fields.Nested(TranscriptionSchema), required=True)


@blueprint.put("/participants/<code:code>/transcriptions/<uuid:response_id>")
@requires(Permission.ANSWER_ON_BEHALF)
@blueprint.arguments(SheetSchema)
@blueprint.response(200, TranscriptionSchema)
@blueprint.refuses(
    NotFound, InvalidInput, InvalidAnswers, ModeNotAllowed, UnknownAssessment,
    UnknownQuestionnaire, RevisionConflict, NoActiveStudyVersion,
)  # fmt: skip
def transcribe(sheet: Sheet, code: str, response_id: UUID) -> Any:
    """Type in a sheet of paper; the caller makes the id, and the same sheet again is harmless.

    It is stored and screened for danger at once, as `not_checked`; a line on the work list asks
    for somebody else to compare it.
    """
    actor = current_actor()
    with transaction() as session:
        known = catalogue(session)
        participant = enrolment.get_participant(session, actor, code, Permission.ANSWER_ON_BEHALF)
        transcribing.enter(
            session, actor, participant, response_id, sheet, catalogue=known, now=now()
        )
        return _read(session, response_id)


@blueprint.get("/participants/<code:code>/transcriptions")
@requires(Permission.READ_RESPONSE)
@blueprint.response(200, TranscriptionListSchema)
@blueprint.refuses(NotFound)
def list_transcriptions(code: str) -> dict[str, Any]:
    """List what was typed in for a participant, in the order it was typed."""
    actor = current_actor()
    with reading() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.READ_RESPONSE)
        found = transcriptions.list_of(session, actor, participant, catalogue=catalogue(session))
        return {"items": [_described(one) for one in found]}


@blueprint.post("/transcriptions/<uuid:response_id>/check")
@requires(Permission.CHECK_TRANSCRIPTION)
@blueprint.arguments(ComparisonSchema)
@blueprint.response(200, TranscriptionSchema)
@blueprint.refuses(
    NotFound, SecondPersonNeeded, ReasonRequired, CorrectionOutdated, AlreadyDecided
)  # fmt: skip
def check_transcription(found: dict[str, Any], response_id: UUID) -> Any:
    """Say whether what was typed says what the sheet says; never by whoever typed it.

    The same finding by the same person again is harmless.
    """
    with transaction() as session:
        transcription_checks.check(
            session, current_actor(), response_id, **found, catalogue=catalogue(session), now=now()
        )
        return _read(session, response_id)


@blueprint.post("/transcriptions/<uuid:response_id>/corrections")
@requires(Permission.ANSWER_ON_BEHALF)
@blueprint.arguments(PutRightSchema)
@blueprint.response(200, TranscriptionSchema)
@blueprint.refuses(
    NotFound, SecondPersonNeeded, ReasonRequired, InvalidAnswers, NothingCorrected,
    CorrectionOutdated, AlreadyDecided, RecordLocked,
)  # fmt: skip
def put_transcription_right(typed: dict[str, Any], response_id: UUID) -> Any:
    """Type what the sheet really says, as a correction with its reason; a new look is asked for.

    `revision` is the one that the response has now: she may have corrected it since the typing.
    Sent again, it is refused as outdated: nothing is corrected twice.
    """
    with transaction() as session:
        transcription_checks.put_right(
            session, current_actor(), response_id, **typed, catalogue=catalogue(session), now=now()
        )
        return _read(session, response_id)


def _read(session: Session, response_id: UUID) -> dict[str, Any]:
    shown = transcriptions.read_one(
        session, current_actor(), response_id, catalogue=catalogue(session)
    )
    return _described(shown)


def _described(shown: Shown) -> dict[str, Any]:
    sheet, response = shown.transcription, shown.response
    names = (
        "response_id", "revision", "written_at", "zone", "reason", "source_reference",
        "entered_at", "checked_at", "differences",
    )  # fmt: skip
    return {
        **{name: getattr(sheet, name) for name in names},
        "participant": shown.participant.code,
        "assessment_id": response.assessment_id,
        "questionnaire": {
            "code": response.questionnaire_code, "version": response.questionnaire_version,
        },
        "status": response.status,
        "source_check": shown.check,
        "answers": shown.typed.answers,
        "entered_by": shown.entered_by.username,
        "checked_by": shown.checked_by.username if shown.checked_by else None,
    }  # fmt: skip

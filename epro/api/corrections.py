"""Corrections: the participant's own, what the site puts down for her, and who decides about it."""

from typing import Any
from uuid import UUID

from flask import request
from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, led_to, remember
from epro.api.responses import MAX_ANSWERS, MAX_REVISION, SendingSchema, keeps_refused_body
from epro.api.schemas import Instant, QuestionnaireReferenceSchema
from epro.errors import (
    IdempotencyConflict,
    InvalidAnswers,
    NotFound,
    ReasonRequired,
    RevisionConflict,
    UnknownQuestionnaire,
)
from epro.errors_of_record import (
    AlreadyDecided,
    CorrectionOutdated,
    NotConfirmedYet,
    NothingCorrected,
    NotSubmittedYet,
    SecondPersonNeeded,
)
from epro.models import Correction, CorrectionSource, CorrectionState, Participant
from epro.services import corrections, enrolment, responses
from epro.services.correction_asking import HerWord, Proposal
from epro.services.corrections import Version
from epro.services.submission import Sending

blueprint = ApiBlueprint(
    "corrections", __name__, url_prefix="/api/v1",
    description="Later changes of answers; the original stays.",
)  # fmt: skip
NOT_SAID = frozenset({CorrectionSource.APP, CorrectionSource.PAPER_CHECK, CorrectionSource.RATER})
SAID_TO_SITE = tuple(one for one in CorrectionSource if one not in NOT_SAID)
MAX_WORDS = 500
REFUSED = (
    NotFound, InvalidAnswers, UnknownQuestionnaire, NotSubmittedYet, CorrectionOutdated,
    NothingCorrected, ReasonRequired,
)  # fmt: skip


def _words(*, required: bool = True) -> fields.String:
    rule = validate.Length(min=1, max=MAX_WORDS)
    if required:
        return fields.String(required=True, validate=rule)
    return fields.String(load_default=None, allow_none=True, validate=rule)


class _AnswersSchema(Schema):
    """The answers stay raw and are judged against the questionnaire, as with a submission."""

    questionnaire = fields.Nested(QuestionnaireReferenceSchema, required=True)
    corrected_revision = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=MAX_REVISION)
    )
    answers = fields.List(
        fields.Raw(allow_none=True), required=True, validate=validate.Length(max=MAX_ANSWERS),
        metadata={"description": "All answers as they should have been."},
    )  # fmt: skip
    reason = _words()

    @staticmethod
    def _proposal(filled_in: dict[str, Any], **known: Any) -> Proposal:
        return Proposal(
            questionnaire_code=filled_in["questionnaire"]["code"],
            questionnaire_version=filled_in["questionnaire"]["version"],
            corrected_revision=filled_in["corrected_revision"],
            answers=filled_in["answers"],
            reason=filled_in["reason"],
            **known,
        )


class OwnCorrectionSchema(_AnswersSchema):
    corrected_at = Instant(required=True, metadata={"description": "By the device's own clock."})

    @post_load
    def _as_proposal(self, filled_in: dict[str, Any], **_kwargs: Any) -> Proposal:
        said_at = filled_in["corrected_at"]
        return self._proposal(filled_in, source=CorrectionSource.APP, said_at=said_at)


class PutDownSchema(_AnswersSchema):
    """What she said: by which way, when, and in which words."""

    response_id = fields.UUID(required=True)
    source = fields.Enum(
        CorrectionSource, by_value=True, required=True, validate=validate.OneOf(SAID_TO_SITE)
    )
    said_at = Instant(required=True)
    said_words = _words()

    @post_load
    def _as_proposal(self, filled_in: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        known = {name: filled_in[name] for name in ("source", "said_at", "said_words")}
        return {
            "response_id": filled_in["response_id"],
            "proposal": self._proposal(filled_in, **known),
        }


class OwnWordSchema(Schema):
    is_right = fields.Boolean(required=True)


class CallSchema(OwnWordSchema):
    """What she said when somebody of the site called her, and when that was."""

    call_at = Instant(required=True)
    call_words = _words()


class DecisionSchema(Schema):
    is_approved = fields.Boolean(required=True)
    reason = _words()


class CorrectionSchema(Schema):
    id = fields.UUID(required=True)
    response_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.Enum(CorrectionState, by_value=True, required=True)
    corrected_revision = fields.Integer(required=True)
    answers = fields.List(fields.Raw(), required=True)
    reason = fields.String(required=True)
    source = fields.Enum(CorrectionSource, by_value=True, required=True)
    said_at = fields.AwareDateTime(required=True)
    asked_at = fields.AwareDateTime(required=True)
    delay_s = fields.Integer(required=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)
    refused_at = fields.AwareDateTime(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    applied_at = fields.AwareDateTime(required=True, allow_none=True)
    applied_revision = fields.Integer(required=True, allow_none=True)


class CorrectionDetailSchema(CorrectionSchema):
    """With who did what, for the site; people by user name."""

    said_words = fields.String(required=True, allow_none=True)
    asked_by = fields.String(required=True, allow_none=True)
    call_by = fields.String(required=True, allow_none=True)
    call_at = fields.AwareDateTime(required=True, allow_none=True)
    call_words = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)


class OwnCorrectionListSchema(Schema):
    items = fields.List(fields.Nested(CorrectionSchema), required=True)


class CorrectionListSchema(Schema):
    items = fields.List(fields.Nested(CorrectionDetailSchema), required=True)


class VersionSchema(Schema):
    revision = fields.Integer(required=True)
    status = fields.String(required=True)
    answers = fields.List(fields.Raw(), required=True)
    answered_at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    correction_id = fields.UUID(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class VersionListSchema(Schema):
    items = fields.List(fields.Nested(VersionSchema), required=True)


@blueprint.put("/me/responses/<uuid:response_id>/corrections/<uuid:correction_id>")
@requires(Permission.CORRECT_OWN_RESPONSE)
@keeps_refused_body
@blueprint.arguments(OwnCorrectionSchema)
@blueprint.arguments(SendingSchema, location="headers")
@blueprint.response(200, CorrectionSchema)
@blueprint.refuses(*REFUSED, RevisionConflict)
def correct_own_response(
    proposal: Proposal, sending: dict[str, Any], response_id: UUID, correction_id: UUID
) -> Any:
    """Correct one's own answers with a reason; sending the same again is harmless.

    Until the window closes (`state: applied`) the new answers stand at once and the first ones stay
    readable. Afterwards the correction waits for the investigator (`awaiting_decision`).
    """
    with transaction() as session:
        correction = corrections.ask(
            session, current_actor(), response_id, correction_id, proposal,
            Sending(body=request.get_data(), **sending), catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _described(session, correction)


@blueprint.get("/me/corrections")
@requires(Permission.CORRECT_OWN_RESPONSE)
@blueprint.response(200, OwnCorrectionListSchema)
def list_own_corrections() -> dict[str, Any]:
    """List the corrections of one's own answers; some may wait for one's word."""
    with reading() as session:
        participant = session.get_one(Participant, current_actor().id)
        found = corrections.list_of(session, participant)
        # A rating is not her answer, and putting it right is no matter of hers.
        hers = [one for one in found if one.source is not CorrectionSource.RATER]
        return {"items": [_described(session, one) for one in hers]}


@blueprint.post("/me/corrections/<uuid:correction_id>/word")
@requires(Permission.CORRECT_OWN_RESPONSE)
@blueprint.arguments(OwnWordSchema)
@blueprint.response(200, CorrectionSchema)
@blueprint.refuses(NotFound, AlreadyDecided, ReasonRequired)
def confirm_own_correction(word: dict[str, Any], correction_id: UUID) -> Any:
    """Say whether what the site put down is right. The same word again is harmless."""
    with transaction() as session:
        correction = corrections.hear(
            session, current_actor(), correction_id, HerWord(is_right=word["is_right"]),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _described(session, correction)


@blueprint.get("/me/responses/<uuid:response_id>/versions")
@requires(Permission.READ_OWN_DIARY)
@blueprint.response(200, VersionListSchema)
@blueprint.refuses(NotFound)
def list_own_versions(response_id: UUID) -> dict[str, Any]:
    """List what was stored of one of one's own responses, the original first."""
    with reading() as session:
        response = responses.read_own(session, current_actor(), response_id)
        return {"items": [_version(one) for one in corrections.versions_of(session, response)]}


@blueprint.get("/responses/<uuid:response_id>/versions")
@requires(Permission.READ_RESPONSE)
@blueprint.response(200, VersionListSchema)
@blueprint.refuses(NotFound)
def list_versions(response_id: UUID) -> dict[str, Any]:
    """List what was stored of a response, the original first, each with what made it."""
    with reading() as session:
        response = responses.read_one(session, current_actor(), response_id)
        return {"items": [_version(one) for one in corrections.versions_of(session, response)]}


@blueprint.post("/participants/<code:code>/corrections")
@requires(Permission.PUT_DOWN_CORRECTION)
@blueprint.arguments(PutDownSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, CorrectionDetailSchema)
@blueprint.refuses(*REFUSED, IdempotencyConflict)
def put_down_correction(body: dict[str, Any], headers: dict[str, Any], code: str) -> Any:
    """Put down what the participant said was wrong; it waits for her word, then for a decision."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(
            session, actor, code, Permission.PUT_DOWN_CORRECTION
        )
        if earlier := led_to(session, actor, headers["key"]):
            return _described(session, session.get_one(Correction, UUID(earlier)))
        correction = corrections.put_down(
            session, actor, participant, body["response_id"], body["proposal"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        remember(session, actor, headers["key"], str(correction.id))
        return _described(session, correction)


@blueprint.get("/participants/<code:code>/corrections")
@requires(Permission.READ_RESPONSE)
@blueprint.response(200, CorrectionListSchema)
@blueprint.refuses(NotFound)
def list_corrections(code: str) -> dict[str, Any]:
    """List the corrections of a participant's answers, in the order they were asked for."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.READ_RESPONSE
        )
        found = corrections.list_of(session, participant)
        return {"items": [_described(session, one) for one in found]}


@blueprint.post("/corrections/<uuid:correction_id>/call")
@requires(Permission.PUT_DOWN_CORRECTION)
@blueprint.arguments(CallSchema)
@blueprint.response(200, CorrectionDetailSchema)
@blueprint.refuses(NotFound, AlreadyDecided, ReasonRequired)
def put_down_call(call: dict[str, Any], correction_id: UUID) -> Any:
    """Put down what she said of a correction when the site called her."""
    with transaction() as session:
        correction = corrections.hear(
            session, current_actor(), correction_id, HerWord(**call),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _described(session, correction)


@blueprint.post("/corrections/<uuid:correction_id>/decision")
@requires(Permission.DECIDE_CORRECTION)
@blueprint.arguments(DecisionSchema)
@blueprint.response(200, CorrectionDetailSchema)
@blueprint.refuses(
    NotFound, ReasonRequired, NotConfirmedYet, AlreadyDecided, SecondPersonNeeded,
    CorrectionOutdated,
)  # fmt: skip
def decide_correction(decision: dict[str, Any], correction_id: UUID) -> Any:
    """Decide about a correction that the participant confirmed; the same again is harmless."""
    with transaction() as session:
        correction = corrections.decide(
            session, current_actor(), correction_id, **decision,
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _described(session, correction)


def _described(session: Session, correction: Correction) -> dict[str, Any]:
    return dict(corrections.facts_of(session, correction))


def _version(version: Version) -> dict[str, Any]:
    revision, correction = version.revision, version.correction
    return {
        "revision": revision.revision,
        "status": revision.status.value,
        "answers": revision.answers,
        "answered_at": revision.answered_at,
        "received_at": revision.received_at,
        "correction_id": correction.id if correction else None,
        "reason": correction.reason if correction else None,
    }

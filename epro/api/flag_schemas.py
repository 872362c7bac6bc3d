"""How flags and what is done about them look on the wire."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from epro.api.schemas import Instant
from epro.api.signatures import ProofSchema, SignatureSchema
from epro.models import (
    AwarenessKind,
    ContactChannel,
    ContactOutcome,
    FlagState,
    NextStep,
)
from epro.services.assessing import NewAssessment
from epro.services.closing import Act
from epro.services.reporting import NewSending
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness
from questionnaires.tiers import Tier

MAX_PAGE = 200
LONGEST_TEXT = 4_000


def text(longest: int = LONGEST_TEXT) -> fields.String:
    """Return a field for words that must be there."""
    return fields.String(required=True, validate=validate.Length(min=1, max=longest))


class DispositionSchema(Schema):
    """What a physician decided, without the words of it."""

    version = fields.Integer(required=True)
    is_adverse_event = fields.Boolean(required=True)
    seriousness = fields.List(fields.Enum(Seriousness, by_value=True), required=True)
    grade = fields.Integer(required=True, allow_none=True)
    relationship = fields.String(required=True, allow_none=True)
    action_taken = fields.Enum(ActionTaken, by_value=True, required=True, allow_none=True)
    outcome = fields.Enum(Outcome, by_value=True, required=True, allow_none=True)


class AssessmentSchema(DispositionSchema):
    """One version of an assessment, with its words, who made it, and why it was changed."""

    narrative = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    assessed_at = fields.AwareDateTime(required=True)
    assessed_by = fields.String(required=True)


class FlagSchema(Schema):
    id = fields.UUID(required=True)
    participant = fields.String(required=True)
    state = fields.Enum(FlagState, by_value=True, required=True)
    tier = fields.Enum(Tier, by_value=True, required=True)
    tonight = fields.Boolean(required=True)
    possible_serious = fields.Boolean(required=True)
    rules = fields.List(fields.String(), required=True)
    raised_at = fields.AwareDateTime(required=True)
    urgent_since = fields.AwareDateTime(required=True)
    next_rung_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_by = fields.String(required=True, allow_none=True)
    owner = fields.String(
        required=True, allow_none=True, metadata={"description": "Who has it now."}
    )
    news_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Since when more is on it that nobody has looked at."},
    )
    disposition = fields.Nested(DispositionSchema, required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_by = fields.String(required=True, allow_none=True)
    close_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class TriggerSchema(Schema):
    rule = fields.String(required=True)
    tier = fields.Enum(Tier, by_value=True, required=True)
    met_at = fields.AwareDateTime(required=True)
    source = fields.String(required=True)
    source_id = fields.String(required=True)
    revision = fields.Integer(required=True)
    inputs = fields.Raw(required=True, metadata={"description": "What the rule looked at."})


class FlagNoteSchema(Schema):
    kind = fields.String(required=True)
    about = fields.String(required=True)
    noted_at = fields.AwareDateTime(required=True)


class ContactFactsSchema(Schema):
    id = fields.UUID(required=True)
    channel = fields.Enum(ContactChannel, by_value=True, required=True)
    outcome = fields.Enum(ContactOutcome, by_value=True, required=True)
    next_step = fields.Enum(NextStep, by_value=True, required=True)
    note = fields.String(required=True)
    contacted_at = fields.AwareDateTime(required=True)
    flag_id = fields.UUID(required=True, allow_none=True)
    assessment_id = fields.UUID(required=True, allow_none=True)
    by = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class StatementSchema(Schema):
    """What somebody stated about when the site knew; `before_at` is what counted until then."""

    kind = fields.Enum(AwarenessKind, by_value=True, required=True)
    aware_at = fields.AwareDateTime(required=True)
    before_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True)
    stated_at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    signatures = fields.List(fields.Nested(SignatureSchema), required=True)


class SendingSchema(Schema):
    """A report of a serious event that went to the sponsor."""

    sent_at = fields.AwareDateTime(required=True)
    sent_by = fields.String(required=True)
    sent_to = fields.String(required=True)
    proof = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ClockSchema(Schema):
    """Every time of a flag; `sponsor_due_at` is information, the sponsor's own limit."""

    created_at = fields.AwareDateTime(required=True)
    delivered_at = fields.AwareDateTime(required=True, allow_none=True)
    viewed_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    aware_at = fields.AwareDateTime(required=True, allow_none=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)
    is_running = fields.Boolean(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    warn_at = fields.List(fields.AwareDateTime(), required=True)
    sponsor_due_at = fields.AwareDateTime(required=True, allow_none=True)
    statements = fields.List(fields.Nested(StatementSchema), required=True)
    sendings = fields.List(fields.Nested(SendingSchema), required=True)


class ActSchema(Schema):
    """Something to do about a flag; `why_not` is the code of the refusal it would meet now."""

    act = fields.Enum(Act, by_value=True, required=True)
    takes_signature = fields.Boolean(required=True)
    why_not = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    details = fields.Dict(required=True)


class FlagDetailSchema(FlagSchema):
    triggers = fields.List(fields.Nested(TriggerSchema), required=True)
    notes = fields.List(fields.Nested(FlagNoteSchema), required=True)
    clock = fields.Nested(ClockSchema, required=True)
    contacts = fields.List(fields.Nested(ContactFactsSchema), required=True)
    assessments = fields.List(fields.Nested(AssessmentSchema), required=True)
    signatures = fields.List(fields.Nested(SignatureSchema), required=True)
    acts = fields.List(fields.Nested(ActSchema), required=True)


class FlagListSchema(Schema):
    items = fields.List(fields.Nested(FlagSchema), required=True)
    has_more = fields.Boolean(
        required=True,
        metadata={"description": "More are open than were asked for; the newest come last."},
    )


class FlagQuerySchema(Schema):
    unacknowledged = fields.Boolean(load_default=False)
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=MAX_PAGE))


class ReassignmentSchema(Schema):
    to = text(64)
    reason = text(500)


class NewAssessmentSchema(Schema):
    """No adverse event: only the words that say why."""

    is_adverse_event = fields.Boolean(required=True)
    narrative = text()
    seriousness = fields.List(
        fields.Enum(Seriousness, by_value=True), load_default=list, validate=validate.Length(max=6)
    )
    grade = fields.Integer(load_default=None, allow_none=True, strict=True)
    relationship = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=64)
    )
    action_taken = fields.Enum(ActionTaken, by_value=True, load_default=None, allow_none=True)
    outcome = fields.Enum(Outcome, by_value=True, load_default=None, allow_none=True)
    reason = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=500),
        metadata={"description": "Needed for every version after the first."},
    )  # fmt: skip

    @post_load
    def _as_assessment(self, typed: dict[str, Any], **_kwargs: Any) -> NewAssessment:
        return NewAssessment(**typed | {"seriousness": tuple(typed["seriousness"])})


class EarlierAwarenessSchema(Schema):
    aware_at = Instant(required=True)
    reason = text(500)


class LaterAwarenessSchema(EarlierAwarenessSchema):
    signature = fields.Nested(ProofSchema, required=True)


class NewSendingSchema(Schema):
    sent_at = Instant(required=True)
    sent_by = text(200)
    sent_to = text(200)
    proof = fields.String(
        required=True, validate=validate.Length(min=1, max=500),
        metadata={"description": "Number or place of what proves the sending."},
    )  # fmt: skip

    @post_load
    def _as_sending(self, typed: dict[str, Any], **_kwargs: Any) -> NewSending:
        return NewSending(**typed)


class ClosureSchema(Schema):
    reason = text(LONGEST_TEXT)
    signature = fields.Nested(
        ProofSchema, load_default=None, allow_none=True,
        metadata={"description": "Needed for RED and ORANGE."},
    )  # fmt: skip


class SigningAgainSchema(Schema):
    signature = fields.Nested(ProofSchema, required=True)

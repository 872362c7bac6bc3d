"""Adverse events: entered, revised, linked, voided and signed by a delegated physician."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import (
    catalogue,
    current_actor,
    keyring,
    now,
    reading,
    requires,
    transaction,
)
from epro.api.idempotency import IdempotencySchema, once
from epro.api.schemas import Instant
from epro.api.signatures import SIGNING_REFUSALS, ProofSchema, SignatureSchema
from epro.errors import (
    IdempotencyConflict,
    InvalidInput,
    NoActiveStudyVersion,
    NotDelegated,
    NotFound,
    ReasonRequired,
)
from epro.errors_of_record import EventChanged
from epro.models import AdverseEvent, EventSource
from epro.services import adverse_events, enrolment, event_reading
from epro.services.event_facts import EventFacts, GradeFrom
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness

blueprint = ApiBlueprint(
    "adverse_events", __name__, url_prefix="/api/v1",
    description="Adverse events, as a physician records them.",
)  # fmt: skip
REFUSED = (NotFound, NotDelegated, ReasonRequired, InvalidInput)
MOST_GRADES = 50


def words(max_length: int) -> fields.String:
    """Return a field of words that have to be there."""
    return fields.String(required=True, validate=validate.Length(min=1, max=max_length))


def _version() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=100_000))


class GradeSchema(Schema):
    grade = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=5))
    from_on = fields.Date(required=True)

    @post_load
    def _as_grade(self, given: dict[str, Any], **_kwargs: Any) -> GradeFrom:
        return GradeFrom(**given)


class EventFactsSchema(Schema):
    """Everything that is assessed. Days are local to the participant."""

    term = words(200)
    onset_on = fields.Date(required=True)
    onset_at = Instant(
        load_default=None, allow_none=True,
        metadata={"description": "Where the hour matters, as on the day of an infusion."},
    )  # fmt: skip
    ended_on = fields.Date(load_default=None, allow_none=True)
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    action_taken = fields.Enum(ActionTaken, by_value=True, required=True)
    relationship = words(64)
    seriousness = fields.List(
        fields.Enum(Seriousness, by_value=True), required=True,
        validate=validate.Length(max=len(Seriousness)),
    )  # fmt: skip
    grades = fields.List(
        fields.Nested(GradeSchema), required=True, validate=validate.Length(min=1, max=MOST_GRADES)
    )

    @post_load
    def _as_facts(self, given: dict[str, Any], **_kwargs: Any) -> EventFacts:
        given["seriousness"] = tuple(given["seriousness"])
        given["grades"] = tuple(given["grades"])
        return EventFacts(**given)


class NewEventSchema(Schema):
    event = fields.Nested(EventFactsSchema, required=True)
    reason = words(500)


class RevisionSchema(NewEventSchema):
    version = _version()


class LinkSchema(Schema):
    response_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(max=100))
    reason = words(500)


class VoidSchema(Schema):
    reason = words(500)
    duplicate_of_number = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(min=1, max=9_999)
    )


class SignSchema(Schema):
    version = _version()
    signature = fields.Nested(ProofSchema, required=True)


class BasisSchema(Schema):
    source = fields.Enum(EventSource, by_value=True, required=True)
    key = fields.String(required=True)
    disposition = fields.String(required=True)
    is_as_decided = fields.Boolean(
        required=True, metadata={"description": "It still says what was decided about."}
    )


class EventSchema(Schema):
    id = fields.UUID(required=True)
    participant = fields.String(required=True)
    number = fields.Integer(required=True)
    version = fields.Integer(required=True)
    source = fields.Enum(EventSource, by_value=True, required=True)
    term = fields.String(required=True)
    onset_on = fields.Date(required=True)
    onset_at = fields.AwareDateTime(required=True, allow_none=True)
    study_day = fields.String(
        required=True, allow_none=True, metadata={"description": "By the first infusion."}
    )
    is_treatment_emergent = fields.Boolean(required=True)
    ended_on = fields.Date(required=True, allow_none=True)
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    action_taken = fields.Enum(ActionTaken, by_value=True, required=True)
    relationship = fields.String(required=True)
    is_related = fields.Boolean(required=True)
    seriousness = fields.List(fields.String(), required=True)
    grades = fields.List(fields.Raw(), required=True)
    worst_grade = fields.Integer(required=True)
    linked_responses = fields.List(fields.UUID(), required=True)
    basis = fields.List(fields.Nested(BasisSchema), required=True)
    recorded_at = fields.AwareDateTime(required=True)
    voided_at = fields.AwareDateTime(required=True, allow_none=True)
    duplicate_of_number = fields.Integer(required=True, allow_none=True)
    signatures = fields.List(fields.Nested(SignatureSchema), required=True)


class EventListSchema(Schema):
    items = fields.List(fields.Nested(EventSchema), required=True)


class EventVersionSchema(Schema):
    version = fields.Integer(required=True)
    content = fields.Raw(required=True)
    reason = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.String(required=True)


class EventVersionListSchema(Schema):
    items = fields.List(fields.Nested(EventVersionSchema), required=True)


@blueprint.post("/participants/<code:code>/adverse-events")
@requires(Permission.ASSESS_ADVERSE_EVENT)
@blueprint.arguments(NewEventSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, EventSchema)
@blueprint.refuses(*REFUSED, NoActiveStudyVersion, IdempotencyConflict)
def enter_event(typed: dict[str, Any], headers: dict[str, Any], code: str) -> dict[str, Any]:
    """Enter an event that an examination or the laboratory showed."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(
            session, actor, code, Permission.ASSESS_ADVERSE_EVENT
        )

        def act() -> str:
            event = adverse_events.enter(
                session, actor, participant, typed["event"], reason=typed["reason"],
                catalogue=catalogue(session), now=now(),
            )  # fmt: skip
            return str(event.id)

        event_id = UUID(once(session, actor, headers["key"], act))
        return _described(session, session.get_one(AdverseEvent, event_id))


@blueprint.get("/participants/<code:code>/adverse-events")
@requires(Permission.READ_ADVERSE_EVENT)
@blueprint.response(200, EventListSchema)
@blueprint.refuses(NotFound)
def list_events(code: str) -> dict[str, Any]:
    """List a participant's events by number, voided ones too."""
    actor = current_actor()
    with reading() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.READ_ADVERSE_EVENT)
        found = event_reading.list_events(session, actor, participant)
        return {"items": [_described(session, one) for one in found]}


@blueprint.get("/adverse-events/<uuid:event_id>")
@requires(Permission.READ_ADVERSE_EVENT)
@blueprint.response(200, EventSchema)
@blueprint.refuses(NotFound)
def read_event(event_id: UUID) -> dict[str, Any]:
    """Read one event with its basis and signatures."""
    with reading() as session:
        event = event_reading.get_event(session, current_actor(), event_id)
        return _described(session, event)


@blueprint.get("/adverse-events/<uuid:event_id>/versions")
@requires(Permission.READ_ADVERSE_EVENT)
@blueprint.response(200, EventVersionListSchema)
@blueprint.refuses(NotFound)
def list_event_versions(event_id: UUID) -> dict[str, Any]:
    """List every version of an event, the first one first."""
    with reading() as session:
        event = event_reading.get_event(session, current_actor(), event_id)
        return {
            "items": [
                {
                    "version": version.version,
                    "content": version.content,
                    "reason": version.reason,
                    "recorded_at": version.recorded_at,
                    "recorded_by": user.username,
                }
                for version, user in event_reading.versions_of(session, event)
            ]
        }


@blueprint.put("/adverse-events/<uuid:event_id>")
@requires(Permission.ASSESS_ADVERSE_EVENT)
@blueprint.arguments(RevisionSchema)
@blueprint.response(200, EventSchema)
@blueprint.refuses(*REFUSED, EventChanged)
def revise_event(typed: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Say anew what is known of an event; the same facts again change nothing."""
    with transaction() as session:
        event = adverse_events.revise(
            session, current_actor(), event_id, typed["event"], version=typed["version"],
            reason=typed["reason"], catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _described(session, event)


@blueprint.put("/adverse-events/<uuid:event_id>/links")
@requires(Permission.ASSESS_ADVERSE_EVENT)
@blueprint.arguments(LinkSchema)
@blueprint.response(200, EventSchema)
@blueprint.refuses(*REFUSED)
def link_event(typed: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Say which of her reports of medicines and care belong to an event."""
    with transaction() as session:
        event = adverse_events.link(
            session, current_actor(), event_id, typed["response_ids"], reason=typed["reason"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _described(session, event)


@blueprint.post("/adverse-events/<uuid:event_id>/void")
@requires(Permission.ASSESS_ADVERSE_EVENT)
@blueprint.arguments(VoidSchema)
@blueprint.response(200, EventSchema)
@blueprint.refuses(*REFUSED)
def void_event(typed: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Void an event entered in error, or twice. It stays on record; again is harmless."""
    with transaction() as session:
        event = adverse_events.void(
            session, current_actor(), event_id, reason=typed["reason"],
            duplicate_of_number=typed["duplicate_of_number"],
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _described(session, event)


@blueprint.post("/adverse-events/<uuid:event_id>/signature")
@requires(Permission.ASSESS_ADVERSE_EVENT)
@blueprint.arguments(SignSchema)
@blueprint.response(200, EventSchema)
@blueprint.refuses(NotFound, NotDelegated, EventChanged, *SIGNING_REFUSALS)
def sign_event(typed: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Sign the assessment of an event as it stands, with password and one-time code."""
    with transaction() as session:
        event = adverse_events.sign(
            session, current_actor(), event_id, typed["signature"], version=typed["version"],
            catalogue=catalogue(session), keyring=keyring(), now=now(),
        )  # fmt: skip
        return _described(session, event)


def _described(session: Session, event: AdverseEvent) -> dict[str, Any]:
    shown = event_reading.shown(session, event, catalogue=catalogue(session), now=now())
    columns = {column.key: getattr(event, column.key) for column in event.__table__.columns}
    return columns | {
        "participant": shown.participant.code,
        "study_day": shown.study_day,
        "is_treatment_emergent": shown.is_treatment_emergent,
        "is_related": shown.is_related,
        "worst_grade": event.worst_grade,
        "basis": shown.basis,
        "signatures": shown.signatures,
    }

"""The register of breaches: what happened, what was done against it, who was told by when."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, once
from epro.api.schemas import Instant
from epro.errors import IdempotencyConflict, InvalidInput, NotFound
from epro.errors_of_protection import IncidentClosed, IncidentStillOpen
from epro.errors_of_record import AlreadyDecided
from epro.models import DataIncidentKind, IncidentSeverity
from epro.services import data_incidents
from epro.services.data_incidents import NewIncident, Shown, Step, Word
from questionnaires.data_protection import Recipient, Urgency, urgency_of_instant

blueprint = ApiBlueprint(
    "data_incidents", __name__, url_prefix="/api/v1",
    description="Breaches of personal data and of blinding; exercises are listed apart.",
)  # fmt: skip
LINE, WORDS = validate.Length(min=1, max=200), validate.Length(min=1, max=4_000)
MOST_PERSONS = 10_000_000


def _person_count() -> fields.Integer:
    return fields.Integer(
        load_default=None, allow_none=True, strict=True,
        validate=validate.Range(min=0, max=MOST_PERSONS),
        metadata={"description": "How many persons are concerned; absent while nobody knows."},
    )  # fmt: skip


class NewDataIncidentSchema(Schema):
    kind = fields.Enum(DataIncidentKind, by_value=True, required=True)
    severity = fields.Enum(IncidentSeverity, by_value=True, required=True)
    found_at = Instant(required=True)
    found_by = fields.String(required=True, validate=LINE)
    happened = fields.String(required=True, validate=WORDS)
    data_concerned = fields.String(required=True, validate=WORDS)
    person_count = _person_count()
    is_exercise = fields.Boolean(load_default=False)

    @post_load
    def _as_incident(self, typed: dict[str, Any], **_kwargs: Any) -> NewIncident:
        return NewIncident(**typed)


class NewDataIncidentStepSchema(Schema):
    words = fields.String(required=True, validate=WORDS)
    taken_at = Instant(required=True)
    taken_by = fields.String(required=True, validate=LINE)
    is_contained = fields.Boolean(
        load_default=False, metadata={"description": "With this nothing more can leak."}
    )
    severity = fields.Enum(IncidentSeverity, by_value=True, load_default=None, allow_none=True)
    person_count = _person_count()

    @post_load
    def _as_step(self, typed: dict[str, Any], **_kwargs: Any) -> Step:
        return Step(**typed)


class NoticeWordSchema(Schema):
    """Either `told_at` with its proof, or `not_needed_because`."""

    recipient = fields.Enum(Recipient, by_value=True, required=True)
    told_at = Instant(load_default=None, allow_none=True)
    proof = fields.String(load_default="", validate=validate.Length(max=4_000))
    not_needed_because = fields.String(load_default="", validate=validate.Length(max=4_000))


class DataIncidentClosureSchema(Schema):
    cause = fields.String(required=True, validate=WORDS)
    prevention = fields.String(required=True, validate=WORDS)


class DataIncidentListQuerySchema(Schema):
    is_open = fields.Boolean(load_default=True)
    is_exercise = fields.Boolean(load_default=False)


class NoticeSchema(Schema):
    recipient = fields.Enum(Recipient, by_value=True, required=True)
    due_at = fields.AwareDateTime(required=True)
    urgency = fields.Enum(
        Urgency, by_value=True, required=True, allow_none=True,
        metadata={"description": "Empty once it is settled."},
    )  # fmt: skip
    told_at = fields.AwareDateTime(required=True, allow_none=True)
    proof = fields.String(required=True)
    not_needed_because = fields.String(required=True)


class DataIncidentStepSchema(Schema):
    words = fields.String(required=True)
    taken_at = fields.AwareDateTime(required=True)
    taken_by = fields.String(required=True)
    is_contained = fields.Boolean(required=True)


class DataIncidentLineSchema(Schema):
    id = fields.UUID(required=True)
    site = fields.String(required=True)
    is_exercise = fields.Boolean(required=True)
    kind = fields.Enum(DataIncidentKind, by_value=True, required=True)
    severity = fields.Enum(IncidentSeverity, by_value=True, required=True)
    found_at = fields.AwareDateTime(required=True)
    found_by = fields.String(required=True)
    happened = fields.String(required=True)
    data_concerned = fields.String(required=True)
    person_count = fields.Integer(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.String(required=True)
    contained_at = fields.AwareDateTime(required=True, allow_none=True)
    still_open = fields.List(
        fields.String(), required=True,
        metadata={"description": "What stands against closing it."},
    )  # fmt: skip
    cause = fields.String(required=True)
    prevention = fields.String(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_by = fields.String(required=True, allow_none=True)
    notices = fields.List(fields.Nested(NoticeSchema), required=True)


class DataIncidentSchema(DataIncidentLineSchema):
    steps = fields.List(fields.Nested(DataIncidentStepSchema), required=True)


class DataIncidentListSchema(Schema):
    items = fields.List(fields.Nested(DataIncidentLineSchema), required=True)


@blueprint.post("/sites/<code:site>/data-incidents")
@requires(Permission.HANDLE_DATA_INCIDENT)
@blueprint.arguments(NewDataIncidentSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, DataIncidentSchema)
@blueprint.refuses(NotFound, InvalidInput, IdempotencyConflict)
def record_data_incident(new: NewIncident, headers: dict[str, Any], site: str) -> dict[str, Any]:
    """Enter a breach; everybody who may have to be told stands on it with an hour."""
    actor = current_actor()
    with transaction() as session:
        incident_id = once(
            session, actor, headers["key"],
            lambda: str(
                data_incidents.record(
                    session, actor, site, new, catalogue=catalogue(session), now=now()
                ).id
            ),
        )  # fmt: skip
        return _read(session, UUID(incident_id))


@blueprint.get("/data-incidents")
@requires(Permission.READ_DATA_INCIDENT)
@blueprint.arguments(DataIncidentListQuerySchema, location="query")
@blueprint.response(200, DataIncidentListSchema)
def list_data_incidents(asked: dict[str, Any]) -> dict[str, Any]:
    """List breaches at the reader's sites, or exercises, the newest first."""
    with reading() as session:
        found = data_incidents.list_of(
            session, current_actor(), only_open=asked["is_open"], is_exercise=asked["is_exercise"]
        )
        return {"items": [_described(session, one) for one in found]}


@blueprint.get("/data-incidents/<uuid:incident_id>")
@requires(Permission.READ_DATA_INCIDENT)
@blueprint.response(200, DataIncidentSchema)
@blueprint.refuses(NotFound)
def show_data_incident(incident_id: UUID) -> dict[str, Any]:
    """Return one breach with its steps and with whom it was told to."""
    with reading() as session:
        return _read(session, incident_id)


@blueprint.post("/data-incidents/<uuid:incident_id>/steps")
@requires(Permission.HANDLE_DATA_INCIDENT)
@blueprint.arguments(NewDataIncidentStepSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, DataIncidentSchema)
@blueprint.refuses(NotFound, InvalidInput, IncidentClosed, IdempotencyConflict)
def take_data_incident_step(
    step: Step, headers: dict[str, Any], incident_id: UUID
) -> dict[str, Any]:
    """Write down a step of containment: when, by whom, what."""
    actor = current_actor()
    with transaction() as session:
        once(
            session, actor, headers["key"],
            lambda: str(
                data_incidents.take_step(
                    session, actor, incident_id, step, catalogue=catalogue(session), now=now()
                ).id
            ),
        )  # fmt: skip
        return _read(session, incident_id)


@blueprint.post("/data-incidents/<uuid:incident_id>/notices")
@requires(Permission.HANDLE_DATA_INCIDENT)
@blueprint.arguments(NoticeWordSchema)
@blueprint.response(200, DataIncidentSchema)
@blueprint.refuses(NotFound, InvalidInput, IncidentClosed, AlreadyDecided)
def settle_data_incident_notice(typed: dict[str, Any], incident_id: UUID) -> dict[str, Any]:
    """Put down that somebody was told, with proof; or why that is not needed. Again is harmless."""
    recipient = typed.pop("recipient")
    with transaction() as session:
        data_incidents.settle_notice(
            session, current_actor(), incident_id, recipient, Word(**typed),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _read(session, incident_id)


@blueprint.post("/data-incidents/<uuid:incident_id>/closure")
@requires(Permission.HANDLE_DATA_INCIDENT)
@blueprint.arguments(DataIncidentClosureSchema)
@blueprint.response(200, DataIncidentSchema)
@blueprint.refuses(NotFound, InvalidInput, IncidentClosed, IncidentStillOpen)
def close_data_incident(typed: dict[str, Any], incident_id: UUID) -> dict[str, Any]:
    """Close a breach with its cause and prevention, once everything else is settled."""
    with transaction() as session:
        data_incidents.close(
            session, current_actor(), incident_id, **typed,
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip
        return _read(session, incident_id)


def _read(session: Session, incident_id: UUID) -> dict[str, Any]:
    shown = data_incidents.get(session, current_actor(), incident_id)
    return {
        **_described(session, shown),
        "steps": data_incidents.steps_of(session, shown.incident),
    }


def _described(session: Session, shown: Shown) -> dict[str, Any]:
    notices = [
        {
            "recipient": one.recipient,
            "due_at": one.due_at,
            "urgency": None if one.settled_at else urgency_of_instant(one.due_at, now()),
            "told_at": one.told_at,
            "proof": one.proof,
            "not_needed_because": one.not_needed_because,
        }
        for one in shown.notices
    ]
    return {
        **data_incidents.facts_of(session, shown.incident),
        "site": shown.site.code,
        "still_open": [] if shown.incident.closed_at else list(shown.still_open),
        "notices": notices,
    }

"""What participants ask about their own data: recorded, worked on, ended with a reason."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, keyring, now, reading, requires, transaction
from epro.api.idempotency import IdempotencySchema, once
from epro.errors import IdempotencyConflict, InvalidInput, NotFound
from epro.errors_of_protection import ContactStillNeeded, MustBeKept, RequestEnded
from epro.models import AskedBy, IdentityCheck, RequestAct, RequestKind, RequestOutcome
from epro.services import data_requests, own_copy
from epro.services.data_requests import NewRequest, Shown
from epro.services.own_copy import OwnCopy
from questionnaires.data_protection import Urgency

blueprint = ApiBlueprint(
    "data_requests", __name__, url_prefix="/api/v1",
    description="Requests of participants about their own data, each with its due day.",
)  # fmt: skip
WORDS = validate.Length(min=1, max=4_000)


class NewDataRequestSchema(Schema):
    kind = fields.Enum(RequestKind, by_value=True, required=True)
    asked_by = fields.Enum(AskedBy, by_value=True, required=True)
    identity_check = fields.Enum(
        IdentityCheck, by_value=True, required=True,
        metadata={"description": "How it was made sure who asks. No number is kept."},
    )  # fmt: skip
    received_on = fields.Date(
        required=True, metadata={"description": "A day of the site's calendar."}
    )
    words = fields.String(required=True, validate=WORDS)

    @post_load
    def _as_request(self, typed: dict[str, Any], **_kwargs: Any) -> NewRequest:
        return NewRequest(**typed)


class DataRequestStepInSchema(Schema):
    words = fields.String(required=True, validate=WORDS)
    owner = fields.String(
        load_default=None, validate=validate.Length(min=1, max=64),
        metadata={"description": "User name of a colleague who looks after it from now on."},
    )  # fmt: skip


class DataRequestExtensionSchema(Schema):
    due_on = fields.Date(required=True)
    reason = fields.String(
        required=True, validate=WORDS, metadata={"description": "As she was told."}
    )


class DataRequestEndSchema(Schema):
    outcome = fields.Enum(RequestOutcome, by_value=True, required=True)
    explanation = fields.String(
        required=True, validate=WORDS, metadata={"description": "As she was told."}
    )


class DataRequestListQuerySchema(Schema):
    participant = fields.String(load_default=None, validate=validate.Length(max=32))
    is_open = fields.Boolean(load_default=True)


class DataRequestStepSchema(Schema):
    act = fields.Enum(RequestAct, by_value=True, required=True)
    words = fields.String(required=True)
    taken_at = fields.AwareDateTime(required=True)
    taken_by = fields.String(required=True)


class DataRequestLineSchema(Schema):
    """People by user name. `due_on` is the last day in `zone`."""

    id = fields.UUID(required=True)
    participant = fields.String(required=True)
    site = fields.String(required=True)
    kind = fields.Enum(RequestKind, by_value=True, required=True)
    asked_by = fields.Enum(AskedBy, by_value=True, required=True)
    identity_check = fields.Enum(IdentityCheck, by_value=True, required=True)
    words = fields.String(required=True)
    received_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    zone = fields.String(required=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    is_extended = fields.Boolean(required=True)
    owner = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.String(required=True)
    outcome = fields.Enum(RequestOutcome, by_value=True, required=True, allow_none=True)
    explanation = fields.String(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)


class DataRequestSchema(DataRequestLineSchema):
    steps = fields.List(fields.Nested(DataRequestStepSchema), required=True)


class DataRequestListSchema(Schema):
    items = fields.List(fields.Nested(DataRequestLineSchema), required=True)


class SaidSchema(Schema):
    question = fields.String(required=True)
    answer = fields.String(required=True)


class OwnAnswersSchema(Schema):
    title = fields.String(required=True)
    answered_at = fields.AwareDateTime(required=True)
    zone = fields.String(required=True)
    revision = fields.Integer(required=True)
    said = fields.List(fields.Nested(SaidSchema), required=True)


class OwnCopySchema(Schema):
    """In her language. Contact data are empty where none are kept."""

    participant = fields.String(required=True)
    language = fields.String(required=True)
    made_at = fields.AwareDateTime(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    year_of_birth = fields.Integer(required=True, allow_none=True)
    answers = fields.List(fields.Nested(OwnAnswersSchema), required=True)


@blueprint.post("/participants/<code:code>/data-requests")
@requires(Permission.HANDLE_DATA_REQUEST)
@blueprint.arguments(NewDataRequestSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, DataRequestSchema)
@blueprint.refuses(NotFound, InvalidInput, IdempotencyConflict)
def record_data_request(new: NewRequest, headers: dict[str, Any], code: str) -> dict[str, Any]:
    """Write down what a participant asks about her data; its due day follows from the site."""
    actor = current_actor()
    with transaction() as session:
        request_id = once(
            session, actor, headers["key"],
            lambda: str(data_requests.record(session, actor, code, new, now=now()).id),
        )  # fmt: skip
        return _read(session, UUID(request_id))


@blueprint.get("/data-requests")
@requires(Permission.READ_DATA_REQUEST)
@blueprint.arguments(DataRequestListQuerySchema, location="query")
@blueprint.response(200, DataRequestListSchema)
def list_data_requests(asked: dict[str, Any]) -> dict[str, Any]:
    """List requests at the reader's sites: the open ones by their day, then those that ended."""
    with reading() as session:
        found = data_requests.list_of(
            session, current_actor(), only_open=asked["is_open"], code=asked["participant"]
        )
        return {"items": [_described(session, one) for one in found]}


@blueprint.get("/data-requests/<uuid:request_id>")
@requires(Permission.READ_DATA_REQUEST)
@blueprint.response(200, DataRequestSchema)
@blueprint.refuses(NotFound)
def show_data_request(request_id: UUID) -> dict[str, Any]:
    """Return one request with what was done about it."""
    with reading() as session:
        return _read(session, request_id)


@blueprint.post("/data-requests/<uuid:request_id>/steps")
@requires(Permission.HANDLE_DATA_REQUEST)
@blueprint.arguments(DataRequestStepInSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(200, DataRequestSchema)
@blueprint.refuses(NotFound, InvalidInput, RequestEnded, IdempotencyConflict)
def note_data_request_step(
    step: dict[str, Any], headers: dict[str, Any], request_id: UUID
) -> dict[str, Any]:
    """Note what was done; or hand the request to a colleague, saying why."""
    actor = current_actor()
    with transaction() as session:
        once(
            session, actor, headers["key"],
            lambda: str(data_requests.take_step(session, actor, request_id, **step, now=now()).id),
        )  # fmt: skip
        return _read(session, request_id)


@blueprint.post("/data-requests/<uuid:request_id>/extension")
@requires(Permission.HANDLE_DATA_REQUEST)
@blueprint.arguments(DataRequestExtensionSchema)
@blueprint.response(200, DataRequestSchema)
@blueprint.refuses(NotFound, InvalidInput, RequestEnded)
def extend_data_request(typed: dict[str, Any], request_id: UUID) -> dict[str, Any]:
    """Set a later day, once, with the reason she was told; refused when sent again."""
    with transaction() as session:
        data_requests.extend(session, current_actor(), request_id, **typed, now=now())
        return _read(session, request_id)


@blueprint.post("/data-requests/<uuid:request_id>/erasure")
@requires(Permission.HANDLE_DATA_REQUEST)
@blueprint.response(200, DataRequestSchema)
@blueprint.refuses(NotFound, InvalidInput, RequestEnded, ContactStillNeeded)
def erase_contact_data(request_id: UUID) -> dict[str, Any]:
    """Remove her contact data, once nobody has to reach her; what she gave for the trial stays."""
    with transaction() as session:
        data_requests.erase_contact_data(session, current_actor(), request_id, now=now())
        return _read(session, request_id)


@blueprint.post("/data-requests/<uuid:request_id>/copy")
@requires(Permission.HANDLE_DATA_REQUEST)
@blueprint.response(200, OwnCopySchema)
@blueprint.refuses(NotFound, InvalidInput, RequestEnded)
def copy_own_data(request_id: UUID) -> dict[str, Any]:
    """Make a copy of her data for a request that asks for it; that it was made is on record."""
    with transaction() as session:
        copy = own_copy.make(
            session, current_actor(), request_id,
            catalogue=catalogue(session), keyring=keyring(), now=now(),
        )  # fmt: skip
        return _copied(copy)


@blueprint.post("/data-requests/<uuid:request_id>/end")
@requires(Permission.HANDLE_DATA_REQUEST)
@blueprint.arguments(DataRequestEndSchema)
@blueprint.response(200, DataRequestSchema)
@blueprint.refuses(NotFound, InvalidInput, RequestEnded, MustBeKept)
def end_data_request(typed: dict[str, Any], request_id: UUID) -> dict[str, Any]:
    """End a request with what she was told; refused when sent again."""
    with transaction() as session:
        data_requests.end(session, current_actor(), request_id, **typed, now=now())
        return _read(session, request_id)


def _read(session: Session, request_id: UUID) -> dict[str, Any]:
    shown = data_requests.get(session, current_actor(), request_id)
    steps = [
        {"act": step.act, "words": step.words, "taken_at": step.taken_at, "taken_by": by.username}
        for step, by in data_requests.steps_of(session, shown.request)
    ]
    return {**_described(session, shown), "steps": steps}


def _described(session: Session, shown: Shown) -> dict[str, Any]:
    return {
        **data_requests.facts_of(session, shown.request),
        "participant": shown.participant.code,
        "site": shown.site.code,
        "urgency": shown.urgency(now()),
    }


def _copied(copy: OwnCopy) -> dict[str, Any]:
    known = copy.contact_data
    return {
        "participant": copy.participant.code,
        "language": copy.participant.language.value,
        "made_at": copy.made_at,
        "phone": known.phone if known else None,
        "email": known.email if known else None,
        "year_of_birth": known.year_of_birth if known else None,
        "answers": [
            {
                "title": seen.title,
                "answered_at": seen.response.answered_at,
                "zone": seen.response.zone,
                "revision": seen.response.revision,
                "said": [
                    {"question": question, "answer": answer}
                    for question, answer in own_copy.said_in(seen)
                ],
            }
            for seen in copy.answers
        ],
    }

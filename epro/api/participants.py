"""Participants as the site sees them: enrolment, activation codes, devices, identity on record."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.consent_schemas import (
    ConsentSchema,
    ConsentToSignSchema,
    GivenConsentSchema,
)
from epro.api.context import (
    catalogue,
    current_actor,
    keyring,
    now,
    reading,
    requires,
    transaction,
    wall_now,
)
from epro.api.idempotency import IdempotencySchema, led_to, remember
from epro.errors import (
    AlreadyExists,
    BodyTooLarge,
    ConsentMissing,
    IdempotencyConflict,
    IdentityMissing,
    InvalidInput,
    NoActiveStudyVersion,
    NotFound,
    ReasonRequired,
)
from epro.models import LifeCycle, Participant, ReminderChannel, Site
from epro.services import consents, contact_data, enrolment, identity, sessions
from epro.services.contact_data import NewIdentity
from epro.services.enrolment import IssuedCode
from epro.services.enrolment_form import Enrolment
from epro.services.identity import Identity
from questionnaires.definition import Language, ThermometerRoute
from questionnaires.schedule import DiarySlot

blueprint = ApiBlueprint(
    "participants",
    __name__,
    url_prefix="/api/v1/participants",
    description="Who is in the trial, by code.",
)
MAX_PAGE = 200


def _text(max_length: int) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=max_length))


class EnrolmentSchema(Schema):
    code = _text(32)
    site = _text(32)
    language = fields.Enum(Language, by_value=True, required=True)
    year_of_birth = fields.Integer(required=True, strict=True)
    phone = _text(32)
    email = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(min=3, max=254)
    )
    consents = fields.List(
        fields.Nested(GivenConsentSchema), required=True, validate=validate.Length(max=20)
    )
    diary_slot = fields.Enum(DiarySlot, by_value=True, load_default=DiarySlot.EVENING)
    zone = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(min=1, max=64)
    )
    thermometer_route = fields.Enum(
        ThermometerRoute, by_value=True, load_default=None, allow_none=True
    )

    @post_load
    def _as_enrolment(self, filled_in: dict[str, Any], **_kwargs: Any) -> Enrolment:
        consents = tuple(filled_in.pop("consents"))
        return Enrolment(consents=consents, **filled_in)


class RecordIdentitySchema(Schema):
    phone = _text(32)
    year_of_birth = fields.Integer(required=True, strict=True)


class CorrectIdentitySchema(Schema):
    phone = fields.String(validate=validate.Length(min=1, max=32))
    email = fields.String(allow_none=True, validate=validate.Length(min=1, max=254))
    year_of_birth = fields.Integer(strict=True)
    reason = _text(2_000)


class CorrectedIdentitySchema(Schema):
    changed = fields.List(fields.String(validate=validate.OneOf(identity.FIELDS)), required=True)


class PageQuerySchema(Schema):
    site = fields.String(load_default=None, validate=validate.Length(min=1, max=32))
    cursor = fields.String(load_default="", validate=validate.Length(max=32))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=MAX_PAGE))


class IdentityQuerySchema(Schema):
    reason = fields.String(load_default=None, validate=validate.Length(min=1, max=200))


class ParticipantSchema(Schema):
    code = fields.String(required=True)
    site = fields.String(required=True)
    language = fields.Enum(Language, by_value=True, required=True)
    zone = fields.String(required=True)
    thermometer_route = fields.Enum(ThermometerRoute, by_value=True, required=True)
    enrolled_at = fields.AwareDateTime(required=True)
    activated_at = fields.AwareDateTime(required=True, allow_none=True)
    reminder_time = fields.String(required=True, allow_none=True)
    reminder_channel = fields.Enum(ReminderChannel, by_value=True, required=True, allow_none=True)
    life_cycle = fields.Enum(LifeCycle, by_value=True, required=True)
    life_cycle_at = fields.AwareDateTime(required=True, allow_none=True)
    diary_slot = fields.Enum(DiarySlot, by_value=True, required=True)
    version = fields.Integer(required=True)


class ActivationStateSchema(Schema):
    issued_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    used_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    failed_count = fields.Integer(required=True)


class ParticipantDetailSchema(ParticipantSchema):
    consents = fields.List(fields.Nested(ConsentSchema), required=True)
    consents_to_sign = fields.List(
        fields.Nested(ConsentToSignSchema), required=True,
        metadata={"description": "What she signed in another edition than the study names now. "
                   "Nothing waits for it."},
    )  # fmt: skip
    latest_activation_code = fields.Nested(ActivationStateSchema, required=True, allow_none=True)


class ParticipantPageSchema(Schema):
    items = fields.List(fields.Nested(ParticipantSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class IssuedCodeSchema(Schema):
    participant = fields.Nested(ParticipantSchema, required=True)
    activation_code = fields.String(
        required=True, allow_none=True,
        metadata={"description": "Shown this once; null when this request was answered before."},
    )  # fmt: skip
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class IdentitySchema(Schema):
    phone = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    year_of_birth = fields.Integer(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class DeviceSchema(Schema):
    id = fields.UUID(required=True)
    client = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    last_seen_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_reason = fields.String(required=True, allow_none=True)


class DeviceListSchema(Schema):
    items = fields.List(fields.Nested(DeviceSchema), required=True)


@blueprint.post("")
@requires(Permission.ENROL_PARTICIPANT)
@blueprint.arguments(EnrolmentSchema)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, IssuedCodeSchema)
@blueprint.refuses(
    NotFound, InvalidInput, ConsentMissing, AlreadyExists, NoActiveStudyVersion, IdempotencyConflict
)
def enrol_participant(filled_in: Enrolment, headers: dict[str, Any]) -> dict[str, Any]:
    """Enrol a participant; the activation code in the answer is shown this once."""
    actor = current_actor()
    with transaction() as session:
        if earlier := led_to(session, actor, headers["key"]):
            return _shown_already(session, actor, earlier, Permission.ENROL_PARTICIPANT)
        issued = enrolment.enrol(
            session,
            actor,
            filled_in,
            keyring=keyring(),
            catalogue=catalogue(session),
            now=now(),
        )
        return _issued(session, actor, headers["key"], issued)


@blueprint.get("")
@requires(Permission.READ_PARTICIPANT)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, ParticipantPageSchema)
def list_participants(query: dict[str, Any]) -> dict[str, Any]:
    """List the participants of one's sites, by code, page by page."""
    limit = query["limit"]
    with reading() as session:
        found = enrolment.list_participants(
            session, current_actor(), site=query["site"], after=query["cursor"], limit=limit + 1
        )
        page = found[:limit]
        return {
            "items": [_facts(session, participant) for participant in page],
            "next_cursor": page[-1].code if len(found) > limit else None,
        }


@blueprint.get("/<code:code>")
@requires(Permission.READ_PARTICIPANT)
@blueprint.response(200, ParticipantDetailSchema)
@blueprint.refuses(NotFound)
def read_participant(code: str) -> dict[str, Any]:
    """Return a participant with her consents and how her latest activation code stands."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.READ_PARTICIPANT
        )
        return _facts(session, participant) | {
            "consents": consents.of_participant(session, participant),
            "consents_to_sign": [
                {"kind": kind, "document_version": version}
                for kind, version in consents.to_sign_anew(
                    session, participant, catalogue=catalogue(session), now=now()
                ).items()
            ],
            "latest_activation_code": enrolment.latest_activation_code(session, participant),
        }


@blueprint.post("/<code:code>/activation-codes")
@requires(Permission.ISSUE_ACTIVATION_CODE)
@blueprint.arguments(IdempotencySchema, location="headers")
@blueprint.response(201, IssuedCodeSchema)
@blueprint.refuses(NotFound, IdempotencyConflict, BodyTooLarge, IdentityMissing)
def issue_activation_code(headers: dict[str, Any], code: str) -> dict[str, Any]:
    """Hand out a new activation code, shown this once; the one before is revoked."""
    actor = current_actor()
    with transaction() as session:
        if earlier := led_to(session, actor, headers["key"]):
            return _shown_already(session, actor, earlier, Permission.ISSUE_ACTIVATION_CODE)
        issued = enrolment.issue_activation_code(session, actor, code, keyring=keyring(), now=now())
        return _issued(session, actor, headers["key"], issued)


@blueprint.post("/<code:code>/identity")
@requires(Permission.RECORD_IDENTITY)
@blueprint.arguments(RecordIdentitySchema)
@blueprint.response(204)
@blueprint.refuses(NotFound, InvalidInput, AlreadyExists)
def record_identity(typed: dict[str, Any], code: str) -> None:
    """Write down who a participant is that the clinical database enrolled by code alone."""
    with transaction() as session:
        enrolment.record_identity(
            session, current_actor(), code, phone=typed["phone"],
            year_of_birth=typed["year_of_birth"], keyring=keyring(), now=now(),
        )  # fmt: skip


@blueprint.patch("/<code:code>/identity")
@requires(Permission.RECORD_IDENTITY)
@blueprint.arguments(CorrectIdentitySchema)
@blueprint.response(200, CorrectedIdentitySchema)
@blueprint.refuses(NotFound, InvalidInput, ReasonRequired)
def correct_identity(typed: dict[str, Any], code: str) -> dict[str, Any]:
    """Correct phone, e-mail (null: she has none) or year of birth; says which are other now.

    What is left out stays. Messages that wait go to the new number.
    """
    new = NewIdentity(
        phone=typed.get("phone"), email=typed.get("email"),
        year_of_birth=typed.get("year_of_birth"),
        removes_email="email" in typed and typed["email"] is None,
    )  # fmt: skip
    with transaction() as session:
        changed = contact_data.correct_identity(
            session, current_actor(), code, new, reason=typed["reason"], keyring=keyring(),
            now=now(),
        )  # fmt: skip
    return {"changed": changed}


@blueprint.get("/<code:code>/identity")
@requires(Permission.READ_IDENTITY)
@blueprint.arguments(IdentityQuerySchema, location="query")
@blueprint.response(200, IdentitySchema)
@blueprint.refuses(NotFound)
def read_identity(query: dict[str, Any], code: str) -> Identity:
    """Return how to reach a participant; that it was read, by whom and why, goes on record."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.READ_IDENTITY)
        return identity.read(
            session, actor, participant, reason=query["reason"], keyring=keyring(), now=now()
        )


@blueprint.get("/<code:code>/devices")
@requires(Permission.REVOKE_DEVICE)
@blueprint.response(200, DeviceListSchema)
@blueprint.refuses(NotFound)
def list_devices(code: str) -> dict[str, Any]:
    """List the devices a participant ever signed in on, newest first."""
    with reading() as session:
        participant = enrolment.get_participant(
            session, current_actor(), code, Permission.REVOKE_DEVICE
        )
        return {"items": sessions.devices_of(session, participant)}


@blueprint.delete("/<code:code>/devices/<uuid:device_id>")
@requires(Permission.REVOKE_DEVICE)
@blueprint.response(204)
@blueprint.refuses(NotFound)
def revoke_device(code: str, device_id: UUID) -> None:
    """Sign a lost device out; doing it again changes nothing."""
    actor = current_actor()
    with transaction() as session:
        participant = enrolment.get_participant(session, actor, code, Permission.REVOKE_DEVICE)
        sessions.revoke_device(
            session, actor, participant, device_id, now=now(), wall_now=wall_now()
        )


def _facts(session: Session, participant: Participant) -> dict[str, Any]:
    return {
        "code": participant.code,
        "site": session.get_one(Site, participant.site_id).code,
        "language": participant.language,
        "zone": participant.zone,
        "thermometer_route": participant.thermometer_route,
        "enrolled_at": participant.enrolled_at,
        "activated_at": participant.activated_at,
        "reminder_time": participant.reminder_time,
        "reminder_channel": participant.reminder_channel,
        "life_cycle": participant.life_cycle,
        "life_cycle_at": participant.life_cycle_at,
        "diary_slot": participant.diary_slot,
        "version": participant.version,
    }


def _issued(session: Session, actor: Actor, key: str | None, issued: IssuedCode) -> dict[str, Any]:
    remember(session, actor, key, issued.participant.code)
    return {
        "participant": _facts(session, issued.participant),
        "activation_code": issued.activation_code,
        "expires_at": issued.expires_at,
    }


def _shown_already(
    session: Session, actor: Actor, code: str, permission: Permission
) -> dict[str, Any]:
    participant = enrolment.get_participant(session, actor, code, permission)
    latest = enrolment.latest_activation_code(session, participant)
    return {
        "participant": _facts(session, participant),
        "activation_code": None,
        "expires_at": latest.expires_at if latest else None,
    }

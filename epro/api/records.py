"""The record of one participant as a whole: signed off, locked, unlocked."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import catalogue, current_actor, keyring, now, reading, requires, transaction
from epro.api.signatures import SIGNING_REFUSALS, ProofSchema, SignatureSchema
from epro.errors import NotFound, ReasonRequired
from epro.errors_of_record import NotSignedOff, RecordLocked, RecordNotReady
from epro.models import Participant
from epro.services import enrolment, locking
from epro.services.locking import ShownLock

blueprint = ApiBlueprint(
    "records", __name__, url_prefix="/api/v1",
    description="The record of a participant as a whole: sign-off and lock.",
)  # fmt: skip


class SignOffSchema(Schema):
    signature = fields.Nested(ProofSchema, required=True)


class UnlockSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class StillOpenSchema(Schema):
    """Ids of what has to be closed or decided before the record can be signed off."""

    flags = fields.List(fields.UUID(), required=True)
    candidates = fields.List(fields.UUID(), required=True)
    corrections = fields.List(fields.UUID(), required=True)
    anchor_queries = fields.List(fields.UUID(), required=True)
    transcriptions = fields.List(
        fields.UUID(), required=True,
        metadata={"description": "Responses from paper that nobody has found equal to the sheet."},
    )  # fmt: skip


class RecordLockSchema(Schema):
    locked_at = fields.AwareDateTime(required=True)
    locked_by = fields.String(required=True)
    unlocked_at = fields.AwareDateTime(required=True, allow_none=True)
    unlocked_by = fields.String(required=True, allow_none=True)
    unlock_reason = fields.String(required=True, allow_none=True)


class ParticipantRecordSchema(Schema):
    participant = fields.String(required=True)
    is_signed_off = fields.Boolean(
        required=True, metadata={"description": "A signature stands and the record is unchanged."}
    )
    is_locked = fields.Boolean(required=True)
    signatures = fields.List(fields.Nested(SignatureSchema), required=True)
    locks = fields.List(
        fields.Nested(RecordLockSchema), required=True,
        metadata={"description": "Every locking, the newest first."},
    )  # fmt: skip
    still_open = fields.Nested(
        StillOpenSchema, required=True, allow_none=True,
        metadata={"description": "Empty for whoever may not read flags."},
    )  # fmt: skip


@blueprint.get("/participants/<code:code>/record")
@requires(Permission.READ_PARTICIPANT)
@blueprint.response(200, ParticipantRecordSchema)
@blueprint.refuses(NotFound)
def show_record(code: str) -> dict[str, Any]:
    """Return how the record stands: who signed it off, whether that holds, and its lockings."""
    with reading() as session:
        found = enrolment.get_participant(
            session, current_actor(), code, Permission.READ_PARTICIPANT
        )
        return _described(session, found)


@blueprint.post("/participants/<code:code>/record/sign-off")
@requires(Permission.SIGN_OFF_RECORD)
@blueprint.arguments(SignOffSchema)
@blueprint.response(200, ParticipantRecordSchema)
@blueprint.refuses(NotFound, RecordLocked, RecordNotReady, *SIGNING_REFUSALS)
def sign_off_record(typed: dict[str, Any], code: str) -> dict[str, Any]:
    """Sign that the data are complete and accurate; refused while anything is open."""
    with transaction() as session:
        participant = locking.sign_off(
            session, current_actor(), code, typed["signature"],
            catalogue=catalogue(session), keyring=keyring(), now=now(),
        )  # fmt: skip
        return _described(session, participant)


@blueprint.post("/participants/<code:code>/record/lock")
@requires(Permission.LOCK_RECORD)
@blueprint.response(200, ParticipantRecordSchema)
@blueprint.refuses(NotFound, NotSignedOff)
def lock_record(code: str) -> dict[str, Any]:
    """Lock a record that is signed off; again is harmless. What she sends is taken all the same."""
    with transaction() as session:
        participant = locking.lock(session, current_actor(), code, now=now())
        return _described(session, participant)


@blueprint.post("/participants/<code:code>/record/unlock")
@requires(Permission.LOCK_RECORD)
@blueprint.arguments(UnlockSchema)
@blueprint.response(200, ParticipantRecordSchema)
@blueprint.refuses(NotFound, ReasonRequired)
def unlock_record(typed: dict[str, Any], code: str) -> dict[str, Any]:
    """Unlock a record for a reason; what is not locked stays as it is."""
    with transaction() as session:
        participant = locking.unlock(
            session, current_actor(), code, reason=typed["reason"], now=now()
        )
        return _described(session, participant)


def _described(session: Session, participant: Participant) -> dict[str, Any]:
    state = locking.state_of(
        session, current_actor(), participant, catalogue=catalogue(session), now=now()
    )
    return {
        "participant": participant.code,
        "is_signed_off": state.is_signed_off,
        "is_locked": state.is_locked,
        "signatures": state.signatures,
        "locks": [_locked(one) for one in state.locks],
        "still_open": state.still_open,
    }


def _locked(one: ShownLock) -> dict[str, Any]:
    return {
        "locked_at": one.lock.locked_at, "locked_by": one.locked_by,
        "unlocked_at": one.lock.unlocked_at, "unlocked_by": one.unlocked_by,
        "unlock_reason": one.lock.unlock_reason,
    }  # fmt: skip

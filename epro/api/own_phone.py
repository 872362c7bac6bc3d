"""A participant's own phone: her PIN, moving to another phone, a record that is stuck."""

from typing import Any

from marshmallow import Schema, fields, validate

from epro.access import Permission
from epro.api.blueprint import ApiBlueprint
from epro.api.context import (
    catalogue,
    client_address,
    client_name,
    current_actor,
    keyring,
    now,
    requires,
    transaction,
)
from epro.api.responses import MAX_AGE_S
from epro.errors import IdentityMissing, TooManyAttempts, WeakSecret, WrongPin
from epro.services import own_phone
from epro.services.own_phone import StuckRecord
from epro.services.sessions import Caller

blueprint = ApiBlueprint(
    "own_phone", __name__, url_prefix="/api/v1/me", description="The participant's own phone."
)
SLUG = r"[a-z0-9_]{1,40}"


class PinsSchema(Schema):
    old_pin = fields.String(required=True, validate=validate.Length(min=1, max=64))
    new_pin = fields.String(required=True, validate=validate.Length(min=1, max=64))


class PinSchema(Schema):
    pin = fields.String(required=True, validate=validate.Length(min=1, max=64))


class TransferCodeSchema(Schema):
    activation_code = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class StuckSchema(Schema):
    response_id = fields.UUID(required=True)
    refusal = fields.String(
        required=True, validate=validate.Regexp(rf"{SLUG}\Z"),
        metadata={"description": "The code of the refusal that the phone got."},
    )  # fmt: skip
    body = fields.String(
        load_default=None,
        metadata={"description": "The text that was refused, to be kept and looked over as it is."},
    )
    answer_age_s = fields.Float(
        load_default=None, allow_none=True, allow_nan=False,
        validate=validate.Range(min=-MAX_AGE_S, max=MAX_AGE_S),
        metadata={"description": "Seconds since it was answered, by the device's own clock."},
    )  # fmt: skip


class NotedSchema(Schema):
    is_new = fields.Boolean(required=True)
    is_kept = fields.Boolean(
        required=True,
        metadata={"description": "Whether the body that was handed over is kept as refused: only "
                  "then may the phone put its own copy away."},
    )  # fmt: skip


@blueprint.put("/pin")
@requires(Permission.USE_OWN_PHONE)
@blueprint.arguments(PinsSchema)
@blueprint.response(204)
@blueprint.refuses(WeakSecret, WrongPin, TooManyAttempts)
def change_own_pin(pins: dict[str, Any]) -> None:
    """Set another PIN; the present one has to be given."""
    with transaction() as session:
        own_phone.change_pin(
            session, current_actor(), **pins, caller=_caller(), keyring=keyring(), now=now()
        )  # fmt: skip


@blueprint.post("/transfer-code")
@requires(Permission.USE_OWN_PHONE)
@blueprint.arguments(PinSchema)
@blueprint.response(200, TransferCodeSchema)
@blueprint.refuses(IdentityMissing, WrongPin, TooManyAttempts)
def issue_own_transfer_code(proof: dict[str, str]) -> Any:
    """Hand out a code for another phone; good for ten minutes and once. Asked again: another.

    Her PIN has to be given; wrong ones are counted with the refused sign-ins.
    """
    with transaction() as session:
        return own_phone.issue_transfer_code(
            session, current_actor(), **proof, caller=_caller(), keyring=keyring(), now=now()
        )


@blueprint.post("/stuck")
@requires(Permission.SUBMIT_RESPONSE)
@blueprint.arguments(StuckSchema)
@blueprint.response(200, NotedSchema)
def note_own_stuck_record(stuck: dict[str, Any]) -> StuckRecord:
    """Tell the site that a phone keeps a record it cannot deliver, and hand over what is in it.

    Again is harmless. What was refused where it is not kept, like an answer to a safety question
    or by a proxy on the way, is kept from then on as other refused bodies are.
    """
    with transaction() as session:
        return own_phone.note_stuck_record(
            session, current_actor(), **stuck, catalogue=catalogue(session), now=now()
        )


def _caller() -> Caller:
    return Caller(client=client_name(), address=client_address())

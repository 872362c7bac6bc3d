"""How a signature is given and shown: pieces that every signed resource shares."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from epro.api.context import client_address, client_name, wall_now
from epro.errors import SignatureNotProven, TooManyAttempts
from epro.models import SignatureMeaning
from epro.services.sessions import Caller
from epro.services.signing_in import Proof
from questionnaires.definition import Language

SIGNING_REFUSALS = (SignatureNotProven, TooManyAttempts)


class ProofSchema(Schema):
    """Typed again at the moment of signing; neither is kept."""

    password = fields.String(required=True, validate=validate.Length(min=1, max=256))
    totp = fields.String(required=True, validate=validate.Length(min=1, max=16))

    @post_load
    def _as_proof(self, typed: dict[str, Any], **_kwargs: Any) -> Proof:
        caller = Caller(client=client_name(), address=client_address())
        return Proof(caller=caller, wall_now=wall_now(), **typed)


class SignatureSchema(Schema):
    id = fields.UUID(required=True)
    meaning = fields.Enum(SignatureMeaning, by_value=True, required=True)
    signer = fields.String(required=True, metadata={"description": "The printed name."})
    role = fields.String(required=True)
    signed_at = fields.AwareDateTime(required=True)
    signed_at_local = fields.String(
        required=True, metadata={"description": "In the site's zone, with its offset."}
    )
    zone = fields.String(required=True)
    record_sha256 = fields.String(required=True)
    is_broken = fields.Boolean(
        required=True, metadata={"description": "The record says something else now."}
    )


class LanguageQuerySchema(Schema):
    language = fields.Enum(Language, by_value=True, load_default=Language.ZH)

"""Tokens for machines: OAuth2 client credentials (RFC 6749, section 4.4).

The one place with another shape of error: every OAuth2 client library expects the one of RFC 6749,
section 5.2. What is refused before any rule of OAuth2 applies keeps the shape of the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request
from flask_jwt_extended import create_access_token
from marshmallow import Schema, fields

from epro.access import Scope
from epro.api.blueprint import ApiBlueprint
from epro.api.context import (
    client_address,
    client_name,
    keyring,
    now,
    public,
    transaction,
    wall_now,
)
from epro.errors import BodyTooLarge, ScopeNotGranted, TooManyAttempts, WrongCredentials
from epro.services import edc_clients
from epro.services.edc_clients import TOKEN_LIFE
from epro.services.sessions import Caller

blueprint = ApiBlueprint(
    "edc token", __name__, url_prefix="/api/edc/v1",
    description="Tokens for the clinical database.",
)  # fmt: skip
GRANT_TYPE = "client_credentials"
SCOPES = [scope.value for scope in Scope]
FORM = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": [GRANT_TYPE]},
        "client_id": {"type": "string", "description": "Here, or by HTTP Basic; not both."},
        "client_secret": {"type": "string"},
        "scope": {
            "type": "string",
            "description": f"Separated by spaces; left out: all it has. Of: {', '.join(SCOPES)}.",
        },
    },
}


class TokenSchema(Schema):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "In seconds."})
    scope = fields.String(required=True)


class OAuthRefusalSchema(Schema):
    """What went wrong, in the shape of RFC 6749, section 5.2."""

    error = fields.String(required=True)
    error_description = fields.String(required=True)


class OAuthRefusal(Exception):
    """A request for a token that RFC 6749 has a name for."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(code)
        self.status, self.code, self.description = status, code, description


def _refusals(described: Mapping[str, str]) -> dict[str, Any]:
    content = {"application/json": {"schema": OAuthRefusalSchema}}
    return {status: {"description": said, "content": content} for status, said in described.items()}


@blueprint.post("/token")
@public
@blueprint.doc(
    requestBody={
        "required": True, "content": {"application/x-www-form-urlencoded": {"schema": FORM}},
    },
)  # fmt: skip
@blueprint.response(200, TokenSchema)
@blueprint.alt_response(
    400, schema=OAuthRefusalSchema,
    description="invalid_request · invalid_scope · unsupported_grant_type",
)  # fmt: skip
@blueprint.alt_response(401, schema=OAuthRefusalSchema, description="invalid_client")
@blueprint.alt_response(429, schema=OAuthRefusalSchema, description="too_many_attempts")
@blueprint.refuses(BodyTooLarge)
def issue_token() -> Response:
    """Trade a client's secret for a token that is good for ten minutes."""
    try:
        return jsonify(_token(_asked()))
    except OAuthRefusal as refusal:
        return _answer(refusal)


@dataclass(frozen=True, slots=True)
class Asked:
    name: str
    secret: str
    scopes: tuple[str, ...]


def _asked() -> Asked:
    """Read the request. Raises OAuthRefusal for what RFC 6749 does not allow."""
    form = {name: values for name, values in request.form.lists() if any(values)}
    if any(len(values) > 1 for values in form.values()):
        raise OAuthRefusal(400, "invalid_request", "A parameter is given more than once.")
    given = {name: values[0] for name, values in form.items()}
    if "grant_type" not in given:
        raise OAuthRefusal(400, "invalid_request", "The grant_type is missing.")
    if given["grant_type"] != GRANT_TYPE:
        raise OAuthRefusal(400, "unsupported_grant_type", f"Only {GRANT_TYPE} is offered.")
    basic = request.authorization
    is_basic = basic is not None and basic.type == "basic"
    if is_basic and "client_secret" in given:
        raise OAuthRefusal(400, "invalid_request", "Two ways of authentication are one too many.")
    name, secret = (
        (basic.username, basic.password)
        if basic is not None and is_basic
        else (given.get("client_id"), given.get("client_secret"))
    )
    return Asked(name or "", secret or "", tuple(given.get("scope", "").split()))


def _token(asked: Asked) -> dict[str, Any]:
    try:
        with transaction() as session:
            actor = edc_clients.authenticate(
                session, asked.name, asked.secret, scopes=asked.scopes,
                caller=Caller(client=client_name(), address=client_address()),
                keyring=keyring(), now=now(), wall_now=wall_now(),
            )  # fmt: skip
    except WrongCredentials as refusal:
        raise OAuthRefusal(401, "invalid_client", refusal.text) from refusal
    except TooManyAttempts as refusal:
        raise OAuthRefusal(429, refusal.code, "Too many attempts. Please wait.") from refusal
    except ScopeNotGranted as refusal:
        raise OAuthRefusal(400, refusal.code, refusal.text) from refusal
    scope = " ".join(sorted(actor.scopes))
    token = create_access_token(
        str(actor.id), expires_delta=TOKEN_LIFE, additional_claims={"scope": scope}
    )
    return {
        "access_token": token, "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFE.total_seconds()), "scope": scope,
    }  # fmt: skip


def _answer(refusal: OAuthRefusal) -> Response:
    response = jsonify({"error": refusal.code, "error_description": refusal.description})
    response.status_code = refusal.status
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="epro"'
    if refusal.status == 429:
        pause = edc_clients.LOCK_POLICY.pause.total_seconds()
        response.headers["Retry-After"] = f"{pause:.0f}"
    return response

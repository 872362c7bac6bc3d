"""Signing in and out: activation, PIN, password with one-time code, tokens that rotate."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import after_this_request, current_app, request
from flask.wrappers import Response
from flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt,
    get_jwt_request_location,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
    verify_jwt_in_request,
)
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import PyJWTError
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from epro.access import ActorKind, Permission
from epro.api import whose
from epro.api.blueprint import ApiBlueprint
from epro.api.context import (
    client_address,
    client_name,
    current_actor,
    enter_claimed_room,
    keyring,
    now,
    public,
    requires,
    room_claim,
    transaction,
    wall_now,
)
from epro.api.places import note_place
from epro.api.training_door import enter_by_activation_code, enter_by_subject_number
from epro.errors import (
    NotSignedIn,
    SessionRevoked,
    TooManyAttempts,
    WeakSecret,
    WrongCredentials,
)
from epro.services import activation, sessions, signing_in
from epro.services.sessions import Caller, SignedIn

blueprint = ApiBlueprint(
    "sessions", __name__, url_prefix="/api/v1/sessions", description="Signing in and out."
)
HEADER, COOKIE = "header", "cookie"


def _text(max_length: int) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=max_length))


def _transport(*choices: str) -> fields.String:
    """A browser keeps tokens where scripts cannot read them; everybody else sends a header."""
    return fields.String(
        load_default=HEADER,
        validate=validate.OneOf(choices),
        metadata={"description": "header: tokens in this answer; cookie: in HttpOnly cookies."},
    )


class ActivationSchema(Schema):
    code = _text(32)
    year_of_birth = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1900, max=2100)
    )
    pin = _text(64)
    attempt = fields.UUID(
        load_default=None, allow_none=True,
        metadata={"description": "Made by the phone; the same again is answered again for a "
                  "quarter of an hour, so that a lost reply costs no code."},
    )  # fmt: skip
    session_transport = _transport(HEADER, COOKIE)


class ParticipantSignInSchema(Schema):
    code = _text(32)
    pin = _text(64)
    session_transport = _transport(HEADER, COOKIE)
    was_cleared = fields.Boolean(
        load_default=False,
        metadata={"description": "This phone has lost what it kept and comes back by the PIN; what "
                  "was not delivered may be lost. The session before ends."},
    )  # fmt: skip


class StaffSignInSchema(Schema):
    username = _text(64)
    password = _text(256)
    totp = _text(16)
    # The cookies of this API are the phone's; the console has its own.
    session_transport = _transport(HEADER)


class PersonSchema(Schema):
    kind = fields.Enum(ActorKind, by_value=True, required=True)
    name = fields.String(required=True)


class SessionSchema(Schema):
    id = fields.UUID(required=True)
    person = fields.Nested(PersonSchema, required=True)
    access_token = fields.String(required=True, allow_none=True)
    refresh_token = fields.String(required=True, allow_none=True)


@blueprint.post("/activation")
@public
@blueprint.arguments(ActivationSchema)
@blueprint.response(200, SessionSchema)
@blueprint.refuses(WeakSecret, WrongCredentials, TooManyAttempts)
def activate(typed: dict[str, Any]) -> dict[str, Any]:
    """Trade a single-use activation code and the year of birth for a PIN of one's own."""
    enter_by_activation_code(typed["code"])
    with transaction() as session:
        signed_in = activation.activate(
            session,
            code=typed["code"],
            year_of_birth=typed["year_of_birth"],
            pin=typed["pin"],
            caller=replace(_caller(), attempt=typed["attempt"]),
            keyring=keyring(),
            now=now(),
            wall_now=wall_now(),
        )
        _note_place(session, signed_in, transport=typed["session_transport"])
    return _handed_over(signed_in, transport=typed["session_transport"])


@blueprint.post("/participant")
@public
@blueprint.arguments(ParticipantSignInSchema)
@blueprint.response(200, SessionSchema)
@blueprint.refuses(WrongCredentials, TooManyAttempts)
def sign_in_participant(typed: dict[str, Any]) -> dict[str, Any]:
    """Sign in by subject number and PIN."""
    enter_by_subject_number(typed["code"])
    with transaction() as session:
        signed_in = signing_in.sign_in_participant(
            session,
            code=typed["code"],
            pin=typed["pin"],
            caller=_caller(),
            keyring=keyring(),
            now=now(),
            wall_now=wall_now(),
        )
        _note_place(session, signed_in, transport=typed["session_transport"])
        if typed["was_cleared"]:
            sessions.note_cleared(
                session, signed_in.actor, _session_before(), now=now(), wall_now=wall_now()
            )
    return _handed_over(signed_in, transport=typed["session_transport"])


@blueprint.post("/staff")
@public
@blueprint.arguments(StaffSignInSchema)
@blueprint.response(200, SessionSchema)
@blueprint.refuses(WrongCredentials, TooManyAttempts)
def sign_in_user(typed: dict[str, Any]) -> dict[str, Any]:
    """Sign in by user name, password and one-time code."""
    with transaction() as session:
        signed_in = signing_in.sign_in_user(
            session,
            username=typed["username"],
            password=typed["password"],
            totp=typed["totp"],
            caller=_caller(),
            keyring=keyring(),
            now=now(),
            wall_now=wall_now(),
        )
        _note_place(session, signed_in, transport=typed["session_transport"])
    return _handed_over(signed_in, transport=typed["session_transport"])


@blueprint.post("/refresh")
@public
@blueprint.response(200, SessionSchema)
@blueprint.doc(security=[{"refresh_bearer": []}, {"refresh_cookie": []}])
@blueprint.refuses(NotSignedIn, SessionRevoked)
def refresh() -> dict[str, Any]:
    """Trade the refresh token (header or cookie) for a new pair; the one before stays good once."""
    verify_jwt_in_request(refresh=True)
    claims = get_jwt()
    try:
        device_session_id, generation = UUID(claims["sid"]), int(claims["gen"])
    except (KeyError, ValueError, TypeError) as error:
        raise NotSignedIn from error
    enter_claimed_room(claims)
    with transaction() as session:
        signed_in = sessions.rotate(
            session,
            device_session_id=device_session_id,
            generation=generation,
            client=client_name(),
            now=now(),
            wall_now=wall_now(),
        )
        transport = COOKIE if get_jwt_request_location() == "cookies" else HEADER
        _note_place(session, signed_in, transport=transport)
    return _handed_over(signed_in, transport=transport)


@blueprint.delete("/current")
@requires(Permission.OWN_SESSION)
@blueprint.response(204)
def sign_out() -> None:
    """End this session; its tokens are good for nothing from now on."""
    actor = current_actor()
    with transaction() as session:
        sessions.end(session, actor, now=now(), wall_now=wall_now())
    after_this_request(whose.forget if actor.opened_by is not None else _without_cookies)


def _caller() -> Caller:
    return Caller(client=client_name(), address=client_address())


def _note_place(session: Session, signed_in: SignedIn, *, transport: str) -> None:
    note_place(session, signed_in.device_session_id, keeps_cookies=transport == COOKIE)


def _session_before() -> UUID | None:
    """Return the session that this browser's cookie is of, also of one that has run out."""
    cookie = request.cookies.get(current_app.config["JWT_ACCESS_COOKIE_NAME"])
    if not cookie:
        return None
    try:
        return UUID(decode_token(cookie, allow_expired=True)["sid"])
    except (PyJWTError, JWTExtendedException, KeyError, ValueError):
        return None


def _handed_over(signed_in: SignedIn, *, transport: str) -> dict[str, Any]:
    """Mint both tokens and hand them over the way that was asked for."""
    identity, session_id = str(signed_in.person_id), str(signed_in.device_session_id)
    claims = {"sid": session_id} | room_claim()
    access = create_access_token(identity, additional_claims=claims)
    renewal = create_refresh_token(
        identity, additional_claims=claims | {"gen": signed_in.generation}
    )
    is_by_cookie = transport == COOKIE
    if is_by_cookie:

        @after_this_request
        def _with_cookies(response: Response) -> Response:
            set_access_cookies(response, access)
            set_refresh_cookies(response, renewal)
            return response

    return {
        "id": signed_in.device_session_id,
        "person": signed_in.actor,
        "access_token": None if is_by_cookie else access,
        "refresh_token": None if is_by_cookie else renewal,
    }


def _without_cookies(response: Response) -> Response:
    unset_jwt_cookies(response)
    return response

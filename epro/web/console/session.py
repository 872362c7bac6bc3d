"""Who is looking at a page: the console's own cookie, renewed while somebody is at the desk.

The cookie holds one access token; there is no refresh token. Past half its life the server hands
out the next one, within the bounds of the device session (15 minutes idle, 12 hours in all). A page
that renews itself by the clock counts as nobody being there.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from hmac import compare_digest
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, after_this_request, g, redirect, request, url_for
from flask_jwt_extended import create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import PyJWTError
from werkzeug.wrappers import Response as AnyResponse

from epro.access import Actor, Permission
from epro.api.blueprint import note_guard
from epro.api.context import (
    client_name,
    enter_room,
    is_in_training,
    reading,
    transaction,
    trial_parts,
    wall_now,
)
from epro.errors import DomainError, NotPermitted, NotSignedIn, SessionRevoked
from epro.rooms import PREFIX
from epro.services import sessions, training
from epro.services.sessions import SignedIn

View = TypeVar("View", bound=Callable[..., Any])

PATH = "/console"
TRAINING = f"{PATH}/training"
COOKIE = "epro_console"
ROOM_COOKIE = "epro_console_training"
PHONE_COOKIE = "epro_console_phone"
AUDIENCE, ROOM_AUDIENCE = "console", "training"
RENEW_AFTER = timedelta(minutes=7, seconds=30)


class ForeignForm(DomainError):
    """A form that this session's own pages did not send."""

    code = "foreign_form"
    status = 403
    message = "This form is no longer valid. Please try again."


def page(permission: Permission, *, is_watching: bool = False) -> Callable[[View], View]:
    """Guard a page: signed in here, and a role that holds the permission.

    Whoever is not signed in is led to do so and then back. A form has to come from a page of this
    very session. `is_watching` marks what a page asks for by itself: it keeps no session alive.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                g.actor = _signed_in_actor(is_watching=is_watching)
            except (NotSignedIn, SessionRevoked):
                return to_sign_in()
            if request.method == "POST" and not _is_own_form():
                raise ForeignForm
            if not g.actor.holds(permission):
                raise NotPermitted
            return view(*args, **kwargs)

        note_guard(guarded, permission)
        return cast("View", guarded)

    return guard


def to_sign_in() -> AnyResponse:
    """Lead to the door, and back to where the person wanted to be."""
    if is_in_training():
        return out_of_the_room()
    is_form = request.method != "GET"
    wanted = None if is_form else request.full_path.removesuffix("?")
    door = "unlock" if PHONE_COOKIE in request.cookies else "sign_in"
    return _lead_to(url_for(f"console_sign_in.{door}", to=wanted))


def out_of_the_room() -> AnyResponse:
    """Lead from a training room to the page of the trial where rooms are entered."""
    return _lead_to(TRAINING)


def _lead_to(where: str) -> AnyResponse:
    if "HX-Request" in request.headers:
        # A redirect would put the whole page into the middle of the table.
        return Response(headers={"HX-Redirect": where})
    return redirect(where, code=303)


def hand_out(response: AnyResponse, signed_in: SignedIn) -> AnyResponse:
    """Put the new session into the browser."""
    _set_cookie(response, signed_in.person_id, signed_in.device_session_id)
    return response


def hand_out_inside(response: AnyResponse, signed_in: SignedIn, room_id: UUID) -> AnyResponse:
    """Put a session inside a room into the browser, beside the one of the trial."""
    _set_cookie(response, signed_in.person_id, signed_in.device_session_id, room_id=room_id)
    return response


def forget(response: AnyResponse) -> AnyResponse:
    """Take the session out of the browser."""
    name = ROOM_COOKIE if is_in_training() else COOKIE
    response.delete_cookie(name, path=cookie_path(), httponly=True, samesite="Lax")
    return response


def cookie_path() -> str:
    """Return where the cookies of this page are sent: to the trial or to a room, never to both."""
    return f"{request.script_root}{PATH}"


def csrf_token() -> str:
    """Return what every form of this session carries; empty before anybody has signed in."""
    return cast("str", g.get("console_csrf", ""))


def refuse_other_sites() -> None:
    """Refuse a form that another site's page sent, where there is no session to tell by."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise ForeignForm


def _is_own_form() -> bool:
    refuse_other_sites()
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    return bool(sent) and compare_digest(sent.encode(), csrf_token().encode())


def _signed_in_actor(*, is_watching: bool) -> Actor:
    claims = _claims()
    try:
        person_id, device_session_id = UUID(claims["sub"]), UUID(claims["sid"])
    except (KeyError, ValueError) as error:
        raise NotSignedIn from error
    room_id = UUID(claims["inside"]) if is_in_training() else None
    if room_id is not None:
        enter_room(room_id, user_id=person_id)
    g.console_csrf = claims["csrf"]
    with reading() as session:
        actor = sessions.actor_of(
            session, person_id, device_session_id, client=client_name(), wall_now=wall_now()
        )
        if room_id is not None:
            actor = replace(actor, only=training.INSIDE_MAY)
        is_touch_due = sessions.is_touch_due(session, actor, wall_now=wall_now())
    if is_watching:
        return actor
    if is_touch_due:
        with transaction() as session:
            sessions.touch(session, actor, wall_now=wall_now())
    if wall_now().timestamp() - claims["iat"] >= RENEW_AFTER.total_seconds():
        csrf = claims["csrf"]

        @after_this_request
        def _renew(response: Response) -> Response:
            # The same form token: a page that is open in another tab can still be sent.
            if COOKIE not in "".join(response.headers.getlist("Set-Cookie")):
                _set_cookie(response, person_id, device_session_id, csrf=csrf, room_id=room_id)
            return response

    return actor


def _claims() -> dict[str, Any]:
    cookie, audience = (
        (ROOM_COOKIE, ROOM_AUDIENCE) if is_in_training() else (COOKIE, AUDIENCE)
    )  # fmt: skip
    try:
        claims = decode_token(request.cookies.get(cookie, ""))
    except (PyJWTError, JWTExtendedException) as error:
        raise NotSignedIn from error
    if claims.get("for") != audience or "csrf" not in claims:
        raise NotSignedIn
    return claims


def _set_cookie(
    response: AnyResponse,
    person_id: UUID,
    device_session_id: UUID,
    *,
    csrf: str | None = None,
    room_id: UUID | None = None,
) -> None:
    claims = {"sid": str(device_session_id), "for": AUDIENCE}
    if room_id is not None:
        claims |= {"for": ROOM_AUDIENCE, "inside": str(room_id)}
    if csrf:
        claims["csrf"] = csrf
    response.set_cookie(
        COOKIE if room_id is None else ROOM_COOKIE,
        create_access_token(str(person_id), additional_claims=claims),
        path=PATH if room_id is None else f"{PREFIX}{PATH}", httponly=True, secure=is_https(),
        # Lax, not Strict: the link in a mail about a flag has to open for whoever is signed in.
        samesite="Lax",
    )  # fmt: skip


def is_https() -> bool:
    """Tell whether pages are served over TLS, so that cookies may insist on it."""
    return trial_parts().settings.public_url.startswith("https://")

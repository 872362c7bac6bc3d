"""Whose request it is: her own app, and the app the site opened for her, have cookies apart.

All tabs of a browser share its cookies. So each request of the phone app names its participant, and
one that the session is not of is refused before anybody looks at its body: the app keeps it.
"""

from datetime import timedelta
from hmac import compare_digest
from typing import Any

import jwt
from flask import Response, current_app, request
from flask_jwt_extended import get_csrf_token
from jwt import PyJWTError

from epro.access import Actor
from epro.errors import NotSignedIn, OtherParticipant

PARTICIPANT, ON_BEHALF_OF = "Participant", "On-Behalf-Of"
COOKIE, CSRF_COOKIE = "epro_behalf_access", "epro_behalf_csrf"
CSRF_HEADER = "X-CSRF-TOKEN"
READS = frozenset({"GET", "HEAD"})
BEHALF_CLAIM = "behalf"
PLACES = ((COOKIE, "/api/v1/"), (CSRF_COOKIE, "/"))


def claims() -> dict[str, Any]:
    """Return what the request's token says; one that the site opened counts only as such.

    Raises NotSignedIn.
    """
    is_on_behalf = ON_BEHALF_OF in request.headers
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if is_on_behalf:
        found = _read_cookie(COOKIE)
    elif scheme == "Bearer":
        found = _read(token.strip())
    else:
        found = _read_cookie(current_app.config["JWT_ACCESS_COOKIE_NAME"])
    if (BEHALF_CLAIM in found) is not is_on_behalf:
        raise NotSignedIn
    return found


def refuse_another(actor: Actor) -> None:
    """Raise OtherParticipant where the request names somebody whose session it is not."""
    for name in (PARTICIPANT, ON_BEHALF_OF):
        if request.headers.get(name, actor.name) != actor.name:
            raise OtherParticipant


def hand_out(response: Response, token: str, *, life: timedelta) -> None:
    """Put a session that the site opened into the browser, beside her own if she has one there."""
    for (name, path), value in zip(PLACES, (token, get_csrf_token(token)), strict=True):
        response.set_cookie(
            name, value, path=path, max_age=int(life.total_seconds()), httponly=name == COOKIE,
            secure=current_app.config["JWT_COOKIE_SECURE"], samesite="Strict",
        )  # fmt: skip


def forget(response: Response) -> Response:
    """Take that session out of the browser; her own stays."""
    for name, path in PLACES:
        response.delete_cookie(name, path=path, httponly=name == COOKIE, samesite="Strict")
    return response


def _read_cookie(name: str) -> dict[str, Any]:
    """Return what the token in a cookie says; what writes has to prove that a page of ours asks."""
    found = _read(request.cookies.get(name, ""))
    if request.method not in READS:
        proof = request.headers.get(CSRF_HEADER, "")
        if not compare_digest(str(found.get("csrf", "")).encode(), proof.encode()) or not proof:
            raise NotSignedIn
    return found


def _read(token: str) -> dict[str, Any]:
    """Return what an access token of ours says, read once: the framework reads each three times."""
    config = current_app.config
    try:
        found: dict[str, Any] = jwt.decode(
            token, config["JWT_SECRET_KEY"], algorithms=[config["JWT_ALGORITHM"]],
            options={"require": ["exp", "sub"], "verify_aud": False},
        )  # fmt: skip
    except PyJWTError as error:
        raise NotSignedIn from error
    if found.get("type") != "access":
        raise NotSignedIn
    return found

"""Where a session is used from, noted when somebody signs in and when tokens are renewed.

A browser is known again by a random mark that it keeps in a cookie: scripts cannot read it, it says
nothing about anybody, and what is stored is a keyed tag of it.
"""

import re
from uuid import UUID, uuid4

from flask import Response, after_this_request, request
from sqlalchemy.orm import Session

from epro.api.context import client_address, keyring, now, parts
from epro.services import session_places

COOKIE = "epro_device"
TWO_YEARS_S = 2 * 365 * 24 * 60 * 60
_MARK = re.compile(r"[0-9a-f]{32}")


def note_place(session: Session, device_session_id: UUID, *, keeps_cookies: bool) -> None:
    """Note from where a session is used; a browser without a mark is given one."""
    session_places.note(
        session, device_session_id, device_mark=_mark() if keeps_cookies else "",
        address=client_address(), keyring=keyring(), now=now(),
    )  # fmt: skip


def _mark() -> str:
    known = request.cookies.get(COOKIE, "")
    if _MARK.fullmatch(known):
        return known
    made = uuid4().hex

    @after_this_request
    def _keep(response: Response) -> Response:
        response.set_cookie(
            COOKIE, made, path="/", max_age=TWO_YEARS_S, httponly=True, samesite="Strict",
            secure=parts().settings.public_url.startswith("https://"),
        )  # fmt: skip
        return response

    return made

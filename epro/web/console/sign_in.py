"""Signing in to the console: password and one-time code, or the PIN of a trusted phone."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import (
    client_address,
    client_name,
    current_actor,
    keyring,
    now,
    public,
    reading,
    transaction,
    wall_now,
)
from epro.api.places import note_place
from epro.errors import TooManyAttempts, WeakSecret, WrongCredentials
from epro.services import sessions, signing_in, trusted_phones
from epro.services.sessions import Caller
from epro.web.console.pages import inside, new_blueprint, render, render_framed
from epro.web.console.session import (
    PATH,
    PHONE_COOKIE,
    forget,
    hand_out,
    is_https,
    page,
    refuse_other_sites,
)

blueprint = new_blueprint("sign_in")

LONGEST = {"username": 64, "password": 256, "totp": 16, "pin": 64}


@blueprint.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Ask for user name, password and one-time code."""
    return render("sign_in.html", to=inside(request.args.get("to")))


@blueprint.post("/sign-in")
@public
def take_sign_in() -> ResponseReturnValue:
    """Open a session; the same answer for an unknown user and a wrong password."""
    refuse_other_sites()
    to = inside(request.form.get("to"))
    try:
        with transaction() as session:
            signed_in = signing_in.sign_in_user(
                session, username=_typed("username"), password=_typed("password"),
                totp=_typed("totp"), caller=_caller(), keyring=keyring(),
                now=now(), wall_now=wall_now(),
            )  # fmt: skip
            note_place(session, signed_in.device_session_id, keeps_cookies=True)
    except (WrongCredentials, TooManyAttempts) as refusal:
        return render(
            "sign_in.html", status=refusal.status, to=to, problem=refusal.code,
            username=_typed("username"),
        )  # fmt: skip
    return hand_out(redirect(to, code=303), signed_in)


@blueprint.get("/unlock")
@public
def unlock() -> ResponseReturnValue:
    """Ask for the PIN of a trusted phone; a phone that is none any more goes to the full door."""
    to = inside(request.args.get("to"))
    with reading() as session:
        is_trusted = trusted_phones.is_trusted(
            session, request.cookies.get(PHONE_COOKIE, ""), keyring=keyring(), wall_now=wall_now()
        )
    if is_trusted:
        return render("unlock.html", to=to)
    response = redirect(url_for("console_sign_in.sign_in", to=to), code=303)
    response.delete_cookie(PHONE_COOKIE, path=PATH, httponly=True, samesite="Lax")
    return response


@blueprint.post("/unlock")
@public
def take_pin() -> ResponseReturnValue:
    """Open a session that is good for taking flags."""
    refuse_other_sites()
    to = inside(request.form.get("to"))
    try:
        with transaction() as session:
            signed_in = trusted_phones.unlock(
                session, request.cookies.get(PHONE_COOKIE, ""), _typed("pin"), caller=_caller(),
                keyring=keyring(), now=now(), wall_now=wall_now(),
            )  # fmt: skip
            note_place(session, signed_in.device_session_id, keeps_cookies=True)
    except (WrongCredentials, TooManyAttempts) as refusal:
        return render("unlock.html", status=refusal.status, to=to, problem=refusal.code)
    return hand_out(redirect(to, code=303), signed_in)


@blueprint.post("/sign-out")
@page(Permission.OWN_SESSION)
def sign_out() -> ResponseReturnValue:
    """End this session."""
    with transaction() as session:
        sessions.end(session, current_actor(), now=now(), wall_now=wall_now())
    return forget(redirect(url_for("console_sign_in.sign_in"), code=303))


@blueprint.get("/phones")
@page(Permission.OWN_SESSION)
def show_phones() -> ResponseReturnValue:
    """Show the phones that open by a PIN, and offer to trust this one."""
    return _phones()


@blueprint.post("/phones")
@page(Permission.OWN_SESSION)
def trust_phone() -> ResponseReturnValue:
    """Trust this phone for taking flags."""
    pin = _typed("pin")
    if pin != _typed("pin_again"):
        return _phones(problem="pins_differ", status=422)
    try:
        with transaction() as session:
            new = trusted_phones.trust(
                session, current_actor(), pin, keyring=keyring(), now=now(), wall_now=wall_now()
            )
    except WeakSecret:
        return _phones(problem="weak_secret", status=422)
    response = redirect(url_for("console_sign_in.show_phones"), code=303)
    response.set_cookie(
        PHONE_COOKIE, new.key, path=PATH, max_age=int(trusted_phones.LIFE.total_seconds()),
        httponly=True, secure=is_https(), samesite="Lax",
    )  # fmt: skip
    return response


@blueprint.post("/phones/<uuid:phone_id>/revocation")
@page(Permission.OWN_SESSION)
def revoke_phone(phone_id: UUID) -> ResponseReturnValue:
    """Trust a phone no more."""
    with transaction() as session:
        trusted_phones.revoke(session, current_actor(), phone_id, now=now(), wall_now=wall_now())
    return redirect(url_for("console_sign_in.show_phones"), code=303)


def _phones(*, problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    with reading() as session:
        phones = trusted_phones.phones_of(session, current_actor(), wall_now=wall_now())
    return render_framed(
        "phones.html", status=status, here="phones", phones=phones, problem=problem,
        may_trust=current_actor().only is None,
    )  # fmt: skip


def _typed(field: str) -> str:
    """Return a field, cut to what an honest one can hold; NUL is nothing that can be stored."""
    return request.form.get(field, "").replace("\x00", "")[: LONGEST.get(field, 256)]


def _caller() -> Caller:
    return Caller(client=client_name(), address=client_address())

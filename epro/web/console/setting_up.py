"""The door for somebody with a new or renewed account: a code, then a password and an app."""

import segno
from flask import request
from flask.typing import ResponseReturnValue

from epro.api.context import (
    catalogue,
    client_address,
    client_name,
    keyring,
    now,
    public,
    transaction,
    wall_now,
)
from epro.errors import TooManyAttempts, WeakSecret, WrongCredentials
from epro.errors_of_staff import WrongFirstCode
from epro.services import setting_up
from epro.services.sessions import Caller
from epro.services.setting_up import Begun, Ticket
from epro.web.console.pages import new_blueprint, render
from epro.web.console.session import refuse_other_sites

blueprint = new_blueprint("setting_up")

LONGEST = {"username": 64, "code": 32, "password": 256, "totp": 16}


@blueprint.get("/welcome")
@public
def ask() -> ResponseReturnValue:
    """Ask for user name and the code that was handed over."""
    return render("welcome.html", username="", problem=None)


@blueprint.post("/welcome")
@public
def begin() -> ResponseReturnValue:
    """Show what the authenticator app needs, and ask for a password; nothing is changed yet."""
    refuse_other_sites()
    try:
        with transaction() as session:
            begun = setting_up.begin(session, _ticket(), keyring=keyring(), now=now())
    except (WrongCredentials, TooManyAttempts) as refusal:
        return _asked_again(refusal)
    return _second_page(begun)


@blueprint.post("/welcome/password")
@public
def finish() -> ResponseReturnValue:
    """Put password and second factor in place."""
    refuse_other_sites()
    problem: str | None = None
    if _typed("password") != _typed("password_again"):
        problem = "passwords_differ"
    else:
        try:
            with transaction() as session:
                setting_up.finish(
                    session, _ticket(), password=_typed("password"), totp=_typed("totp"),
                    catalogue=catalogue(session), keyring=keyring(), now=now(), wall_now=wall_now(),
                )  # fmt: skip
        except (WeakSecret, WrongFirstCode) as refusal:
            problem = refusal.code
        except (WrongCredentials, TooManyAttempts) as refusal:
            return _asked_again(refusal)
        else:
            return render("welcome_done.html")
    try:
        with transaction() as session:
            begun = setting_up.begin(session, _ticket(), keyring=keyring(), now=now())
    except (WrongCredentials, TooManyAttempts) as refusal:
        return _asked_again(refusal)
    return _second_page(begun, problem=problem, status=422)


def _asked_again(refusal: WrongCredentials | TooManyAttempts) -> ResponseReturnValue:
    return render(
        "welcome.html", status=refusal.status, username=_typed("username"), problem=refusal.code
    )


def _second_page(
    begun: Begun, *, problem: str | None = None, status: int = 200
) -> ResponseReturnValue:
    return render(
        "welcome_password.html", status=status, user=begun.user, code=_typed("code"),
        secret=begun.totp_secret, problem=problem,
        picture=segno.make(begun.otpauth_uri, error="m").svg_inline(
            scale=4, border=4, omitsize=True
        ),
    )  # fmt: skip


def _ticket() -> Ticket:
    caller = Caller(client=client_name(), address=client_address())
    return Ticket(username=_typed("username"), code=_typed("code"), caller=caller)


def _typed(field: str) -> str:
    return request.form.get(field, "").replace("\x00", "")[: LONGEST.get(field, 256)]

"""One's own account: another password, another authenticator app."""

from enum import StrEnum

import segno
from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import (
    catalogue,
    current_actor,
    is_in_training,
    keyring,
    now,
    reading,
    transaction,
)
from epro.errors import DomainError, WeakSecret
from epro.services import own_account, signing_in
from epro.services.setting_up import Begun
from epro.web.console import typed
from epro.web.console.asked import asked_for
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import out_of_the_room, page

blueprint = new_blueprint("own_account")


class Done(StrEnum):
    """What was just changed."""

    PASSWORD = "password"  # noqa: S105  the name of a form
    AUTHENTICATOR = "authenticator"


@blueprint.before_request
def _only_in_the_trial() -> ResponseReturnValue | None:
    """In a training room there is but a copy of an account, made anew at each entrance."""
    return out_of_the_room() if is_in_training() else None


@blueprint.get("/account")
@page(Permission.OWN_SESSION)
def show() -> ResponseReturnValue:
    """Show one's own account, and what can be changed of it."""
    return _page()


@blueprint.post("/account/password")
@page(Permission.OWN_SESSION)
def change_password() -> ResponseReturnValue:
    """Put a new password in place; other sessions end."""
    new = typed.secret("new_password")
    try:
        if new != typed.secret("new_password_again"):
            raise typed.not_right("new_password_again", "The two passwords are not the same.")
        with transaction() as session:
            own_account.change_password(
                session, current_actor(), new, proof=typed.proof(), catalogue=catalogue(session),
                keyring=keyring(), now=now(),
            )  # fmt: skip
    except WeakSecret as weak:
        refusal = typed.not_right("new_password", "This password is too easy to guess.")
        return _page(status=weak.status, refused=typed.refused("password", refusal))
    except DomainError as refusal:
        return _page(status=refusal.status, refused=typed.refused("password", refusal))
    return redirect(url_for("console_own_account.show", done=Done.PASSWORD), code=303)


@blueprint.post("/account/authenticator")
@page(Permission.OWN_SESSION)
def begin_moving() -> ResponseReturnValue:
    """Show what the new authenticator app needs; nothing is changed yet."""
    try:
        with transaction() as session:
            begun = own_account.begin_moving(
                session, current_actor(), proof=typed.proof(), keyring=keyring(), now=now()
            )
    except DomainError as refusal:
        return _page(status=refusal.status, refused=typed.refused("authenticator", refusal))
    return _second_page(begun)


@blueprint.post("/account/authenticator/confirmation")
@page(Permission.OWN_SESSION)
def finish_moving() -> ResponseReturnValue:
    """Take the new app; the old one is good no more."""
    try:
        with transaction() as session:
            own_account.finish_moving(
                session, current_actor(), proof=typed.proof(), catalogue=catalogue(session),
                keyring=keyring(), now=now(),
            )  # fmt: skip
    except DomainError as refusal:
        return _page(status=refusal.status, refused=typed.refused("authenticator", refusal))
    return redirect(url_for("console_own_account.show", done=Done.AUTHENTICATOR), code=303)


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    with reading() as session:
        user = signing_in.user_of(session, current_actor())
    return render_framed(
        "own_account.html", status=status, here="own_account", refused=refused, user=user,
        done=asked_for("done", Done),
    )  # fmt: skip


def _second_page(begun: Begun) -> ResponseReturnValue:
    return render_framed(
        "own_authenticator.html", here="own_account", secret=begun.totp_secret, refused=None,
        picture=segno.make(begun.otpauth_uri, error="m").svg_inline(
            scale=4, border=4, omitsize=True
        ),
    )  # fmt: skip

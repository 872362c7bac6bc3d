"""The record of one participant as a whole: signed off, locked, unlocked."""

from collections.abc import Callable
from functools import partial

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, keyring, now, reading
from epro.models import Site
from epro.services import enrolment, locking
from epro.web.console import typed
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("sealing")


@blueprint.get("/participants/<code:code>/record")
@page(Permission.READ_PARTICIPANT)
def show(code: str) -> ResponseReturnValue:
    """Show who signed the record off, whether that holds, and when it was locked."""
    return record_page(code)


@blueprint.post("/participants/<code:code>/record/sign-off")
@page(Permission.SIGN_OFF_RECORD)
def sign_off(code: str) -> ResponseReturnValue:
    """Sign that the data are complete and accurate."""

    def act(session: Session) -> None:
        locking.sign_off(
            session, current_actor(), code, typed.proof(),
            catalogue=catalogue(session), keyring=keyring(), now=now(),
        )  # fmt: skip

    return _attempt("sign_off", code, act)


@blueprint.post("/participants/<code:code>/record/lock")
@page(Permission.LOCK_RECORD)
def lock(code: str) -> ResponseReturnValue:
    """Lock a record that is signed off."""

    def act(session: Session) -> None:
        locking.lock(session, current_actor(), code, now=now())

    return _attempt("lock", code, act)


@blueprint.post("/participants/<code:code>/record/unlock")
@page(Permission.LOCK_RECORD)
def unlock(code: str) -> ResponseReturnValue:
    """Unlock a record for a reason."""

    def act(session: Session) -> None:
        locking.unlock(session, current_actor(), code, reason=typed.text("reason"), now=now())

    return _attempt("unlock", code, act)


def record_page(
    code: str, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    """Return the page of a record; a refusal stands beside its form."""
    actor = current_actor()
    with reading() as session:
        who = enrolment.get_participant(session, actor, code, Permission.READ_PARTICIPANT)
        state = locking.state_of(session, actor, who, catalogue=catalogue(session), now=now())
        zone = session.get_one(Site, who.site_id).zone
    return render_framed(
        "record.html", status=status, here="participants", refused=refused, who=who, state=state,
        zone=zone, may_sign=actor.may_at(Permission.SIGN_OFF_RECORD, who.site_id),
        may_lock=actor.may_at(Permission.LOCK_RECORD, who.site_id),
    )  # fmt: skip


def _attempt(form: str, code: str, act: Callable[[Session], None]) -> ResponseReturnValue:
    return typed.attempt(
        form, act, show=partial(record_page, code), to=url_for("console_sealing.show", code=code)
    )

"""The participant's own app, opened by the site: on its tablet, or while she is interviewed."""

from datetime import timedelta

from flask import Response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_jwt_extended import create_access_token, set_access_cookies

from epro.access import Permission
from epro.api.context import client_name, current_actor, now, reading, transaction, wall_now
from epro.services import enrolment, sessions
from epro.web.console import typed
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.session import page
from questionnaires.licensing import EntryMode

APP = "/p/#/behalf"
MODES = (EntryMode.SITE_TABLET, EntryMode.PROVISIONED_DEVICE)

blueprint = new_blueprint("on_behalf")


@blueprint.get("/participants/<code:code>/on-behalf")
@page(Permission.ANSWER_ON_BEHALF)
def show_ways(code: str) -> ResponseReturnValue:
    """Ask how the answers are going to be taken."""
    with reading() as session:
        who = enrolment.get_participant(session, current_actor(), code, Permission.ANSWER_ON_BEHALF)
        return render_framed("on_behalf.html", here="participants", who=who, modes=MODES)


@blueprint.post("/participants/<code:code>/on-behalf")
@page(Permission.ANSWER_ON_BEHALF)
def open_app(code: str) -> ResponseReturnValue:
    """Open her app in this browser, in a session of its own that ends after two hours."""
    actor, mode = current_actor(), typed.chosen("mode", EntryMode)
    if mode not in MODES:
        return redirect(url_for("console_on_behalf.show_ways", code=code), code=303)
    with transaction() as session:
        who = enrolment.get_participant(session, actor, code, Permission.ANSWER_ON_BEHALF)
        signed_in = sessions.start_on_behalf(
            session, actor, who, mode, client=client_name(), now=now(), wall_now=wall_now()
        )
    claims = {
        "sid": str(signed_in.device_session_id), "behalf": str(actor.id), "mode": mode.value,
    }  # fmt: skip
    life: timedelta = sessions.ON_BEHALF_LIMIT
    token = create_access_token(
        str(signed_in.person_id), additional_claims=claims, expires_delta=life
    )
    response = Response(status=303, headers={"Location": APP})
    set_access_cookies(response, token, max_age=int(life.total_seconds()))
    return response

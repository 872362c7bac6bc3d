"""What the site enters for a participant: in her own app on its device, or from paper."""

from datetime import timedelta

from flask import Response
from flask.typing import ResponseReturnValue
from flask_jwt_extended import create_access_token

from epro.access import Permission
from epro.api import whose
from epro.api.context import (
    catalogue,
    client_name,
    current_actor,
    now,
    reading,
    room_claim,
    transaction,
    wall_now,
)
from epro.errors import InvalidInput
from epro.errors_of_record import ModeNotAllowed
from epro.services import enrolment, on_behalf, sessions
from epro.web.console import typed
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.licensing import EntryMode

APP = "/p/#/behalf"
FORM = "behalf"

blueprint = new_blueprint("on_behalf")


@blueprint.get("/participants/<code:code>/on-behalf")
@page(Permission.ANSWER_ON_BEHALF)
def show_ways(code: str) -> ResponseReturnValue:
    """Ask how the answers are going to be taken, among the ways that the study allows."""
    return _page(code)


@blueprint.post("/participants/<code:code>/on-behalf")
@page(Permission.ANSWER_ON_BEHALF)
def open_app(code: str) -> ResponseReturnValue:
    """Open her app in this browser, in a session of its own that ends after two hours."""
    actor = current_actor()
    try:
        mode = typed.chosen("mode", EntryMode)
        with transaction() as session:
            who = enrolment.get_participant(session, actor, code, Permission.ANSWER_ON_BEHALF)
            signed_in = on_behalf.open_app(
                session, actor, who, mode, client=client_name(), catalogue=catalogue(session),
                now=now(), wall_now=wall_now(),
            )  # fmt: skip
    except (InvalidInput, ModeNotAllowed) as refusal:
        return _page(code, status=refusal.status, refused=typed.refused(FORM, refusal))
    claims = {
        "sid": str(signed_in.device_session_id), whose.BEHALF_CLAIM: str(actor.id),
        "mode": mode.value, **room_claim(),
    }  # fmt: skip
    life: timedelta = sessions.ON_BEHALF_LIMIT
    token = create_access_token(
        str(signed_in.person_id), additional_claims=claims, expires_delta=life
    )
    response = Response(status=303, headers={"Location": f"{APP}/{signed_in.actor.name}"})
    whose.hand_out(response, token, life=life)
    return response


def _page(code: str, *, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    with reading() as session:
        who = enrolment.get_participant(session, current_actor(), code, Permission.ANSWER_ON_BEHALF)
        ways = on_behalf.ways(session, who, catalogue=catalogue(session), now=now())
    return render_framed(
        "on_behalf.html", status=status, here="participants", refused=refused, who=who, ways=ways,
        form=FORM,
    )  # fmt: skip

"""What a participant's phone sent and was not taken: who, when, why, and what stands in it."""

from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import catalogue, current_actor, reading
from epro.models import Site
from epro.services import enrolment, refused_bodies
from epro.web.console.asked import wanted
from epro.web.console.ordering import order_of
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.session import page

blueprint = new_blueprint("refused")


@blueprint.get("/participants/<code:code>/refused")
@page(Permission.READ_RESPONSE)
def show(code: str) -> ResponseReturnValue:
    """Show what was refused from one participant's phone and kept, the newest first."""
    asked = wanted(refused_bodies.Column)
    with reading() as session:
        who = enrolment.get_participant(session, current_actor(), code, Permission.READ_RESPONSE)
        zone = session.get_one(Site, who.site_id).zone
        found = refused_bodies.list_page(
            session, who, asked, language=current_language(), catalogue=catalogue(session)
        )
    return render_framed(
        "refused_bodies.html", here="participants", who=who, zone=zone, found=found,
        columns=list(refused_bodies.Column), order=order_of(asked, code=who.code),
    )  # fmt: skip

"""One response in words, as it was seen, with the way to what the journal says of it."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import catalogue, current_actor, reading
from epro.errors import NotFound
from epro.models import Participant, ResponseStatus, Site
from epro.services import forms, own_record, responses
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.session import page

blueprint = new_blueprint("answers")


@blueprint.get("/participants/<code:code>/answers/<uuid:response_id>")
@page(Permission.READ_RESPONSE)
def show(code: str, response_id: UUID) -> ResponseReturnValue:
    """Show what was answered, question by question."""
    with reading() as session:
        response = responses.read_one(session, current_actor(), response_id)
        who = session.get_one(Participant, response.participant_id)
        if who.code != code:
            raise NotFound
        site = session.get_one(Site, who.site_id)
        seen = forms.seen(
            session, response, language=current_language(), catalogue=catalogue(session)
        )
        is_hers = own_record.is_hers(session, response)
    may_put_down = (
        is_hers
        and response.status is ResponseStatus.COMPLETED
        and current_actor().may_at(Permission.PUT_DOWN_CORRECTION, site.id)
    )
    return render_framed(
        "answers.html", here="participants", who=who, seen=seen, zone=site.zone,
        may_put_down=may_put_down,
    )  # fmt: skip

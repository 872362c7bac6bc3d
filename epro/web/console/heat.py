"""The heat map of the diary: a real table, a letter and a fill for each day."""

from math import ceil

from flask import request
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.services import compliance_map, participant_list
from epro.web.console.asked import page_number, query
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.session import page

blueprint = new_blueprint("compliance")

SPANS = (14, 28, 168)


@blueprint.get("/compliance")
@page(Permission.READ_COMPLIANCE)
def show() -> ResponseReturnValue:
    """Show how the last days stand, by participant and day."""
    asked, actor = request.args.get("days", ""), current_actor()
    days = int(asked) if asked in {str(span) for span in SPANS} else SPANS[0]
    is_by_code = request.args.get("sort") == "code"
    with reading() as session:
        found = compliance_map.of_days(
            session, actor, days=days, site=request.args.get("site") or None,
            worst_first=not is_by_code, page=page_number(), catalogue=catalogue(session),
            now=now(),
        )  # fmt: skip
        hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_COMPLIANCE))
    return render_framed(
        "compliance.html", here="compliance", found=found, days=days, spans=SPANS, sites=hers,
        site=request.args.get("site") or "", is_by_code=is_by_code, page=page_number(),
        pages=ceil(found.total / participant_list.PAGE), args=query(),
    )  # fmt: skip

"""What an investigator has reviewed, per visit; what came since then stands on top."""

from math import ceil

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from epro.access import Permission
from epro.api.context import current_actor, now, reading, transaction
from epro.models import Visit
from epro.services import participant_list, reviews
from epro.services.reviews import Column, Wanted
from epro.web.console import typed
from epro.web.console.asked import asked_for, is_down, page_number
from epro.web.console.ordering import Order
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.session import page

blueprint = new_blueprint("reviewing")


@blueprint.get("/reviews")
@page(Permission.READ_RESPONSE)
def show() -> ResponseReturnValue:
    """Show whose data wait for an investigator's review."""
    wanted = Wanted(
        only_waiting=request.args.get("all") != "1", site=request.args.get("site") or None,
        column=asked_for("sort", Column), is_descending=is_down(), page=page_number(),
    )  # fmt: skip
    actor = current_actor()
    with reading() as session:
        found = reviews.list_page(session, actor, wanted)
        hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_RESPONSE))
    return render_framed(
        "reviews.html", here="reviews", found=found, wanted=wanted, visits=list(Visit),
        sites=hers, order=Order(wanted.column or "", wanted.is_descending, request.args.to_dict()),
        pages=ceil(found.total / reviews.PAGE), may_review=actor.holds(Permission.REVIEW_DATA),
    )  # fmt: skip


@blueprint.post("/participants/<code:code>/reviews")
@page(Permission.REVIEW_DATA)
def mark(code: str) -> ResponseReturnValue:
    """Note that everything received so far was reviewed."""
    with transaction() as session:
        visit = typed.perhaps("visit", Visit) or Visit.UNSCHEDULED
        reviews.mark(session, current_actor(), code, visit, now=now())
    return redirect(url_for("console_reviewing.show"), code=303)

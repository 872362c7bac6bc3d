"""What an investigator has reviewed, per visit; what came since then stands on top."""

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import current_actor, now, reading
from epro.models import Visit
from epro.services import participant_list, reviews
from epro.web.console import typed
from epro.web.console.asked import query, wanted
from epro.web.console.ordering import order_of
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("reviewing")
REVIEW = "review"


@blueprint.get("/reviews")
@page(Permission.READ_RESPONSE)
def show() -> ResponseReturnValue:
    """Show whose data wait for an investigator's review."""
    return _page()


@blueprint.post("/participants/<code:code>/reviews")
@page(Permission.REVIEW_DATA)
def mark(code: str) -> ResponseReturnValue:
    """Note that everything that was shown was reviewed; refused where more has come in since."""

    def act(session: Session) -> None:
        reviews.mark(
            session, current_actor(), code, typed.perhaps("visit", Visit) or Visit.UNSCHEDULED,
            seen_up_to=typed.offset_instant("seen_up_to"), now=now(),
        )  # fmt: skip

    return typed.attempt(REVIEW, act, show=_page, to=url_for("console_reviewing.show", **query()))


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    asked, only_waiting = wanted(reviews.Column), request.args.get("all") != "1"
    actor = current_actor()
    with reading() as session:
        found = reviews.list_page(session, actor, asked, only_waiting=only_waiting)
        hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_RESPONSE))
    return render_framed(
        "reviews.html", status=status, refused=refused, here="reviews", found=found, wanted=asked,
        only_waiting=only_waiting, visits=list(Visit), sites=hers, order=order_of(asked),
        may_review=actor.holds(Permission.REVIEW_DATA),
    )  # fmt: skip

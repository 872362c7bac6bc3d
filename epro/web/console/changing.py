"""Requests to change data: who asked for what, what she says, and the investigator's decision."""

from collections.abc import Callable
from math import ceil
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.services import correction_list, corrections
from epro.services.correction_asking import HerWord
from epro.web.console import typed
from epro.web.console.asked import page_number
from epro.web.console.pages import current_language, new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("changing")


@blueprint.get("/corrections")
@page(Permission.READ_RESPONSE)
def show() -> ResponseReturnValue:
    """Show the requests that wait, or all of them."""
    return _page()


@blueprint.post("/corrections/<uuid:correction_id>/call")
@page(Permission.PUT_DOWN_CORRECTION)
def put_down_call(correction_id: UUID) -> ResponseReturnValue:
    """Put down what she said when she was called about it."""

    def act(session: Session) -> None:
        zone = correction_list.zone_of(session, correction_id)
        word = HerWord(
            is_right=typed.line("is_right") == "yes",
            call_at=typed.instant("call_at", zone) or now(), call_words=typed.text("call_words"),
        )  # fmt: skip
        corrections.hear(
            session, current_actor(), correction_id, word, catalogue=catalogue(session), now=now()
        )

    return _attempt(f"call-{correction_id}", act)


@blueprint.post("/corrections/<uuid:correction_id>/decision")
@page(Permission.DECIDE_CORRECTION)
def decide(correction_id: UUID) -> ResponseReturnValue:
    """Approve or decline what she confirmed."""

    def act(session: Session) -> None:
        corrections.decide(
            session, current_actor(), correction_id, is_approved=typed.line("is_approved") == "yes",
            reason=typed.text("reason"), catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt(f"decide-{correction_id}", act)


def _attempt(form: str, act: Callable[[Session], None]) -> ResponseReturnValue:
    return typed.attempt(form, act, show=_page, to=url_for("console_changing.show"))


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor, language = current_actor(), current_language()
    only_open = request.args.get("all") != "1"
    code = (request.args.get("code") or "").strip().upper()[:32] or None
    with reading() as session:
        found = correction_list.list_page(
            session, actor, only_open=only_open, participant=code, page=page_number(),
            language=language, catalogue=catalogue(session),
        )  # fmt: skip
    return render_framed(
        "corrections.html", status=status, here="corrections", refused=refused, found=found,
        only_open=only_open, code=code or "", page=page_number(),
        pages=ceil(found.total / correction_list.PAGE), args=request.args.to_dict(),
        may_call=actor.holds(Permission.PUT_DOWN_CORRECTION),
        may_decide=actor.holds(Permission.DECIDE_CORRECTION),
    )  # fmt: skip

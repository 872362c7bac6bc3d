"""The log of messages: failed ones first, and sent again with a reason."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, is_in_training, now, reading
from epro.services import message_log, practising, sending_again
from epro.services.message_log import Column, Outcome, Wanted
from epro.web.console import typed
from epro.web.console.asked import asked_for, is_down, query, uuid
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from notifications.messages import ChannelName

blueprint = new_blueprint("messages")

SPANS = (1, 7, 30)
# What a provider says of a call that somebody has to be able to read.
TOLD = message_log.UNANSWERED | {"canceled"}


@blueprint.get("/messages")
@page(Permission.READ_MESSAGE)
def show() -> ResponseReturnValue:
    """Show what was sent and what became of it."""
    return _page()


@blueprint.post("/messages/<uuid:message_id>/again")
@page(Permission.SEND_MESSAGE_AGAIN)
def send_again(message_id: UUID) -> ResponseReturnValue:
    """Send a failed message again."""

    def act(session: Session) -> None:
        sending_again.send_again(
            session, current_actor(), message_id, reason=typed.text("reason"),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return typed.attempt(
        str(message_id), act, show=partial(_page), to=url_for("console_messages.show")
    )


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    days = request.args.get("days", "")
    wanted = Wanted(
        days=int(days) if days in {str(span) for span in SPANS} else 7,
        outcome=asked_for("outcome", Outcome),
        channel=asked_for("channel", ChannelName),
        code=(request.args.get("code") or "").strip().upper()[:32] or None,
        after=uuid("after"),
        column=asked_for("sort", Column),
        is_descending=is_down(),
    )
    with reading() as session:
        found = message_log.list_page(session, current_actor(), wanted, now=now())
        texts = practising.texts_of(session) if is_in_training() else {}
    return render_framed(
        "messages.html", status=status, here="messages", refused=refused,
        found=found, wanted=wanted, spans=SPANS, args=query(),
        outcomes=list(Outcome), told=TOLD, channels=list(ChannelName),
        may_send=current_actor().holds(Permission.SEND_MESSAGE_AGAIN),
        is_filtered=replace(wanted, after=None, column=None, is_descending=False) != Wanted(),
        texts=texts,
    )  # fmt: skip

"""What a physician does with an event on record: sign it, link reports to it, void it."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, keyring, now
from epro.services import adverse_events
from epro.web.console import event_forms, typed
from epro.web.console.pages import new_blueprint
from epro.web.console.session import page

blueprint = new_blueprint("event_acts")


@blueprint.post("/events/<uuid:event_id>/signature")
@page(Permission.ASSESS_ADVERSE_EVENT)
def sign(event_id: UUID) -> ResponseReturnValue:
    """Sign the assessment as it stands, with password and one-time code."""

    def act(session: Session) -> None:
        adverse_events.sign(
            session, current_actor(), event_id, typed.proof(),
            version=typed.number("version") or 0, catalogue=catalogue(session),
            keyring=keyring(), now=now(),
        )  # fmt: skip

    return _attempt("sign", event_id, act)


@blueprint.post("/events/<uuid:event_id>/links")
@page(Permission.ASSESS_ADVERSE_EVENT)
def link(event_id: UUID) -> ResponseReturnValue:
    """Say which of her reports of medicines and care belong to the event."""

    def act(session: Session) -> None:
        adverse_events.link(
            session, current_actor(), event_id, typed.ids("response_ids"),
            reason=typed.text("reason"), catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt("link", event_id, act)


@blueprint.post("/events/<uuid:event_id>/void")
@page(Permission.ASSESS_ADVERSE_EVENT)
def void(event_id: UUID) -> ResponseReturnValue:
    """Void an event that was entered in error, or twice."""

    def act(session: Session) -> None:
        adverse_events.void(
            session, current_actor(), event_id,
            duplicate_of_number=typed.number("duplicate_of_number"),
            reason=typed.text("reason"), catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt("void", event_id, act)


def _attempt(form: str, event_id: UUID, act: Callable[[Session], None]) -> ResponseReturnValue:
    return typed.attempt(
        form, act, show=partial(event_forms.event_page, event_id),
        to=url_for("console_event_forms.show", event_id=event_id),
    )  # fmt: skip

"""Requests of participants about their own data: the list, the form, one request, the copy."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import (
    catalogue,
    current_actor,
    is_in_training,
    keyring,
    now,
    reading,
    transaction,
)
from epro.errors import DomainError
from epro.models import AskedBy, IdentityCheck, RequestAct, RequestKind, RequestOutcome
from epro.services import data_requests, own_copy, staff
from epro.services.data_requests import NewRequest, Shown
from epro.services.forms import Seen
from epro.services.own_copy import OwnCopy
from epro.services.paging import page_of
from epro.web.console import typed
from epro.web.console.answers import by_the_clock
from epro.web.console.asked import asked_for, page_number
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed, translator
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.data_protection import Urgency, request_latest_on

blueprint = new_blueprint("data_requests")

FORM = "request"
CONFIRM = "This needs your tick: it cannot be undone."


ORDERS: dict[str, Callable[[Shown], Any]] = {
    "participant": lambda one: one.participant.code,
    "kind": lambda one: one.request.kind.value,
    "received": lambda one: one.request.received_on,
    "due": lambda one: one.request.due_on,
    "owner": lambda one: one.owner.full_name,
}


class Which(StrEnum):
    """Which requests the list holds."""

    OPEN = "open"
    PRESSING = "pressing"
    ALL = "all"


@blueprint.get("/data-requests")
@page(Permission.READ_DATA_REQUEST)
def show_list() -> ResponseReturnValue:
    """Show requests by their day, and the form for the next one."""
    return _list_page()


@blueprint.post("/data-requests")
@page(Permission.HANDLE_DATA_REQUEST)
def record() -> ResponseReturnValue:
    """Write down what she asks."""

    def act(session: Session) -> None:
        data_requests.record(
            session, current_actor(), typed.needed_line("code").upper(),
            NewRequest(
                kind=typed.chosen("kind", RequestKind),
                asked_by=typed.chosen("asked_by", AskedBy),
                identity_check=typed.chosen("identity_check", IdentityCheck),
                received_on=typed.needed_day("received_on"), words=typed.text("words"),
            ),
            now=now(),
        )  # fmt: skip

    return typed.attempt(FORM, act, show=_list_page, to=url_for("console_data_requests.show_list"))


@blueprint.get("/data-requests/<uuid:request_id>")
@page(Permission.READ_DATA_REQUEST)
def show(request_id: UUID) -> ResponseReturnValue:
    """Show one request: its day, what was done, what can be done."""
    return _page(request_id)


@blueprint.post("/data-requests/<uuid:request_id>/steps")
@page(Permission.HANDLE_DATA_REQUEST)
def take_step(request_id: UUID) -> ResponseReturnValue:
    """Note what was done, or hand it to a colleague."""

    def act(session: Session) -> None:
        data_requests.take_step(
            session, current_actor(), request_id, typed.text("words"),
            owner=typed.line("owner") or None, now=now(),
        )  # fmt: skip

    return _attempt("step", request_id, act)


@blueprint.post("/data-requests/<uuid:request_id>/extension")
@page(Permission.HANDLE_DATA_REQUEST)
def extend(request_id: UUID) -> ResponseReturnValue:
    """Set a later day with the reason she was told."""

    def act(session: Session) -> None:
        data_requests.extend(
            session, current_actor(), request_id, due_on=typed.needed_day("due_on"),
            reason=typed.text("reason"), now=now(),
        )  # fmt: skip

    return _attempt("extension", request_id, act)


@blueprint.post("/data-requests/<uuid:request_id>/erasure")
@page(Permission.HANDLE_DATA_REQUEST)
def erase(request_id: UUID) -> ResponseReturnValue:
    """Remove her contact data; only with a tick."""

    def act(session: Session) -> None:
        if typed.line("confirm") != "yes":
            raise typed.not_right("confirm", CONFIRM)
        data_requests.erase_contact_data(session, current_actor(), request_id, now=now())

    return _attempt("erasure", request_id, act)


@blueprint.post("/data-requests/<uuid:request_id>/copy")
@page(Permission.HANDLE_DATA_REQUEST)
def take_copy(request_id: UUID) -> ResponseReturnValue:
    """Return what is held about her as a page to keep or print, in her language."""
    try:
        with transaction() as session:
            copy = own_copy.make(
                session, current_actor(), request_id,
                catalogue=catalogue(session), keyring=keyring(), now=now(),
            )  # fmt: skip
            written = _written(copy)
    except DomainError as refusal:
        return _page(request_id, status=refusal.status, refused=typed.refused("copy", refusal))
    response = Response(written, mimetype="text/html")
    on = copy.made_at.astimezone(ZoneInfo(copy.participant.zone))
    name = f"{copy.participant.code}-{on:%Y%m%d}.html"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/data-requests/<uuid:request_id>/end")
@page(Permission.HANDLE_DATA_REQUEST)
def end(request_id: UUID) -> ResponseReturnValue:
    """End a request with what she was told."""

    def act(session: Session) -> None:
        data_requests.end(
            session, current_actor(), request_id,
            outcome=typed.chosen("outcome", RequestOutcome),
            explanation=typed.text("explanation"), now=now(),
        )  # fmt: skip

    return _attempt("end", request_id, act)


def _written(copy: OwnCopy) -> str:
    language = copy.participant.language
    return render_template(
        "console/own_copy.html", copy=copy, said_in=_said_in, t=translator(language),
        is_training=is_in_training(), language=language, zone=copy.participant.zone,
    )  # fmt: skip


def _said_in(seen: Seen) -> list[tuple[str, str | None]]:
    zone = ZoneInfo(seen.response.zone)
    return [(asked, by_the_clock(answer, zone)) for asked, answer in own_copy.said_in(seen)]


def _list_page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor, which = current_actor(), asked_for("which", Which) or Which.OPEN
    code = (request.form if refused else request.args).get("code", "").strip().upper()[:32]
    with reading() as session:
        lines = data_requests.list_of(
            session, actor, only_open=which is not Which.ALL,
            code=None if refused else code or None,
        )  # fmt: skip
    urgencies = {one.request.id: one.urgency(now()) for one in lines}
    if which is Which.PRESSING:
        lines = [one for one in lines if urgencies[one.request.id] is not Urgency.LATER]
    in_order, order = ordered(lines, ORDERS)
    return render_framed(
        "data_requests.html", status=status, here="data_requests", refused=refused, form=FORM,
        found=page_of(in_order, page_number()), order=order, urgencies=urgencies, which=which,
        ways=list(Which), code=code,
        kinds=list(RequestKind), askers=list(AskedBy), checks=list(IdentityCheck),
        may_handle=actor.holds(Permission.HANDLE_DATA_REQUEST),
    )  # fmt: skip


def _page(
    request_id: UUID, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        shown = data_requests.get(session, actor, request_id)
        steps = data_requests.steps_of(session, shown.request)
        may_handle = actor.may_at(Permission.HANDLE_DATA_REQUEST, shown.site.id)
        people = (
            staff.who_may(session, shown.site, Permission.HANDLE_DATA_REQUEST) if may_handle else ()
        )
        facts = data_requests.facts_of(session, shown.request)
        why_needed = data_requests.why_contact_needed(session, shown.participant)
    return render_framed(
        "data_request.html", status=status, here="data_requests", refused=refused, one=shown,
        it=shown.request, facts=facts, steps=steps, urgency=shown.urgency(now()),
        may_handle=may_handle and shown.request.ended_at is None,
        colleagues=[(one.username, one.full_name) for one in people],
        outcomes=[
            one for one in RequestOutcome
            if shown.request.kind is not RequestKind.ERASURE or one is not RequestOutcome.FULFILLED
        ],
        why_needed=why_needed,
        is_erased=any(step.act is RequestAct.CONTACT_ERASED for step, _ in steps),
        latest_on=request_latest_on(shown.request.received_on),
        her=translator(shown.participant.language),
    )  # fmt: skip


def _attempt(form: str, request_id: UUID, act: Callable[[Session], None]) -> ResponseReturnValue:
    return typed.attempt(
        form, act, show=partial(_page, request_id),
        to=url_for("console_data_requests.show", request_id=request_id),
    )  # fmt: skip

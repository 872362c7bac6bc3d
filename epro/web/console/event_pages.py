"""Adverse events: what waits for a decision, the list, and the table of those under treatment."""

from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.models import Disposition, EventSource, Site, Task
from epro.services import (
    adverse_events,
    candidate_words,
    delegation,
    enrolment,
    event_lines,
    event_lists,
    waiting_list,
)
from epro.services.adverse_events import Choice
from epro.services.delegation import WhyNot
from epro.services.event_lines import EventColumn
from epro.services.waiting_list import Waiting, WaitingColumn
from epro.web.console import typed
from epro.web.console.asked import asked_for, is_down, page_number
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("events")

# Accepting asks for everything a physician says of an event, which has a form of its own.
ASKED = ("code", "emergent", "sort", "down", "page", "source", "window", "by", "latest", "waiting")
DECISIONS = tuple(one for one in Disposition if one is not Disposition.ACCEPTED)


@blueprint.get("/events")
@page(Permission.READ_ADVERSE_EVENT)
def show() -> ResponseReturnValue:
    """Show the events that stand, and what nobody has decided about."""
    return _page()


@blueprint.get("/events/table")
@page(Permission.READ_EVENT_TABLE)
def show_table() -> ResponseReturnValue:
    """Show how many events began under treatment: blinded totals, small counts hidden."""
    with reading() as session:
        counted = event_lists.table(
            session, current_actor(), catalogue=catalogue(session), now=now()
        )
    places = {row.name: place for place, row in enumerate(counted.rows)}
    rows, order = ordered(
        counted.rows,
        {
            "row": lambda one: places[one.name],
            "participants": lambda one: one.participant_count,
            "events": lambda one: one.event_count,
        },
    )
    return render_framed(
        "event_table.html", here="event_table", counted=counted, rows=rows, order=order
    )


@blueprint.post("/participants/<code:code>/event-candidates/<uuid:candidate_id>/decision")
@page(Permission.ASSESS_ADVERSE_EVENT)
def decide(code: str, candidate_id: UUID) -> ResponseReturnValue:
    """Merge it with an event on record, link it to one, or decline it, with a reason."""

    def act(session: Session) -> None:
        actor = current_actor()
        who = enrolment.get_participant(session, actor, code, Permission.ASSESS_ADVERSE_EVENT)
        choice = Choice(
            disposition=typed.chosen("disposition", Disposition), reason=typed.text("reason"),
            event_number=typed.number("event_number"),
        )  # fmt: skip
        adverse_events.decide(
            session, actor, who, candidate_id, choice, catalogue=catalogue(session), now=now()
        )

    return typed.attempt(
        str(candidate_id), act, show=partial(_page, candidate_id),
        to=url_for("console_events.show", **_args()),
    )  # fmt: skip


def _page(
    around: UUID | None = None, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    code = (request.args.get("code") or "").strip().upper()[:32] or None
    wanted = event_lines.Wanted(
        code=code,
        only_treatment_emergent=request.args.get("emergent") == "1",
        column=asked_for("sort", EventColumn) or EventColumn.PARTICIPANT,
        is_descending=is_down(),
        page=page_number(),
    )
    asked = waiting_list.Wanted(
        code=code,
        source=asked_for("source", EventSource),
        only_in_window=request.args.get("window") == "1",
        column=asked_for("by", WaitingColumn) or WaitingColumn.BEGAN,
        is_descending=request.args.get("latest") == "1",
        page=page_number("waiting"),
        around=around,
    )
    with reading() as session:
        known = catalogue(session)
        found = event_lines.list_page(session, actor, wanted, catalogue=known, now=now())
        waiting = waiting_list.list_page(session, actor, asked, catalogue=known, now=now())
        undelegated = _undelegated(session, waiting.lines)
        about = candidate_words.about(session, waiting.lines, catalogue=known)
    return render_framed(
        "events.html", status=status, here="events", refused=refused, found=found, wanted=wanted,
        pages=ceil(found.total / event_lines.PAGE), waiting=waiting, asked=asked,
        about=about,
        waiting_pages=ceil(waiting.found / waiting_list.PAGE),
        sources=[one for one in EventSource if one is not EventSource.INVESTIGATOR],
        columns=list(WaitingColumn), code=code or "", args=_args(), undelegated=undelegated,
        decisions=DECISIONS, may_decide=actor.holds(Permission.ASSESS_ADVERSE_EVENT),
    )  # fmt: skip


def _args() -> dict[str, Any]:
    """Return what the address asks for, so that whatever leads on keeps it."""
    return {name: value for name in ASKED if (value := request.args.get(name))}


def _undelegated(session: Session, waiting: Sequence[Waiting]) -> dict[UUID, WhyNot]:
    """Return, by candidate, why the reader may not decide about it today; told before he types."""
    actor = current_actor()
    known: dict[tuple[Task, UUID], WhyNot | None] = {}
    found: dict[UUID, WhyNot] = {}
    for one in waiting:
        asked = (adverse_events.task_for(one.source), one.site_id)
        if asked not in known:
            site = session.get_one(Site, one.site_id)
            known[asked] = delegation.why_not(session, actor, asked[0], site, now=now())
        if why := known[asked]:
            found[one.id] = why
    return found

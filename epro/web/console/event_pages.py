"""Adverse events: what waits for a decision, the list, and the table of those under treatment."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.models import Disposition, Site, Task
from epro.services import adverse_events, candidates, delegation, enrolment, event_lists
from epro.services.adverse_events import Choice
from epro.services.candidates import Candidate, CandidateState
from epro.services.delegation import WhyNot
from epro.services.event_reading import ShownEvent
from epro.web.console import typed
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("events")

# Accepting asks for everything a physician says of an event, which has a form of its own.
ORDERS: dict[str, Callable[[ShownEvent], Any]] = {
    "participant": lambda one: (one.participant.code, one.event.number),
    "term": lambda one: one.event.term,
    "onset": lambda one: one.event.onset_on,
    "end": lambda one: one.event.ended_on,
    "grade": lambda one: one.event.worst_grade,
}
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
    return render_framed("event_table.html", here="event_table", counted=counted)


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
        str(candidate_id), act, show=partial(_page), to=url_for("console_events.show")
    )


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    only_emergent = request.args.get("emergent") == "1"
    code = (request.args.get("code") or "").strip().upper()[:32]
    with reading() as session:
        known = catalogue(session)
        events = event_lists.listing(
            session, actor, only_treatment_emergent=only_emergent, catalogue=known, now=now()
        )
        waiting = candidates.list_candidates(
            session, actor, only_undecided=True, catalogue=known, now=now()
        )
        open_ones = [one for one in waiting if one.state is not CandidateState.DECIDED]
        undelegated = _undelegated(session, open_ones)
    lines, order = ordered([one for one in events if code in {"", one.participant.code}], ORDERS)
    return render_framed(
        "events.html", status=status, here="events", refused=refused, events=lines, order=order,
        code=code,
        waiting=open_ones, undelegated=undelegated, only_emergent=only_emergent,
        decisions=DECISIONS, may_decide=actor.holds(Permission.ASSESS_ADVERSE_EVENT),
    )  # fmt: skip


def _undelegated(session: Session, waiting: Sequence[Candidate]) -> dict[UUID, WhyNot]:
    """Return, by candidate, why the reader may not decide about it today; told before he types."""
    actor = current_actor()
    known: dict[tuple[Task, UUID], WhyNot | None] = {}
    found: dict[UUID, WhyNot] = {}
    for one in waiting:
        asked = (adverse_events.task_for(one), one.participant.site_id)
        if asked not in known:
            site = session.get_one(Site, one.participant.site_id)
            known[asked] = delegation.why_not(session, actor, asked[0], site, now=now())
        if why := known[asked]:
            found[one.id] = why
    return found

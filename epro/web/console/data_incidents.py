"""The register of breaches: the list with exercises apart, the form, one entry to its end."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.models import DataIncidentKind, IncidentSeverity
from epro.services import data_incidents, participant_list, sites
from epro.services.data_incidents import NewIncident, Shown, Step, Word
from epro.services.paging import page_of
from epro.web.console import typed
from epro.web.console.asked import asked_for, page_number
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.data_protection import Recipient, urgency_of_instant

blueprint = new_blueprint("data_incidents")

FORM = "incident"


ORDERS: dict[str, Callable[[Shown], Any]] = {
    "found": lambda one: one.incident.found_at,
    "site": lambda one: one.site.code,
    "kind": lambda one: one.incident.kind.value,
    "severity": lambda one: list(IncidentSeverity).index(one.incident.severity),
}


class Which(StrEnum):
    """Which entries the list holds."""

    OPEN = "open"
    ALL = "all"
    EXERCISES = "exercises"


@blueprint.get("/data-incidents")
@page(Permission.READ_DATA_INCIDENT)
def show_list() -> ResponseReturnValue:
    """Show the register, and the form for the next entry."""
    return _list_page()


@blueprint.post("/data-incidents")
@page(Permission.HANDLE_DATA_INCIDENT)
def record() -> ResponseReturnValue:
    """Enter a breach, or an exercise."""

    def act(session: Session) -> None:
        site = typed.needed_line("site")
        new = NewIncident(
            kind=typed.chosen("kind", DataIncidentKind),
            severity=typed.chosen("severity", IncidentSeverity),
            found_at=typed.needed_instant("found_at", sites.get_site(session, site).zone),
            found_by=typed.line("found_by"), happened=typed.text("happened"),
            data_concerned=typed.text("data_concerned"),
            person_count=typed.number("person_count"),
            is_exercise=typed.line("is_exercise") == "yes",
        )  # fmt: skip
        data_incidents.record(
            session, current_actor(), site, new, catalogue=catalogue(session), now=now()
        )

    which = Which.EXERCISES if typed.line("is_exercise") == "yes" else Which.OPEN
    return typed.attempt(
        FORM, act, show=_list_page, to=url_for("console_data_incidents.show_list", which=which)
    )


@blueprint.get("/data-incidents/<uuid:incident_id>")
@page(Permission.READ_DATA_INCIDENT)
def show(incident_id: UUID) -> ResponseReturnValue:
    """Show one entry: what stands against closing it, steps, whom to tell by when."""
    return _page(incident_id)


@blueprint.post("/data-incidents/<uuid:incident_id>/steps")
@page(Permission.HANDLE_DATA_INCIDENT)
def take_step(incident_id: UUID) -> ResponseReturnValue:
    """Write down a step of containment."""

    def act(session: Session) -> None:
        zone = data_incidents.get(session, current_actor(), incident_id).site.zone
        step = Step(
            words=typed.text("words"), taken_at=typed.needed_instant("taken_at", zone),
            taken_by=typed.line("taken_by"), is_contained=typed.line("is_contained") == "yes",
            severity=typed.perhaps("severity", IncidentSeverity),
            person_count=typed.number("person_count"),
        )  # fmt: skip
        data_incidents.take_step(
            session, current_actor(), incident_id, step, catalogue=catalogue(session), now=now()
        )

    return _attempt("step", incident_id, act)


@blueprint.post("/data-incidents/<uuid:incident_id>/notices")
@page(Permission.HANDLE_DATA_INCIDENT)
def settle_notice(incident_id: UUID) -> ResponseReturnValue:
    """Put down that somebody was told, or why that is not needed."""

    def act(session: Session) -> None:
        zone = data_incidents.get(session, current_actor(), incident_id).site.zone
        word = Word(
            told_at=typed.instant("told_at", zone), proof=typed.text("proof"),
            not_needed_because=typed.text("not_needed_because"),
        )  # fmt: skip
        data_incidents.settle_notice(
            session, current_actor(), incident_id, typed.chosen("recipient", Recipient), word,
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt(f"notice-{typed.line('recipient')}", incident_id, act)


@blueprint.post("/data-incidents/<uuid:incident_id>/closure")
@page(Permission.HANDLE_DATA_INCIDENT)
def close(incident_id: UUID) -> ResponseReturnValue:
    """Close an entry with its cause and what keeps it from happening again."""

    def act(session: Session) -> None:
        data_incidents.close(
            session, current_actor(), incident_id, cause=typed.text("cause"),
            prevention=typed.text("prevention"), catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt("closure", incident_id, act)


def _list_page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor, which = current_actor(), asked_for("which", Which) or Which.OPEN
    with reading() as session:
        lines = data_incidents.list_of(
            session, actor, only_open=which is Which.OPEN, is_exercise=which is Which.EXERCISES
        )
        practising = data_incidents.list_of(session, actor, is_exercise=True)
        in_order, order = ordered(lines, ORDERS)
        hers = participant_list.sites_of(session, actor.sites_for(Permission.HANDLE_DATA_INCIDENT))
    may_handle = actor.holds(Permission.HANDLE_DATA_INCIDENT)
    return render_framed(
        "data_incidents.html", status=status, here="data_incidents", refused=refused, form=FORM,
        found=page_of(in_order, page_number()), order=order,
        urgencies={one.incident.id: one.urgency(now()) for one in lines},
        practising=len(practising), which=which, ways=list(Which), kinds=list(DataIncidentKind),
        severities=list(IncidentSeverity), sites=hers if may_handle else [],
        may_handle=may_handle,
    )  # fmt: skip


def _page(
    incident_id: UUID, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        shown = data_incidents.get(session, actor, incident_id)
        steps = data_incidents.steps_of(session, shown.incident)
        facts = data_incidents.facts_of(session, shown.incident)
    is_open = shown.incident.closed_at is None
    return render_framed(
        "data_incident.html", status=status, here="data_incidents", refused=refused, one=shown,
        it=shown.incident, facts=facts, steps=steps,
        urgencies={one.id: urgency_of_instant(one.due_at, now()) for one in shown.notices},
        severities=list(IncidentSeverity),
        may_handle=is_open and actor.may_at(Permission.HANDLE_DATA_INCIDENT, shown.site.id),
    )  # fmt: skip


def _attempt(form: str, incident_id: UUID, act: Callable[[Session], None]) -> ResponseReturnValue:
    return typed.attempt(
        form, act, show=partial(_page, incident_id),
        to=url_for("console_data_incidents.show", incident_id=incident_id),
    )  # fmt: skip

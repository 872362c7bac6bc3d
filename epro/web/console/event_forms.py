"""One adverse event on screen: accepted from a candidate, entered by herself, and said anew."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, keyring, now, reading
from epro.errors import InvalidInput, NotFound
from epro.models import AdverseEvent, Disposition, Participant, Site, Task
from epro.services import (
    adverse_events,
    candidate_words,
    candidates,
    delegation,
    enrolment,
    event_reading,
    idempotency,
    studies,
)
from epro.services.adverse_events import Choice
from epro.services.candidates import Candidate
from epro.services.delegation import WhyNot
from epro.services.event_facts import EventFacts, GradeFrom
from epro.web.console import typed
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.adverse_events import GRADES, ActionTaken, Outcome, Seriousness
from questionnaires.definition import StudyPackage

blueprint = new_blueprint("event_forms")

FORM = "event"
SPARE_ROWS = 2
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the form when it opens; grades as pairs of grade and first day."""

    values: dict[str, str] = field(default_factory=dict)
    seriousness: Sequence[str] = ()
    grades: Sequence[tuple[str, str]] = ()

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return the rows for grades: those that are filled, and some to go on with."""
        return [*self.grades, *[("", "")] * SPARE_ROWS]


# --- a new one ------------------------------------------------------------------------------------


@blueprint.get("/participants/<code:code>/events/new")
@page(Permission.ASSESS_ADVERSE_EVENT)
def show_new(code: str) -> ResponseReturnValue:
    """Show the form for an event that an examination or the laboratory showed."""
    return _new_page(code)


@blueprint.post("/participants/<code:code>/events")
@page(Permission.ASSESS_ADVERSE_EVENT)
def enter(code: str) -> ResponseReturnValue:
    """Enter an event of the investigator's own."""

    def act(session: Session) -> None:
        actor = current_actor()
        who = enrolment.get_participant(session, actor, code, Permission.ASSESS_ADVERSE_EVENT)

        def once() -> str:
            event = adverse_events.enter(
                session, actor, who, _facts(who.zone), reason=typed.text("reason"),
                catalogue=catalogue(session), now=now(),
            )  # fmt: skip
            return str(event.id)

        _once(session, once)

    return typed.attempt(FORM, act, show=partial(_new_page, code), to=_list())


@blueprint.get("/participants/<code:code>/event-candidates/<uuid:candidate_id>/acceptance")
@page(Permission.ASSESS_ADVERSE_EVENT)
def show_acceptance(code: str, candidate_id: UUID) -> ResponseReturnValue:
    """Show the form that makes an event of a candidate; only its first day is filled in."""
    return _new_page(code, candidate_id)


@blueprint.post("/participants/<code:code>/event-candidates/<uuid:candidate_id>/acceptance")
@page(Permission.ASSESS_ADVERSE_EVENT)
def accept(code: str, candidate_id: UUID) -> ResponseReturnValue:
    """Accept a report, a flag or an episode as a new event."""

    def act(session: Session) -> None:
        actor = current_actor()
        who = enrolment.get_participant(session, actor, code, Permission.ASSESS_ADVERSE_EVENT)

        def once() -> str:
            choice = Choice(
                disposition=Disposition.ACCEPTED, reason=typed.text("reason"),
                facts=_facts(who.zone),
            )  # fmt: skip
            adverse_events.decide(
                session, actor, who, candidate_id, choice, catalogue=catalogue(session), now=now()
            )
            return str(candidate_id)

        _once(session, once)

    return typed.attempt(FORM, act, show=partial(_new_page, code, candidate_id), to=_list())


# --- one on record --------------------------------------------------------------------------------


@blueprint.get("/events/<uuid:event_id>")
@page(Permission.READ_ADVERSE_EVENT)
def show(event_id: UUID) -> ResponseReturnValue:
    """Show one event: what is known, what it rests on, and what was said of it before."""
    return event_page(event_id)


@blueprint.post("/events/<uuid:event_id>")
@page(Permission.ASSESS_ADVERSE_EVENT)
def revise(event_id: UUID) -> ResponseReturnValue:
    """Say anew what is known of an event."""

    def act(session: Session) -> None:
        event = event_reading.get_event(session, current_actor(), event_id)
        who = session.get_one(Participant, event.participant_id)
        adverse_events.revise(
            session, current_actor(), event_id, _facts(who.zone),
            version=typed.number("version") or 0, reason=typed.text("reason"),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return typed.attempt(
        FORM, act, show=partial(event_page, event_id),
        to=url_for("console_event_forms.show", event_id=event_id),
    )  # fmt: skip


# --- what was typed -------------------------------------------------------------------------------


class _Reading:
    """Reads field after field, and keeps what is not right with each for one refusal of all."""

    def __init__(self) -> None:
        self.problems: list[dict[str, str]] = []

    def __call__(self, read: Callable[[], Read], otherwise: Read) -> Read:
        try:
            return read()
        except InvalidInput as refusal:
            self.problems += refusal.details["problems"]
            return otherwise


def _facts(zone: str) -> EventFacts:
    """Return the facts that were typed; days and hours as in `zone`. Raises InvalidInput."""
    read = _Reading()
    onset_on = read(partial(typed.needed_day, "onset_on"), date.min)
    facts = EventFacts(
        term=read(partial(typed.needed_line, "term"), ""),
        onset_on=onset_on,
        onset_at=read(partial(typed.instant, "onset_at", zone), None),
        ended_on=read(partial(typed.day, "ended_on"), None),
        outcome=read(partial(typed.chosen, "outcome", Outcome), Outcome.UNKNOWN),
        action_taken=read(partial(typed.chosen, "action_taken", ActionTaken), ActionTaken.NONE),
        relationship=read(partial(typed.needed_line, "relationship"), ""),
        seriousness=tuple(typed.ticked("seriousness", Seriousness)),
        grades=read(partial(_grades, onset_on), ()),
    )
    if read.problems:
        raise InvalidInput(details={"problems": read.problems})
    return facts


def _grades(onset_on: date) -> tuple[GradeFrom, ...]:
    """Return the grades that were typed; the first one holds from the onset if no day is given."""
    found: list[GradeFrom] = []
    for grade, from_on in _rows_typed():
        if not grade and not from_on:
            continue
        if grade not in {str(one) for one in GRADES}:
            raise typed.not_right("grades", "A grade is 1 to 5.")
        try:
            on = onset_on if not (found or from_on) else date.fromisoformat(from_on)
        except ValueError as error:
            raise typed.not_right("grades", "This is not a date.") from error
        found.append(GradeFrom(int(grade), on))
    return tuple(found)


def _rows_typed() -> list[tuple[str, str]]:
    columns = (request.form.getlist(name) for name in ("grade", "grade_from"))
    return [(grade.strip(), from_on.strip()) for grade, from_on in zip(*columns, strict=False)]


def _once(session: Session, act: Callable[[], str]) -> None:
    """Do what a form asks for once, however often it is sent. Raises IdempotencyConflict."""
    actor, key = current_actor(), typed.line("key")
    if not key:
        act()
        return
    sent = sorted((name, all_of) for name, all_of in request.form.lists() if name != "csrf")
    fingerprint = keyring().lookup("request", f"{request.path} {json.dumps(sent)}")
    if idempotency.claim(session, actor, key, fingerprint, now=now()) is None:
        idempotency.complete(session, actor, key, act())


# --- pages ----------------------------------------------------------------------------------------


def _new_page(
    code: str, candidate_id: UUID | None = None, *, status: int = 200,
    refused: Refused | None = None,
) -> ResponseReturnValue:  # fmt: skip
    with reading() as session:
        who = enrolment.get_participant(
            session, current_actor(), code, Permission.ASSESS_ADVERSE_EVENT
        )
        today = now().astimezone(ZoneInfo(who.zone)).date()
        site = session.get_one(Site, who.site_id)
        package = catalogue(session).package(studies.version_in_force(session, site, on=today))
        candidate = _candidate(session, who, candidate_id) if candidate_id else None
        undelegated = _undelegated(session, site, candidate)
        about = candidate_words.about(
            session, [candidate] if candidate else [], catalogue=catalogue(session)
        )
    begun = {"onset_on": candidate.began_on.isoformat()} if candidate else {}
    return render_framed(
        "event_new.html", status=status, here="events", refused=refused, who=who,
        candidate=candidate, about=about, undelegated=undelegated,
        key=refused.text("key") if refused else str(uuid4()),
        **_form(package, Filled(begun), refused),
    )  # fmt: skip


def event_page(
    event_id: UUID, *, status: int = 200, refused: Refused | None = None
) -> ResponseReturnValue:
    """Return the page of an event; a refusal stands beside its form."""
    actor = current_actor()
    with reading() as session:
        known = catalogue(session)
        event = event_reading.get_event(session, actor, event_id)
        shown = event_reading.shown(session, event, catalogue=known, now=now())
        site = session.get_one(Site, event.site_id)
        package = known.package(event.study_version_id)
        versions = event_reading.versions_of(session, event)
        reports = [
            (one, known.questionnaire(one.questionnaire_code, one.questionnaire_version).title)
            for one in event_reading.linkable(session, event, catalogue=known)
        ]
        undelegated = _undelegated(session, site, None)
    may_assess = actor.may_at(Permission.ASSESS_ADVERSE_EVENT, site.id)
    return render_framed(
        "event.html", status=status, here="events", refused=refused, shown=shown, event=event,
        who=shown.participant, zone=site.zone, versions=versions,
        may_revise=may_assess and event.voided_at is None, reports=reports,
        undelegated=undelegated,
        **_form(package, _as_it_stands(event, shown.participant.zone), refused),
    )  # fmt: skip


def _undelegated(session: Session, site: Site, candidate: Candidate | None) -> WhyNot | None:
    """Return why the reader may not fill in this form today: better told before than after."""
    hers = {adverse_events.task_for(candidate.source)} if candidate else set()
    whys = (
        delegation.why_not(session, current_actor(), task, site, now=now())
        for task in sorted({Task.ASSESS_EVENT} | hers)
    )
    return next((why for why in whys if why), None)


def _form(package: StudyPackage, filled: Filled, refused: Refused | None) -> dict[str, Any]:
    """Return what the form is made of; what was typed into one that was refused comes back."""
    if refused is not None and refused.form == FORM:
        filled = Filled(filled.values, refused.ticked("seriousness"), _rows_typed())
    return {
        "form": FORM, "filled": filled, "package": package, "seriousness": list(Seriousness),
        "actions": list(ActionTaken), "outcomes": list(Outcome), "grades": GRADES,
    }  # fmt: skip


def _as_it_stands(event: AdverseEvent, zone: str) -> Filled:
    at = event.onset_at.astimezone(ZoneInfo(zone)) if event.onset_at else None
    values = {
        "term": event.term,
        "onset_on": event.onset_on.isoformat(),
        "onset_at": f"{at:%Y-%m-%dT%H:%M}" if at else "",
        "ended_on": event.ended_on.isoformat() if event.ended_on else "",
        "outcome": event.outcome.value,
        "action_taken": event.action_taken.value,
        "relationship": event.relationship,
    }
    grades = [(str(one["grade"]), str(one["from_on"])) for one in event.grades]
    return Filled(values, list(event.seriousness), grades)


def _candidate(session: Session, who: Participant, candidate_id: UUID) -> Candidate:
    known = candidates.candidates_of(session, who, catalogue=catalogue(session), now=now())
    found = next((one for one in known if one.id == candidate_id), None)
    if found is None:
        raise NotFound
    return found


def _list() -> str:
    return url_for("console_events.show")

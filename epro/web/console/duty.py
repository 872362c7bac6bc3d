"""Who is on call in the next days, trials of the alarm, and test calls of the site's numbers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.api.context import catalogue, current_actor, now, reading
from epro.errors import AlreadyAcknowledged, NoActiveStudyVersion
from epro.models import ListedNumber, Site
from epro.services import drills, number_checks, participant_list, roster, sites, staff, studies
from epro.services.number_checks import Listed, NewCheck
from epro.services.roster import RosterDay
from epro.web.console import typed
from epro.web.console.asked import page_number
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page
from epro.web.console.typed import YesNo

blueprint = new_blueprint("duty")

DAYS_SHOWN = 7
DRILLS = "drills-"


@blueprint.get("/drills")
@page(Permission.READ_ROSTER)
def show() -> ResponseReturnValue:
    """Show who is on call and the latest drills; the message of a drill leads here."""
    return _page()


@blueprint.post("/drills")
@page(Permission.EDIT_ROSTER)
def start() -> ResponseReturnValue:
    """Try the alarm of a site."""

    def act(session: Session) -> None:
        drills.start(
            session, current_actor(), typed.line("site"), catalogue=catalogue(session), now=now()
        )

    return typed.attempt("drill", act, show=_page, to=url_for("console_duty.show"))


@blueprint.post("/drills/<uuid:drill_id>/acknowledgement")
@page(Permission.ACKNOWLEDGE_FLAG)
def acknowledge(drill_id: UUID) -> ResponseReturnValue:
    """Say that a drill was heard; whoever was first stays on record."""

    def act(session: Session) -> None:
        try:
            drills.acknowledge(session, current_actor(), drill_id, now=now())
        except AlreadyAcknowledged:
            return

    return typed.attempt("heard", act, show=_page, to=url_for("console_duty.show"))


@blueprint.post("/number-checks")
@page(Permission.EDIT_ROSTER)
def log_call() -> ResponseReturnValue:
    """Put a test call on record, answered or not."""

    def act(session: Session) -> None:
        site = sites.get_site(session, typed.line("site"))
        which, _, person = typed.line("which").partition(":")
        if which not in set(ListedNumber):
            raise typed.not_right("which", "Please choose one.")
        number_checks.log(
            session, current_actor(), site.code,
            NewCheck(
                which=ListedNumber(which), person=person or None,
                is_answered=typed.chosen("is_answered", YesNo) is YesNo.YES,
                called_at=typed.needed_instant("called_at", site.zone), note=typed.text("note"),
            ),
            now=now(),
        )  # fmt: skip

    form = f"call-{typed.line('site')}"
    return typed.attempt(form, act, show=_page, to=url_for("console_duty.show"))


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_ROSTER))
        names = staff.names(session)
        shown = [_of_site(session, actor, site, names) for site in hers]
    return render_framed("duty.html", status=status, here="duty", refused=refused, sites=shown,
                         names=names, answers=list(YesNo))  # fmt: skip


def _of_site(
    session: Session, actor: Actor, site: Site, names: Mapping[UUID, str]
) -> dict[str, Any]:
    numbers, order = ordered(
        number_checks.list_of(session, actor, site.code, now=now()), _columns(names)
    )
    return {
        "site": site,
        "days": _days(session, actor, site),
        "drills": drills.list_page(
            session, actor, site.code, page=page_number(f"{DRILLS}{site.code}")
        ),
        "numbers": numbers,
        "order": order,
        "may_start": actor.may_at(Permission.EDIT_ROSTER, site.id),
        "may_hear": actor.may_at(Permission.ACKNOWLEDGE_FLAG, site.id),
    }


def _columns(names: Mapping[UUID, str]) -> Mapping[str, Callable[[Listed], Any]]:
    """Return what each column of the numbers is put in order by; what is due at once is first."""
    return {
        "number": lambda one: one.person.full_name if one.person else one.number,
        "called": lambda one: one.last.called_at if one.last else None,
        "by": lambda one: names[one.last.called_by_id] if one.last else None,
        "answered": lambda one: one.last.is_answered if one.last else None,
        "due": lambda one: one.due_at or datetime.min.replace(tzinfo=UTC),
    }


def _days(session: Session, actor: Actor, site: Site) -> list[RosterDay]:
    """Return the next days of a site; none before a study is in force there."""
    today = now().astimezone(ZoneInfo(site.zone)).date()
    try:
        package = catalogue(session).package(studies.version_in_force(session, site, on=today))
    except NoActiveStudyVersion:
        return []
    return roster.days_of(
        session, actor, site.code, from_on=today, to_on=today + timedelta(days=DAYS_SHOWN - 1),
        office=package.escalation.office_hours,
    )  # fmt: skip

"""Who does what at a site: delegations, and the people with their roles."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import STAFF_ROLES, Permission, Role
from epro.api.context import current_actor, keyring, now, reading
from epro.models import Task
from epro.services import delegation, participant_list, staff
from epro.services.delegation import NewDelegation
from epro.web.console import typed
from epro.web.console.asked import asked_for
from epro.web.console.ordering import ordered
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("team")


@blueprint.get("/delegations")
@page(Permission.READ_DELEGATION)
def show_delegations() -> ResponseReturnValue:
    """Show the delegation log of one's sites."""
    return _delegations()


@blueprint.post("/delegations")
@page(Permission.SIGN_DELEGATION)
def delegate() -> ResponseReturnValue:
    """Delegate a task, signed."""

    def act(session: Session) -> None:
        new = NewDelegation(
            site=typed.line("site"), person=typed.line("person"),
            task=typed.chosen("task", Task), from_on=typed.needed_day("from_on"),
            to_on=typed.day("to_on"),
        )  # fmt: skip
        delegation.delegate(
            session, current_actor(), new, proof=typed.proof(), keyring=keyring(), now=now()
        )

    return typed.attempt(
        "delegate", act, show=_delegations, to=url_for("console_team.show_delegations")
    )


@blueprint.post("/delegations/<uuid:delegation_id>/end")
@page(Permission.SIGN_DELEGATION)
def end_delegation(delegation_id: UUID) -> ResponseReturnValue:
    """End a delegation, signed."""

    def act(session: Session) -> None:
        delegation.end(
            session, current_actor(), delegation_id, ended_on=typed.needed_day("ended_on"),
            reason=typed.text("reason"), proof=typed.proof(), keyring=keyring(), now=now(),
        )  # fmt: skip

    return typed.attempt(
        str(delegation_id), act, show=_delegations, to=url_for("console_team.show_delegations")
    )


@blueprint.get("/staff")
@page(Permission.READ_DELEGATION)
def show_staff() -> ResponseReturnValue:
    """Show who has an account at one's sites, and in which roles."""
    role, site = asked_for("role", Role), request.args.get("site", "")
    actor = current_actor()
    with reading() as session:
        people = [
            (user, roles)
            for user, roles in staff.at_sites(session, actor)
            if (role is None or role in {one for one, _ in roles})
            and (not site or {code for _, code in roles} & {site, None})
        ]
        hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_DELEGATION))
    lines, order = ordered(
        people,
        {
            "person": lambda one: one[0].full_name,
            "username": lambda one: one[0].username,
            "since": lambda one: one[0].created_at,
        },
    )
    return render_framed(
        "staff.html", here="staff", people=lines, order=order, sites=hers,
        roles=[one for one in Role if one in STAFF_ROLES], is_filtered=bool(role or site),
    )  # fmt: skip


def _delegations(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_DELEGATION))
        site, only_holding = request.args.get("site", ""), request.args.get("holds") == "1"
        task = asked_for("task", Task)
        log = [
            line
            for one in hers
            if site in {"", one.code}
            for line in delegation.log_of(session, actor, one.code, now=now())
            if (line.holds_today or not only_holding) and task in {None, line.delegation.task}
        ]
        mine = participant_list.sites_of(session, actor.sites_for(Permission.SIGN_DELEGATION))
        may_sign = actor.holds(Permission.SIGN_DELEGATION)
        colleagues = {
            one.username: one.full_name
            for site in (mine if may_sign else ())
            for one in staff.who_may(session, site, Permission.READ_DELEGATION)
        }
    lines, order = ordered(
        log,
        {
            "site": lambda one: one.site.code,
            "person": lambda one: one.person.full_name,
            "task": lambda one: one.delegation.task.value,
            "from_on": lambda one: one.delegation.from_on,
            "to_on": lambda one: one.delegation.ended_on or one.delegation.to_on,
        },
    )
    return render_framed(
        "delegations.html", status=status, here="delegations", refused=refused, lines=lines,
        order=order, log_sites=hers, is_filtered=bool(site or task or only_holding), sites=mine,
        colleagues=sorted(colleagues.items(), key=lambda one: one[1]),
        tasks=list(Task), may_sign=may_sign,
    )  # fmt: skip

"""Who does what at a site: delegations, and the people with their roles."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import current_actor, keyring, now, reading
from epro.models import Task
from epro.services import delegation, participant_list, staff
from epro.services.delegation import NewDelegation
from epro.web.console import typed
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
    with reading() as session:
        people = staff.at_sites(session, current_actor())
    return render_framed("staff.html", here="staff", people=people)


def _delegations(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_DELEGATION))
        lines = [
            line
            for site in hers
            for line in delegation.log_of(session, actor, site.code, now=now())
        ]
        mine = participant_list.sites_of(session, actor.sites_for(Permission.SIGN_DELEGATION))
        may_sign = actor.holds(Permission.SIGN_DELEGATION)
        colleagues = {
            one.username: one.full_name
            for site in (mine if may_sign else ())
            for one in staff.who_may(session, site, Permission.READ_DELEGATION)
        }
    return render_framed(
        "delegations.html", status=status, here="delegations", refused=refused, lines=lines,
        sites=mine, colleagues=sorted(colleagues.items(), key=lambda one: one[1]),
        tasks=list(Task), may_sign=may_sign,
    )  # fmt: skip

"""Today: what a site has before it, the note of the shift before, and who stands in for whom."""

from dataclasses import fields
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now, reading, transaction
from epro.services import hand_over, participant_list, site_today, staff, work_list
from epro.services.site_today import Pages
from epro.web.console import typed
from epro.web.console.asked import page_number
from epro.web.console.pages import new_blueprint, render, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("today")

NOTES = "notes"


@blueprint.get("/today")
@page(Permission.READ_WORK_LIST)
def show() -> ResponseReturnValue:
    """Show what is to be done today."""
    return _page()


@blueprint.get("/today/lists")
@page(Permission.READ_WORK_LIST, is_watching=True)
def show_lists() -> ResponseReturnValue:
    """Return the part of the page that changes; the page asks for it every half minute."""
    with reading() as session:
        today = site_today.of_site(
            session, current_actor(), pages=_pages(), catalogue=catalogue(session), now=now()
        )
    return render("today_lists.html", today=today, args=_args(), zone=_zone())


@blueprint.post("/work-items/<uuid:item_id>/done")
@page(Permission.DO_WORK)
def finish(item_id: UUID) -> ResponseReturnValue:
    """Take a line off the list."""
    with transaction() as session:
        work_list.finish(session, current_actor(), item_id, now=now())
    return redirect(url_for("console_today.show"), code=303)


@blueprint.post("/today/notes")
@page(Permission.DO_WORK)
def write_note() -> ResponseReturnValue:
    """Leave a note for the next shift."""

    def act(session: Session) -> None:
        hand_over.write(session, current_actor(), typed.line("site"), typed.text("text"), now=now())

    return typed.attempt("note", act, show=_page, to=url_for("console_today.show"))


@blueprint.post("/today/deputies")
@page(Permission.DO_WORK)
def name_deputy() -> ResponseReturnValue:
    """Name who stands in while one is away."""

    def act(session: Session) -> None:
        hand_over.name_deputy(
            session, current_actor(), typed.line("site"), typed.line("deputy"),
            from_on=typed.needed_day("from_on"), to_on=typed.needed_day("to_on"), now=now(),
        )  # fmt: skip

    return typed.attempt("deputy", act, show=_page, to=url_for("console_today.show"))


@blueprint.post("/today/deputies/<uuid:deputy_id>/end")
@page(Permission.DO_WORK)
def end_deputy(deputy_id: UUID) -> ResponseReturnValue:
    """End a deputyship early."""
    with transaction() as session:
        hand_over.end_deputy(session, current_actor(), deputy_id, now=now())
    return redirect(url_for("console_today.show"), code=303)


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        hers = participant_list.sites_of(session, actor.sites_for(Permission.DO_WORK))
        colleagues = {
            one.username: one.full_name
            for site in (hers if actor.holds(Permission.DO_WORK) else ())
            for one in staff.who_may(session, site, Permission.DO_WORK)
            if one.id != actor.id
        }
        shown = {
            "today": site_today.of_site(
                session, actor, pages=_pages(), catalogue=catalogue(session), now=now()
            ),
            "notes": hand_over.notes(session, actor, page=page_number(NOTES)),
            "deputies": hand_over.deputies(session, actor, now=now()),
            "sites": hers,
            "colleagues": sorted(colleagues.items(), key=lambda one: one[1]),
        }
    return render_framed(
        "today.html", status=status, here="today", refused=refused, args=_args(), zone=_zone(),
        may_work=actor.holds(Permission.DO_WORK), **shown,
    )  # fmt: skip


def _pages() -> Pages:
    return Pages(**{one.name: page_number(one.name) for one in fields(Pages)})


def _args() -> dict[str, str]:
    known = (NOTES, *(one.name for one in fields(Pages)))
    return {name: value for name in known if (value := request.args.get(name))}


def _zone() -> str:
    """Return the zone of the actor's first site, for what belongs to none of them."""
    with reading() as session:
        hers = participant_list.sites_of(
            session, current_actor().sites_for(Permission.READ_WORK_LIST)
        )
    return hers[0].zone if hers else "UTC"

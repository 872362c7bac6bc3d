"""Contacts with participants: written down in three clicks, from anywhere."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import current_actor, now, reading
from epro.models import ContactChannel, ContactOutcome, NextStep, Site
from epro.services import contacts, enrolment, work_list
from epro.services.contacts import ContactColumn, NewContact, Wanted
from epro.web.console import typed
from epro.web.console.asked import asked_for, is_down, page_number
from epro.web.console.pages import new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import page

blueprint = new_blueprint("contacting")

ASKED = ("of", "outcome", "sort", "down", "page")


@blueprint.get("/contacts")
@page(Permission.READ_FLAG)
def show() -> ResponseReturnValue:
    """Show the latest contacts, and the form for the next one."""
    return _page()


@blueprint.post("/contacts")
@page(Permission.FOLLOW_UP_FLAG)
def log() -> ResponseReturnValue:
    """Write a contact down; the call that it was made for is taken off the list."""

    def act(session: Session) -> None:
        actor, code = current_actor(), typed.line("code").upper()
        who = enrolment.get_participant(session, actor, code, Permission.FOLLOW_UP_FLAG)
        zone = session.get_one(Site, who.site_id).zone
        contacts.log(
            session, actor, code,
            NewContact(
                channel=typed.chosen("channel", ContactChannel),
                outcome=typed.chosen("outcome", ContactOutcome),
                next_step=typed.perhaps("next_step", NextStep) or NextStep.NOTHING,
                note=typed.text("note"), contacted_at=typed.instant("contacted_at", zone),
                assessment_id=_id("assessment"),
            ),
            now=now(),
        )  # fmt: skip
        if (work := _id("work")) and typed.line("is_done") == "yes":
            work_list.finish(session, actor, work, now=now())

    to = "console_today.show" if typed.line("work") else "console_contacting.show"
    return typed.attempt("contact", act, show=_page, to=url_for(to))


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    asked = request.form if refused else request.args
    wanted = Wanted(
        code=(request.args.get("of") or "").strip().upper()[:32] or None,
        outcome=asked_for("outcome", ContactOutcome),
        column=asked_for("sort", ContactColumn),
        is_descending=is_down(),
        page=page_number(),
    )
    with reading() as session:
        found = contacts.list_page(session, actor, wanted)
    return render_framed(
        "contacts.html", status=status, here="contacts", refused=refused, found=found,
        wanted=wanted, args={name: value for name in ASKED if (value := request.args.get(name))},
        code=asked.get("code", "").strip().upper()[:32], work=_kept(asked.get("work")),
        assessment=_kept(asked.get("assessment")), channels=list(ContactChannel),
        reached=list(ContactOutcome), next_steps=list(NextStep),
        may_log=actor.holds(Permission.FOLLOW_UP_FLAG), telephone=ContactChannel.TELEPHONE,
    )  # fmt: skip


def _id(field: str) -> UUID | None:
    written = _kept(request.form.get(field))
    return UUID(written) if written else None


def _kept(written: str | None) -> str:
    """Return an id as it was given; empty for anything that is none."""
    try:
        return str(UUID(written or ""))
    except ValueError:
        return ""

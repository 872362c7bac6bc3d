"""The training room of a site: opened, entered, cleared and filled anew; from the trial's side."""

from collections.abc import Callable
from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.api.context import (
    client_name,
    current_actor,
    enter_room,
    keyring,
    now,
    reading,
    transaction,
    trial_parts,
    wall_now,
)
from epro.errors import NotFound
from epro.models import Site
from epro.models.training import RoomState
from epro.rooms import PREFIX
from epro.services import participant_list, practising, training
from epro.web.console import typed
from epro.web.console.pages import LANGUAGE_COOKIE, current_language, new_blueprint, render_framed
from epro.web.console.refused import Refused
from epro.web.console.session import PATH, hand_out_inside, is_https, page

blueprint = new_blueprint("training")

INSIDE = f"{PREFIX}{PATH}/"
CONFIRM = "This needs your tick: everything done in the room is gone."


@blueprint.get("/training")
@page(Permission.PRACTISE)
def show() -> ResponseReturnValue:
    """Show the training rooms of her sites, and the way in."""
    return _page()


@blueprint.post("/training/<uuid:site_id>/opening")
@page(Permission.KEEP_TRAINING_ROOM)
def open_room(site_id: UUID) -> ResponseReturnValue:
    """Open the room of a site; the worker fills it."""

    def act(session: Session, actor: Actor, place: Site) -> None:
        training.open_room(session, actor, place, now=now())

    return _attempt(site_id, act)


@blueprint.post("/training/<uuid:site_id>/clearing")
@page(Permission.KEEP_TRAINING_ROOM)
def clear_room(site_id: UUID) -> ResponseReturnValue:
    """Throw away what was done in the room, and have another filled; only with a tick."""

    def act(session: Session, actor: Actor, place: Site) -> None:
        if typed.line("confirm") != "yes":
            raise typed.not_right("confirm", CONFIRM)
        training.clear(session, actor, place, now=now())

    return _attempt(site_id, act)


@blueprint.post("/training/<uuid:site_id>/entry")
@page(Permission.PRACTISE)
def enter(site_id: UUID) -> ResponseReturnValue:
    """Go in, by a session of the room's own; the trial stays open beside it."""
    actor = current_actor()
    with transaction() as session:
        place = training.site_for(session, actor, site_id, Permission.PRACTISE)
        room = training.room_of(session, place)
        if room is None or room.state is not RoomState.OPEN:
            raise NotFound
        person = training.person(session, actor, place)
        training.note_entered(session, actor, room, now=now())
    enter_room(room.id, user_id=actor.id)
    with transaction() as inside:
        signed_in = practising.let_in(
            inside, person, keyring=keyring(), client=client_name(), now=now(), wall_now=wall_now()
        )
    response = hand_out_inside(redirect(INSIDE, code=303), signed_in, room.id)
    response.set_cookie(
        LANGUAGE_COOKIE, current_language(), path=f"{PREFIX}{PATH}", httponly=True,
        secure=is_https(), samesite="Lax",
    )  # fmt: skip
    return response


def _attempt(site_id: UUID, act: Callable[[Session, Actor, Site], None]) -> ResponseReturnValue:
    def at_site(session: Session) -> None:
        actor = current_actor()
        act(
            session, actor,
            training.site_for(session, actor, site_id, Permission.KEEP_TRAINING_ROOM),
        )  # fmt: skip

    return typed.attempt(str(site_id), at_site, show=_page, to=url_for("console_training.show"))


def _page(*, status: int = 200, refused: Refused | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        hers = participant_list.sites_of(session, actor.sites_for(Permission.PRACTISE))
        shown = [
            {
                "site": site,
                "room": training.room_of(session, site),
                "may_keep": actor.may_at(Permission.KEEP_TRAINING_ROOM, site.id),
            }
            for site in hers
        ]
    return render_framed(
        "training.html", status=status, here="training", refused=refused, shown=shown,
        has_place=trial_parts().settings.training_url is not None,
    )  # fmt: skip

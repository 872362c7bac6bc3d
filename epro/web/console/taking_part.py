"""How a participant takes part, where she is, and when of a day she keeps her diary."""

from collections.abc import Callable
from functools import partial

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now
from epro.models import LifeCycle, Participant, Site
from epro.services import enrolment, life_cycle, personal_times
from epro.web.console import typed
from epro.web.console.pages import new_blueprint
from epro.web.console.participants import participant_page
from epro.web.console.session import page
from questionnaires.schedule import DiarySlot

blueprint = new_blueprint("taking_part")


@blueprint.post("/participants/<code:code>/life-cycle")
@page(Permission.CHANGE_LIFE_CYCLE)
def change_life_cycle(code: str) -> ResponseReturnValue:
    """Pause, resume, withdraw by kind, complete."""

    def act(session: Session) -> None:
        who = _found(session, code, Permission.CHANGE_LIFE_CYCLE)
        to = typed.chosen("life_cycle", LifeCycle)
        if to is LifeCycle.SCREENED:
            raise typed.not_right("life_cycle", "She is screened until she activates.")
        zone = session.get_one(Site, who.site_id).zone
        life_cycle.change(
            session, current_actor(), who, to,
            occurred_at=typed.instant("occurred_at", zone) or now(), reason=typed.text("reason"),
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt("life_cycle", code, act)


@blueprint.post("/participants/<code:code>/zone")
@page(Permission.CHANGE_PERSONAL_TIMES)
def change_zone(code: str) -> ResponseReturnValue:
    """Let what has not opened follow her into another time zone."""

    def act(session: Session) -> None:
        personal_times.move_to_zone(
            session, current_actor(), _found(session, code, Permission.CHANGE_PERSONAL_TIMES),
            typed.line("zone"), reason=typed.text("reason") or None,
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt("zone", code, act)


@blueprint.post("/participants/<code:code>/diary-slot")
@page(Permission.CHANGE_PERSONAL_TIMES)
def change_slot(code: str) -> ResponseReturnValue:
    """Let her keep her diary at another time of day, from tomorrow on."""

    def act(session: Session) -> None:
        personal_times.choose_slot(
            session, current_actor(), _found(session, code, Permission.CHANGE_PERSONAL_TIMES),
            typed.chosen("diary_slot", DiarySlot), reason=typed.text("reason") or None,
            catalogue=catalogue(session), now=now(),
        )  # fmt: skip

    return _attempt("slot", code, act)


def _found(session: Session, code: str, permission: Permission) -> Participant:
    return enrolment.get_participant(session, current_actor(), code, permission)


def _attempt(form: str, code: str, act: Callable[[Session], None]) -> ResponseReturnValue:
    return typed.attempt(
        form, act, show=partial(participant_page, code),
        to=url_for("console_participants.show", code=code),
    )  # fmt: skip

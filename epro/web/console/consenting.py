"""Consents on the page of a participant: one more that she signed, one that she withdraws."""

from functools import partial

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import catalogue, current_actor, now
from epro.models import LifeCycle, Participant, Site
from epro.services import consents, enrolment
from epro.services.consents import WithdrawnConsent
from epro.services.enrolment_form import GivenConsent
from epro.web.console import typed
from epro.web.console.pages import new_blueprint
from epro.web.console.participants import WITHDRAWS, participant_page
from epro.web.console.session import page
from questionnaires.definition import ConsentKind

blueprint = new_blueprint("consenting")


@blueprint.post("/participants/<code:code>/consents")
@page(Permission.ENROL_PARTICIPANT)
def give(code: str) -> ResponseReturnValue:
    """Record a kind that she signed after her enrolment."""

    def act(session: Session) -> None:
        who, zone = _found(session, code, Permission.ENROL_PARTICIPANT)
        given_at = typed.instant("given_at", zone)
        if given_at is None:
            raise typed.not_right("given_at", "Something is needed here.")
        given = GivenConsent(
            kind=typed.chosen("kind", ConsentKind), given_at=given_at,
            document_version=typed.needed_line("document_version"),
            explained_by=typed.needed_line("explained_by"),
            paper_location=typed.needed_line("paper_location"),
        )  # fmt: skip
        consents.give(session, current_actor(), who, given, now=now())

    return typed.attempt("give_consent", act, show=partial(participant_page, code), to=_own(code))


@blueprint.post("/participants/<code:code>/consents/withdrawal")
@page(Permission.CHANGE_LIFE_CYCLE)
def withdraw(code: str) -> ResponseReturnValue:
    """Record that she withdrew one kind; with one that is needed her diary ends."""

    def act(session: Session) -> None:
        who, zone = _found(session, code, Permission.CHANGE_LIFE_CYCLE)
        leaves_as = typed.perhaps("life_cycle", LifeCycle)
        said = WithdrawnConsent(
            kind=typed.chosen("kind", ConsentKind),
            withdrawn_at=typed.instant("withdrawn_at", zone) or now(),
            reason=typed.text("reason") or None,
            leaves_as=leaves_as if leaves_as in WITHDRAWS else None,
        )
        consents.withdraw(
            session, current_actor(), who, said, catalogue=catalogue(session), now=now()
        )

    return typed.attempt(
        "withdraw_consent", act, show=partial(participant_page, code), to=_own(code)
    )


def _found(session: Session, code: str, permission: Permission) -> tuple[Participant, str]:
    who = enrolment.get_participant(session, current_actor(), code, permission)
    return who, session.get_one(Site, who.site_id).zone


def _own(code: str) -> str:
    return url_for("console_participants.show", code=code, _anchor="consents")

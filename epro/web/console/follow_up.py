"""What is done about a flag, form by form: contact, assessment, clock, closure.

Each form is a thin door to the service that the API has too. A refusal shows beside the form it
belongs to, with everything that was typed still in it.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import (
    catalogue,
    current_actor,
    keyring,
    now,
    transaction,
)
from epro.models import ContactChannel, ContactOutcome, NextStep, Participant, Site
from epro.services import assessing, awareness, closing, contacts, flags, identity, reporting
from epro.services.assessing import NewAssessment
from epro.services.contacts import NewContact
from epro.services.reporting import NewSending
from epro.web.console import safety, typed
from epro.web.console.pages import new_blueprint
from epro.web.console.session import page
from epro.web.console.typed import YesNo
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness

blueprint = new_blueprint("follow_up")


@blueprint.post("/flags/<uuid:flag_id>/reassignment")
@page(Permission.ACKNOWLEDGE_FLAG)
def reassign(flag_id: UUID) -> ResponseReturnValue:
    """Hand the flag on to somebody else of the site."""

    def act(session: Session) -> None:
        flag = flags.get_flag(session, current_actor(), flag_id)
        flags.reassign(
            session, current_actor(), flag_id, to=typed.line("to"), reason=typed.text("reason"),
            package=catalogue(session).package(flag.study_version_id), now=now(),
        )  # fmt: skip

    return _do(flag_id, "hand_on", act)


@blueprint.post("/flags/<uuid:flag_id>/contacts")
@page(Permission.FOLLOW_UP_FLAG)
def log_contact(flag_id: UUID) -> ResponseReturnValue:
    """Write down a contact about the flag."""

    def act(session: Session) -> None:
        flag = flags.get_flag(session, current_actor(), flag_id)
        participant = session.get_one(Participant, flag.participant_id)
        contacts.log(
            session, current_actor(), participant.code,
            NewContact(
                channel=typed.chosen("channel", ContactChannel),
                outcome=typed.chosen("outcome", ContactOutcome),
                next_step=typed.chosen("next_step", NextStep),
                note=typed.text("note"),
                contacted_at=typed.instant("contacted_at", _zone(session, flag_id)),
                flag_id=flag_id,
            ),
            now=now(),
        )  # fmt: skip

    return _do(flag_id, "contact", act)


@blueprint.post("/flags/<uuid:flag_id>/assessment")
@page(Permission.ASSESS_FLAG)
def assess(flag_id: UUID) -> ResponseReturnValue:
    """Add a physician's assessment, or a further version of it."""

    def act(session: Session) -> None:
        flag = flags.get_flag(session, current_actor(), flag_id)
        is_event = typed.chosen("is_adverse_event", YesNo) is YesNo.YES
        assessing.assess(
            session, current_actor(), flag_id,
            NewAssessment(
                is_adverse_event=is_event,
                narrative=typed.text("narrative"),
                seriousness=tuple(typed.ticked("seriousness", Seriousness)) if is_event else (),
                grade=_grade() if is_event else None,
                relationship=(typed.line("relationship") or None) if is_event else None,
                action_taken=typed.perhaps("action_taken", ActionTaken) if is_event else None,
                outcome=typed.perhaps("outcome", Outcome) if is_event else None,
                reason=typed.text("reason") or None,
            ),
            package=catalogue(session).package(flag.study_version_id), now=now(),
        )  # fmt: skip

    return _do(flag_id, "assess", act)


@blueprint.post("/flags/<uuid:flag_id>/awareness")
@page(Permission.FOLLOW_UP_FLAG)
def state_awareness(flag_id: UUID) -> ResponseReturnValue:
    """Record that the site knew at another time: earlier by anybody, later signed by the PI."""

    def act(session: Session) -> None:
        actor, flag = current_actor(), flags.get_flag(session, current_actor(), flag_id)
        at = typed.needed_instant("at", _zone(session, flag_id))
        if flag.aware_at is not None and at > flag.aware_at:
            awareness.state_later(
                session, actor, flag_id, at=at, reason=typed.text("reason"), proof=typed.proof(),
                keyring=keyring(), now=now(),
            )  # fmt: skip
        else:
            awareness.state_earlier(
                session, actor, flag_id, at=at, reason=typed.text("reason"), now=now()
            )

    return _do(flag_id, "earlier", act)


@blueprint.post("/flags/<uuid:flag_id>/sending")
@page(Permission.FOLLOW_UP_FLAG)
def record_sending(flag_id: UUID) -> ResponseReturnValue:
    """Record that a report went to the sponsor."""

    def act(session: Session) -> None:
        sending = NewSending(
            sent_at=typed.needed_instant("sent_at", _zone(session, flag_id)),
            sent_by=typed.line("sent_by"),
            sent_to=typed.line("sent_to"), proof=typed.line("proof"),
        )  # fmt: skip
        reporting.record_sending(session, current_actor(), flag_id, sending, now=now())

    return _do(flag_id, "sending", act)


@blueprint.post("/flags/<uuid:flag_id>/closure")
@page(Permission.CLOSE_FLAG)
def close(flag_id: UUID) -> ResponseReturnValue:
    """Close the flag, signed where it takes a signature."""

    def act(session: Session) -> None:
        flag = flags.get_flag(session, current_actor(), flag_id)
        closing.close(
            session, current_actor(), flag_id, reason=typed.text("reason"),
            proof=typed.proof() if closing.takes_signature(flag) else None,
            keyring=keyring(), now=now(),
        )  # fmt: skip

    return _do(flag_id, "close", act)


@blueprint.post("/flags/<uuid:flag_id>/closure/signature")
@page(Permission.ASSESS_FLAG)
def sign_again(flag_id: UUID) -> ResponseReturnValue:
    """Sign a closure anew whose signature was broken."""

    def act(session: Session) -> None:
        closing.sign_again(
            session, current_actor(), flag_id, proof=typed.proof(), keyring=keyring(), now=now()
        )

    return _do(flag_id, "sign_again", act)


@blueprint.post("/flags/<uuid:flag_id>/phone")
@page(Permission.READ_IDENTITY)
def show_number(flag_id: UUID) -> ResponseReturnValue:
    """Show whom to call; that it was looked at is on record."""
    with transaction() as session:
        flag = flags.get_flag(session, current_actor(), flag_id)
        participant = session.get_one(Participant, flag.participant_id)
        known = identity.read(
            session, current_actor(), participant, reason=f"flag {flag_id}", keyring=keyring(),
            now=now(),
        )  # fmt: skip
    return safety.flag_page(flag_id, phone=known.phone)


def _do(flag_id: UUID, form: str, act: Callable[[Session], None]) -> ResponseReturnValue:
    """Do what a form asks for, then show the flag as it stands; or why not, beside the form."""
    return typed.attempt(
        form, act, show=partial(safety.flag_page, flag_id),
        to=url_for("console_safety.show_flag", flag_id=flag_id),
    )  # fmt: skip


def _grade() -> int | None:
    grade = typed.number("grade")
    return grade if grade in range(1, 6) else None


def _zone(session: Session, flag_id: UUID) -> str:
    flag = flags.get_flag(session, current_actor(), flag_id)
    return session.get_one(Site, flag.site_id).zone

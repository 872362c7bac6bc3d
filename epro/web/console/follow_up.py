"""What is done about a flag, form by form: contact, assessment, clock, closure.

Each form is a thin door to the service that the API has too. A refusal shows beside the form it
belongs to, with everything that was typed still in it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from epro.access import Permission
from epro.api.context import (
    catalogue,
    client_address,
    client_name,
    current_actor,
    keyring,
    now,
    transaction,
    wall_now,
)
from epro.errors import DomainError, InvalidInput
from epro.models import ContactChannel, ContactOutcome, NextStep, Participant, Site
from epro.services import assessing, awareness, closing, contacts, flags, identity
from epro.services.assessing import NewAssessment
from epro.services.awareness import NewSending
from epro.services.contacts import NewContact
from epro.services.sessions import Caller
from epro.services.signing_in import Proof
from epro.web.console import safety
from epro.web.console.pages import new_blueprint
from epro.web.console.refused import Refused
from epro.web.console.session import page
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness

blueprint = new_blueprint("follow_up")

LONGEST_TEXT = 4_000
LONGEST_LINE = 200
SECRETS = frozenset({"password", "totp", "csrf"})
Chosen = TypeVar("Chosen", bound=StrEnum)


@blueprint.post("/flags/<uuid:flag_id>/reassignment")
@page(Permission.ACKNOWLEDGE_FLAG)
def reassign(flag_id: UUID) -> ResponseReturnValue:
    """Hand the flag on to somebody else of the site."""

    def act(session: Session) -> None:
        flag = flags.get_flag(session, current_actor(), flag_id)
        flags.reassign(
            session, current_actor(), flag_id, to=_line("to"), reason=_text("reason"),
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
                channel=_chosen("channel", ContactChannel),
                outcome=_chosen("outcome", ContactOutcome),
                next_step=_chosen("next_step", NextStep),
                note=_text("note"), contacted_at=_instant("contacted_at", session, flag_id),
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
        is_event = _line("is_adverse_event") == "yes"
        assessing.assess(
            session, current_actor(), flag_id,
            NewAssessment(
                is_adverse_event=is_event,
                narrative=_text("narrative"),
                seriousness=tuple(_ticked("seriousness", Seriousness)) if is_event else (),
                grade=_grade() if is_event else None,
                relationship=(_line("relationship") or None) if is_event else None,
                action_taken=_perhaps("action_taken", ActionTaken) if is_event else None,
                outcome=_perhaps("event_outcome", Outcome) if is_event else None,
                reason=_text("reason") or None,
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
        at = _needed_instant("at", session, flag_id)
        if flag.aware_at is not None and at > flag.aware_at:
            awareness.state_later(
                session, actor, flag_id, at=at, reason=_text("reason"), proof=_proof(),
                keyring=keyring(), now=now(),
            )  # fmt: skip
        else:
            awareness.state_earlier(
                session, actor, flag_id, at=at, reason=_text("reason"), now=now()
            )

    return _do(flag_id, "earlier", act)


@blueprint.post("/flags/<uuid:flag_id>/sending")
@page(Permission.FOLLOW_UP_FLAG)
def record_sending(flag_id: UUID) -> ResponseReturnValue:
    """Record that a report went to the sponsor."""

    def act(session: Session) -> None:
        sending = NewSending(
            sent_at=_needed_instant("sent_at", session, flag_id), sent_by=_line("sent_by"),
            sent_to=_line("sent_to"), proof=_line("proof"),
        )  # fmt: skip
        awareness.record_sending(session, current_actor(), flag_id, sending, now=now())

    return _do(flag_id, "sending", act)


@blueprint.post("/flags/<uuid:flag_id>/closure")
@page(Permission.CLOSE_FLAG)
def close(flag_id: UUID) -> ResponseReturnValue:
    """Close the flag, signed where it takes a signature."""

    def act(session: Session) -> None:
        flag = flags.get_flag(session, current_actor(), flag_id)
        closing.close(
            session, current_actor(), flag_id, reason=_text("reason"),
            proof=_proof() if closing.takes_signature(flag) else None,
            keyring=keyring(), now=now(),
        )  # fmt: skip

    return _do(flag_id, "close", act)


@blueprint.post("/flags/<uuid:flag_id>/closure/signature")
@page(Permission.ASSESS_FLAG)
def sign_again(flag_id: UUID) -> ResponseReturnValue:
    """Sign a closure anew whose signature was broken."""

    def act(session: Session) -> None:
        closing.sign_again(
            session, current_actor(), flag_id, proof=_proof(), keyring=keyring(), now=now()
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
    try:
        with transaction() as session:
            act(session)
    except DomainError as refusal:
        typed = {name: values for name, values in request.form.lists() if name not in SECRETS}
        return safety.flag_page(
            flag_id, status=refusal.status, refused=Refused(form, refusal, typed)
        )
    return redirect(url_for("console_safety.show_flag", flag_id=flag_id), code=303)


def _line(field: str) -> str:
    return request.form.get(field, "").replace("\x00", "").strip()[:LONGEST_LINE]


def _text(field: str) -> str:
    return request.form.get(field, "").replace("\x00", "").strip()[:LONGEST_TEXT]


def _chosen(field: str, kind: type[Chosen]) -> Chosen:
    if (chosen := _perhaps(field, kind)) is None:
        raise _not_right(field, "Please choose one.")
    return chosen


def _perhaps(field: str, kind: type[Chosen]) -> Chosen | None:
    return next((one for one in kind if one.value == _line(field)), None)


def _ticked(field: str, kind: type[Chosen]) -> list[Chosen]:
    asked = set(request.form.getlist(field))
    return [one for one in kind if one.value in asked]


def _grade() -> int | None:
    return int(_line("grade")) if _line("grade") in {"1", "2", "3", "4", "5"} else None


def _instant(field: str, session: Session, flag_id: UUID) -> datetime | None:
    """Read a time as the site's clock shows it; None when it is left empty."""
    if not (typed := _line(field)):
        return None
    flag = flags.get_flag(session, current_actor(), flag_id)
    zone = ZoneInfo(session.get_one(Site, flag.site_id).zone)
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _not_right(field, "This is not a time.") from error


def _needed_instant(field: str, session: Session, flag_id: UUID) -> datetime:
    if (at := _instant(field, session, flag_id)) is None:
        raise _not_right(field, "A time is needed.")
    return at


def _not_right(field: str, message: str) -> InvalidInput:
    return InvalidInput(details={"problems": [{"place": field, "message": message}]})


def _proof() -> Proof:
    """Read what is typed to sign: password and one-time code, anew each time."""
    caller = Caller(client=client_name(), address=client_address())
    return Proof(
        password=request.form.get("password", "")[:256], totp=request.form.get("totp", "")[:16],
        caller=caller, wall_now=wall_now(),
    )  # fmt: skip

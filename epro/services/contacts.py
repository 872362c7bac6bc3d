"""Contacts with a participant, written down: how, when, what came of it, what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidInput, NotFound
from epro.models import (
    Assessment,
    Contact,
    ContactChannel,
    ContactOutcome,
    NextStep,
    Participant,
    Site,
    User,
)
from epro.services import awareness, enrolment, flags, journal
from epro.services.journal import Subject
from epro.services.paging import Paged, read_page

HEARD_HERSELF = {ContactChannel.TELEPHONE, ContactChannel.VIDEO, ContactChannel.IN_PERSON}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """What is written down; `contacted_at` left out means just now."""

    channel: ContactChannel
    outcome: ContactOutcome
    next_step: NextStep = NextStep.NOTHING
    note: str = ""
    contacted_at: datetime | None = None
    flag_id: UUID | None = None
    assessment_id: UUID | None = None


def log(session: Session, actor: Actor, code: str, new: NewContact, *, now: datetime) -> Contact:
    """Write a contact down, for a flag or a diary of hers or for neither.

    Speaking with her about a flag is awareness of it: an earlier time than the one that counts
    moves the clock. Raises NotFound, also for a flag or diary of somebody else, and InvalidInput
    for a time in the future.
    """
    participant = enrolment.get_participant(session, actor, code, Permission.FOLLOW_UP_FLAG)
    contacted_at = new.contacted_at or now
    if contacted_at > now:
        message = "This lies in the future."
        raise InvalidInput(details={"problems": [{"place": "contacted_at", "message": message}]})
    case = None
    if new.flag_id is not None:
        case = flags.hold(session, actor, new.flag_id, Permission.FOLLOW_UP_FLAG)
        if case.participant.id != participant.id:
            raise NotFound
    if new.assessment_id is not None:
        diary = session.get(Assessment, new.assessment_id)
        if diary is None or diary.participant_id != participant.id:
            raise NotFound
    contact = Contact(
        participant_id=participant.id, site_id=participant.site_id, flag_id=new.flag_id,
        assessment_id=new.assessment_id, channel=new.channel, outcome=new.outcome,
        next_step=new.next_step, note=new.note.strip(), contacted_at=contacted_at,
        recorded_at=now, recorded_by_id=actor.id,
    )  # fmt: skip
    session.add(contact)
    session.flush()
    site = session.get_one(Site, participant.site_id)
    journal.record(
        session, actor, "contact.logged",
        Subject(
            entity_type="contact", entity_id=str(contact.id), participant_code=participant.code,
            site_code=site.code, site_id=site.id,
        ),
        after=facts_of(contact, actor.name), occurred_at=contacted_at, now=now,
    )  # fmt: skip
    is_spoken = new.channel in HEARD_HERSELF and new.outcome is ContactOutcome.REACHED
    if case is not None and is_spoken:
        awareness.note_telephone(session, actor, case, at=contacted_at, now=now)
    return contact


def of_participant(session: Session, actor: Actor, code: str, *, limit: int) -> Sequence[Contact]:
    """Return the contacts of a participant, the newest first. Raises NotFound."""
    participant = enrolment.get_participant(session, actor, code, Permission.READ_FLAG)
    return session.scalars(
        select(Contact)
        .where(Contact.participant_id == participant.id)
        .order_by(Contact.contacted_at.desc(), Contact.id)
        .limit(limit)
    ).all()


class ContactColumn(StrEnum):
    """What the list of contacts can be sorted by; without any the newest come first."""

    WHEN = "when"
    PARTICIPANT = "participant"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which contacts, in which order; pages count from 1."""

    code: str | None = None
    outcome: ContactOutcome | None = None
    column: ContactColumn | None = None
    is_descending: bool = False
    page: int = 1


ORDERS: Mapping[ContactColumn, Any] = {
    ContactColumn.WHEN: Contact.contacted_at,
    ContactColumn.PARTICIPANT: Participant.code,
    ContactColumn.OUTCOME: Contact.outcome,
}


def list_page(
    session: Session, actor: Actor, wanted: Wanted
) -> Paged[Row[*tuple[Contact, Participant, Site, str]]]:
    """Return a page of the contacts at the actor's sites, and who wrote them down."""
    query = (
        select(Contact, Participant, Site, User.full_name)
        .join(Participant, Participant.id == Contact.participant_id)
        .join(Site, Site.id == Contact.site_id)
        .join(User, User.id == Contact.recorded_by_id)
    )
    site_ids = actor.sites_for(Permission.READ_FLAG)
    if site_ids is not None:
        query = query.where(Contact.site_id.in_(site_ids))
    if wanted.code is not None:
        query = query.where(Participant.code == wanted.code)
    if wanted.outcome is not None:
        query = query.where(Contact.outcome == wanted.outcome)
    if wanted.column is not None:
        place = ORDERS[wanted.column]
        query = query.order_by(place.desc() if wanted.is_descending else place)
    return read_page(session, query.order_by(Contact.contacted_at.desc(), Contact.id), wanted.page)


def of_flag(session: Session, flag_id: UUID) -> Sequence[Contact]:
    """Return the contacts about a flag, in order."""
    return session.scalars(
        select(Contact).where(Contact.flag_id == flag_id).order_by(Contact.contacted_at, Contact.id)
    ).all()


def facts_of(contact: Contact, by: str) -> dict[str, Any]:
    """Return a contact as plain values, as the journal keeps it."""
    return {
        "channel": contact.channel,
        "outcome": contact.outcome,
        "next_step": contact.next_step,
        "note": contact.note,
        "contacted_at": contact.contacted_at,
        "flag_id": contact.flag_id,
        "assessment_id": contact.assessment_id,
        "by": by,
    }

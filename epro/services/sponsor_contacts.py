"""Whom at the sponsor a site's ladder tells last: set for each site, addresses sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.crypto import Keyring
from epro.errors import InvalidInput
from epro.models import Site, SponsorContact
from epro.services import journal
from epro.services.enrolment_form import E164
from epro.services.journal import Subject
from epro.services.staff import EMAIL
from notifications.messages import ChannelName


def set_contact(
    session: Session,
    actor: Actor,
    site: Site,
    *,
    name: str,
    email: str | None,
    phone: str | None,
    keyring: Keyring,
    now: datetime,
) -> SponsorContact:
    """Set or replace the sponsor's contact of a site. Raises InvalidInput naming each place."""
    problems = []
    if not name.strip():
        problems.append({"place": "name", "message": "Say who that is."})
    if not email and not phone:
        problems.append({"place": "email", "message": "Without any address nobody is told."})
    if email and not EMAIL.fullmatch(email):
        problems.append({"place": "email", "message": "This is not an e-mail address."})
    if phone and not E164.fullmatch(phone):
        message = "A phone number has its country code, as in +8613800138000."
        problems.append({"place": "phone", "message": message})
    if problems:
        raise InvalidInput(details={"problems": problems})
    contact = session.get(SponsorContact, site.id)
    if contact is None:
        contact = SponsorContact(site_id=site.id, name="", set_at=now)
        session.add(contact)
    contact.name, contact.set_at = name.strip(), now
    contact.email_sealed = keyring.seal(email) if email else None
    contact.phone_sealed = keyring.seal(phone) if phone else None
    session.flush()
    # Which addresses there are; never what they are.
    journal.record(
        session, actor, "sponsor_contact.set",
        Subject(entity_type="sponsor_contact", entity_id=site.code, site_code=site.code,
                site_id=site.id),
        after={"site": site.code, "name": contact.name, "has_email": email is not None,
               "has_phone": phone is not None},
        now=now,
    )  # fmt: skip
    return contact


def address_of(
    session: Session, site_id: UUID, channel: ChannelName, *, keyring: Keyring
) -> str | None:
    """Return the number or mailbox of a site's contact at the sponsor, or None."""
    contact = session.get(SponsorContact, site_id)
    if contact is None:
        return None
    sealed = contact.email_sealed if channel is ChannelName.EMAIL else contact.phone_sealed
    return keyring.unseal(sealed) if sealed else None


def reseal_all(session: Session, *, keyring: Keyring) -> int:
    """Seal every address with the newest key; return of how many sites."""
    contacts = session.scalars(select(SponsorContact).with_for_update()).all()
    for one in contacts:
        one.email_sealed = keyring.reseal(one.email_sealed) if one.email_sealed else None
        one.phone_sealed = keyring.reseal(one.phone_sealed) if one.phone_sealed else None
    session.flush()
    return len(contacts)

"""Where a recipient is reached: looked up at the moment of sending, never kept with a message."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.crypto import Keyring
from epro.errors import NoActiveStudyVersion
from epro.models import Consent, Participant, ParticipantIdentity, Site, User
from epro.services import studies
from notifications.messages import ChannelName
from questionnaires.catalogue import Catalogue
from questionnaires.definition import ConsentKind


def address_of(
    session: Session,
    recipient_ref: str,
    channel: ChannelName,
    *,
    catalogue: Catalogue,
    keyring: Keyring,
    now: datetime,
) -> str | None:
    """Return the number or mailbox behind "participant:<uuid>" or "user:<uuid>", or None.

    None also for whoever may not be written to: a participant without the consent that her study
    asks for, a closed account.
    """
    kind, _, id_ = recipient_ref.partition(":")
    if kind == "user":
        return _of_user(session, UUID(id_), channel, keyring=keyring)
    if kind == "participant" and channel is ChannelName.SMS:
        return _of_participant(session, UUID(id_), catalogue=catalogue, keyring=keyring, now=now)
    return None


def _of_user(
    session: Session, user_id: UUID, channel: ChannelName, *, keyring: Keyring
) -> str | None:
    user = session.get(User, user_id)
    if user is None or user.deactivated_at is not None:
        return None
    sealed = user.email_sealed if channel is ChannelName.EMAIL else user.phone_sealed
    return keyring.unseal(sealed) if sealed else None


def _of_participant(
    session: Session,
    participant_id: UUID,
    *,
    catalogue: Catalogue,
    keyring: Keyring,
    now: datetime,
) -> str | None:
    participant = session.get(Participant, participant_id)
    identity = session.get(ParticipantIdentity, participant_id)
    if participant is None or identity is None:
        return None
    if (
        _asks_for_consent(session, participant, catalogue, now=now)
        and not session.scalars(
            select(Consent.id).where(
                Consent.participant_id == participant_id,
                Consent.kind == ConsentKind.SMS_PROCESSOR,
                Consent.withdrawn_at.is_(None),
            )
        ).first()
    ):
        return None
    return keyring.unseal(identity.phone_sealed)


def _asks_for_consent(
    session: Session, participant: Participant, catalogue: Catalogue, *, now: datetime
) -> bool:
    """Tell whether the study in force at her site knows a consent of its own for text messages."""
    site = session.get_one(Site, participant.site_id)
    today = now.astimezone(ZoneInfo(site.zone)).date()
    try:
        package = catalogue.package(studies.version_in_force(session, site, on=today))
    except NoActiveStudyVersion:
        return True
    return any(consent.kind is ConsentKind.SMS_PROCESSOR for consent in package.consents)

"""Where a recipient is reached: looked up at the moment of sending, never kept with a message."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from epro.crypto import Keyring
from epro.db import table_of
from epro.errors import NoActiveStudyVersion
from epro.models import CONSENT_STANDS, Consent, Participant, ParticipantIdentity, Site, User
from epro.services import opting_out, sponsor_contacts, studies
from notifications.channels import Refused
from notifications.messages import ChannelName
from notifications.refusals import NO_ADDRESS, NO_CONSENT, NO_CROSS_BORDER_CONSENT, WANTS_NONE
from questionnaires.catalogue import Catalogue
from questionnaires.definition import ConsentKind

# What a participant has to agree to before anything reaches her that way.
CONSENT_FOR: Mapping[ChannelName, ConsentKind] = {
    ChannelName.SMS: ConsentKind.SMS_PROCESSOR,
    ChannelName.EMAIL: ConsentKind.EMAIL_PROCESSOR,
}

# Asked of every message to somebody of the staff: without the roles that a whole user comes with.
_USER = table_of(User).c
REACHED = select(_USER.deactivated_at, _USER.email_sealed, _USER.phone_sealed).where(
    _USER.id == bindparam("user_id")
)


def address_of(
    session: Session,
    recipient_ref: str,
    channel: ChannelName,
    *,
    catalogue: Catalogue,
    keyring: Keyring,
    is_overseas: Callable[[ChannelName, str], bool] = lambda _channel, _address: False,
    now: datetime,
) -> str | None:
    """Return the number or mailbox behind "participant:<uuid>", "user:…" or "sponsor:…", or None.

    `is_overseas` tells whether a message to that address would go through a provider abroad. Raises
    notifications' Refused, with its reason, for whoever has an address and may not be written to:
    a participant without the consent that her study asks for, for the channel or for sending her
    number abroad; a number that wants no text messages.
    """
    kind, _, id_ = recipient_ref.partition(":")
    if kind == "user":
        return _of_user(session, UUID(id_), channel, keyring=keyring)
    if kind == "sponsor":
        return sponsor_contacts.address_of(session, UUID(id_), channel, keyring=keyring)
    participant = session.get(Participant, UUID(id_)) if kind == "participant" else None
    if participant is None:
        return None
    if reason := reason_against(session, participant, channel, catalogue=catalogue, now=now):
        raise Refused(reason)
    identity = session.get_one(ParticipantIdentity, participant.id)
    sealed = identity.phone_sealed if channel is ChannelName.SMS else identity.email_sealed
    address = keyring.unseal(sealed or "")
    if is_overseas(channel, address) and not _has_consent(
        session, participant, ConsentKind.CROSS_BORDER, catalogue=catalogue, now=now
    ):
        raise Refused(NO_CROSS_BORDER_CONSENT)
    return address


def reason_against(
    session: Session,
    participant: Participant,
    channel: ChannelName,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> str | None:
    """Say why a participant cannot be written to on a channel, without opening her address."""
    found = reasons_against(session, [participant], catalogue=catalogue, now=now)
    return found[participant.id, channel]


def reasons_against(
    session: Session, participants: Sequence[Participant], *, catalogue: Catalogue, now: datetime
) -> Mapping[tuple[UUID, ChannelName], str | None]:
    """Say of each participant and channel why she cannot be written to there; None: she can be.

    The number of queries grows with the sites, not with the participants.
    """
    ids = [one.id for one in participants]
    identities = {
        row.participant_id: row
        for row in session.scalars(
            select(ParticipantIdentity).where(ParticipantIdentity.participant_id.in_(ids))
        )
    }
    agreed = _agreed(session, ids, CONSENT_FOR.values())
    asked = {
        id_: _asked_for(session, id_, catalogue, now=now)
        for id_ in {one.site_id for one in participants}
    }
    silent = opting_out.wanting_none(session, [one.phone_lookup for one in identities.values()])

    def reason(one: Participant, channel: ChannelName) -> str | None:
        identity, kind = identities.get(one.id), CONSENT_FOR.get(channel)
        if identity is None or kind is None:
            return NO_ADDRESS
        if channel is ChannelName.EMAIL and identity.email_sealed is None:
            return NO_ADDRESS
        if kind in asked[one.site_id] and (one.id, kind) not in agreed:
            return NO_CONSENT
        if channel is ChannelName.SMS and identity.phone_lookup in silent:
            return WANTS_NONE
        return None

    return {
        (one.id, channel): reason(one, channel) for one in participants for channel in ChannelName
    }


def _of_user(
    session: Session, user_id: UUID, channel: ChannelName, *, keyring: Keyring
) -> str | None:
    user = session.execute(REACHED, {"user_id": user_id}).first()
    if user is None or user.deactivated_at is not None:
        return None
    sealed = user.email_sealed if channel is ChannelName.EMAIL else user.phone_sealed
    address = keyring.unseal(sealed) if sealed else None
    if address and channel is ChannelName.SMS:
        lookup = opting_out.lookup_of(address, keyring=keyring)
        if opting_out.wants_none(session, lookup):
            raise Refused(WANTS_NONE)
    return address


def _has_consent(
    session: Session,
    participant: Participant,
    kind: ConsentKind,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> bool:
    """Tell whether she agrees, or the study in force at her site does not know such a consent."""
    if kind not in _asked_for(session, participant.site_id, catalogue, now=now):
        return True
    return bool(_agreed(session, [participant.id], [kind]))


def _agreed(
    session: Session, ids: Collection[UUID], kinds: Collection[ConsentKind]
) -> set[tuple[UUID, ConsentKind]]:
    """Return which of these consents stand, of which of these participants."""
    rows = session.execute(
        select(Consent.participant_id, Consent.kind).where(
            Consent.participant_id.in_(ids),
            Consent.kind.in_(kinds),
            CONSENT_STANDS,
        )
    )
    return {(id_, kind) for id_, kind in rows}


def _asked_for(
    session: Session, site_id: UUID, catalogue: Catalogue, *, now: datetime
) -> Collection[ConsentKind]:
    """Return the consents the study in force at a site asks for; without a study, all."""
    site = session.get_one(Site, site_id)
    today = now.astimezone(ZoneInfo(site.zone)).date()
    try:
        package = catalogue.package(studies.version_in_force(session, site, on=today))
    except NoActiveStudyVersion:
        return frozenset(ConsentKind)
    return {consent.kind for consent in package.consents}

"""Who a participant is: sealed, apart from the clinical tables, read only on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.crypto import Keyring
from epro.errors import NotFound
from epro.models import JournalKind, Participant, ParticipantIdentity, Site
from epro.services import journal
from epro.services.journal import Subject

FIELDS = ("phone", "email", "year_of_birth")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the site needs to reach a participant; `phone` is E.164."""

    phone: str
    email: str | None
    year_of_birth: int
    recorded_at: datetime


def seal(
    session: Session,
    actor: Actor,
    participant: Participant,
    *,
    phone: str,
    email: str | None = None,
    year_of_birth: int,
    keyring: Keyring,
    now: datetime,
) -> None:
    """Store a participant's identity, sealed; the journal names the fields, never their values."""
    session.add(
        ParticipantIdentity(
            participant_id=participant.id,
            phone_sealed=keyring.seal(phone),
            phone_lookup=keyring.lookup("phone", phone),
            email_sealed=keyring.seal(email) if email else None,
            year_of_birth_sealed=keyring.seal(str(year_of_birth)),
            recorded_at=now,
        )
    )
    session.flush()
    journal.record(
        session, actor, "identity.recorded", _subject(session, participant),
        after={"fields": [name for name in FIELDS if email or name != "email"]}, now=now,
    )  # fmt: skip


def read(
    session: Session,
    actor: Actor,
    participant: Participant,
    *,
    reason: str | None = None,
    keyring: Keyring,
    now: datetime,
) -> Identity:
    """Open a participant's identity and put on record that it was read, by whom and why.

    The caller has found the participant within the actor's sites for READ_IDENTITY.
    """
    row = session.get(ParticipantIdentity, participant.id)
    if row is None:
        raise NotFound
    journal.record(
        session, actor, "identity.read", _subject(session, participant),
        after={"fields": FIELDS}, reason=reason, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip
    return Identity(
        phone=keyring.unseal(row.phone_sealed),
        email=keyring.unseal(row.email_sealed) if row.email_sealed else None,
        year_of_birth=int(keyring.unseal(row.year_of_birth_sealed)),
        recorded_at=row.recorded_at,
    )


def replace(
    session: Session,
    actor: Actor,
    participant: Participant,
    values: Mapping[str, str | None],
    *,
    reason: str,
    keyring: Keyring,
    now: datetime,
) -> Sequence[str]:
    """Put other values in the place of some `FIELDS`; return those that are other than before.

    The journal names the fields and the reason, never a value. Raises NotFound where there is
    nothing to correct.
    """
    row = session.get(
        ParticipantIdentity, participant.id, with_for_update=True, populate_existing=True
    )
    if row is None:
        raise NotFound
    changed = []
    for name, value in values.items():
        sealed = getattr(row, f"{name}_sealed")
        if (keyring.unseal(sealed) if sealed else None) != value:
            setattr(row, f"{name}_sealed", keyring.seal(value) if value else None)
            changed.append(name)
    if not changed:
        return changed
    if "phone" in changed:
        row.phone_lookup = keyring.lookup("phone", values["phone"] or "")
    row.recorded_at = now
    session.flush()
    journal.record(
        session, actor, "identity.corrected", _subject(session, participant),
        after={"fields": changed}, reason=reason, now=now,
    )  # fmt: skip
    return changed


def erase(
    session: Session, actor: Actor, participant: Participant, *, reason: str, now: datetime
) -> None:
    """Remove what could name or reach a participant; the journal keeps that it was, and why.

    The caller has made sure that nobody needs it any more. Raises NotFound where there is nothing.
    """
    row = session.get(ParticipantIdentity, participant.id, with_for_update=True)
    if row is None:
        raise NotFound
    fields = [name for name in FIELDS if row.email_sealed or name != "email"]
    session.delete(row)
    session.flush()
    journal.record(
        session, actor, "identity.erased", _subject(session, participant),
        after={"fields": fields}, reason=reason, now=now,
    )  # fmt: skip


def is_known(session: Session, participant_id: UUID) -> bool:
    """Tell whether anybody has written down who a participant is."""
    return session.get(ParticipantIdentity, participant_id) is not None


def is_born_in(
    session: Session, participant_id: UUID, year_of_birth: int, *, keyring: Keyring
) -> bool:
    """Tell whether this is the year of birth given at enrolment."""
    row = session.get(ParticipantIdentity, participant_id)
    return row is not None and keyring.unseal(row.year_of_birth_sealed) == str(year_of_birth)


def reseal_all(session: Session, *, keyring: Keyring) -> int:
    """Seal every identity with the newest key, so that an old key can go; return how many."""
    rows = session.scalars(
        select(ParticipantIdentity).order_by(ParticipantIdentity.participant_id).with_for_update()
    ).all()
    for row in rows:
        row.phone_sealed = keyring.reseal(row.phone_sealed)
        if row.email_sealed:
            row.email_sealed = keyring.reseal(row.email_sealed)
        row.year_of_birth_sealed = keyring.reseal(row.year_of_birth_sealed)
    session.flush()
    return len(rows)


def _subject(session: Session, participant: Participant) -> Subject:
    site = session.get_one(Site, participant.site_id)
    return Subject(
        entity_type="participant_identity",
        entity_id=participant.code,
        participant_code=participant.code,
        site_code=site.code,
        site_id=site.id,
    )

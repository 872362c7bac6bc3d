"""Numbers whose owners want no text messages: by their own reply, or by what the provider says.

It is the number that is blocked, so it is kept by its keyed hash; the record names all who use it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, system_actor
from epro.crypto import Keyring
from epro.db import insert_if_absent
from epro.models import OptOut, OptOutSource, Participant, ParticipantIdentity, Site
from epro.services import journal
from epro.services.journal import Subject

PROVIDER = system_actor("provider")
PHONE = "phone"  # the purpose under which `identity.seal` hashes a number


def lookup_of(number: str, *, keyring: Keyring) -> str:
    """Return the keyed hash of a number (E.164) under which an opt-out is kept."""
    return keyring.lookup(PHONE, number)


def wants_none(session: Session, number_lookup: str) -> bool:
    """Tell whether an opt-out stands for a number."""
    return _standing(session, number_lookup) is not None


def wanting_none(session: Session, number_lookups: Collection[str]) -> set[str]:
    """Return those of these numbers for which an opt-out stands."""
    return set(
        session.scalars(
            select(OptOut.number_lookup).where(
                OptOut.number_lookup.in_(number_lookups), OptOut.ended_at.is_(None)
            )
        )
    )


def stop(
    session: Session, number_lookup: str, *, source: OptOutSource, now: datetime
) -> OptOut | None:
    """Send no text message to a number from now on; None when that stands already."""
    id_ = uuid4()
    is_new = insert_if_absent(
        session, OptOut,
        {"id": id_, "number_lookup": number_lookup, "source": source, "begun_at": now},
    )  # fmt: skip
    if not is_new:
        return None
    row = session.get_one(OptOut, id_)
    _record(session, PROVIDER, "number.opted_out", row, before=None, now=now)
    return row


def start(session: Session, number_lookup: str, *, now: datetime) -> OptOut | None:
    """Send text messages to a number again; None when nothing stood against it."""
    row = _standing(session, number_lookup)
    if row is None:
        return None
    row.ended_at = now
    session.flush()
    _record(session, PROVIDER, "number.opted_in", row, before={"ended_at": None}, now=now)
    return row


def _standing(session: Session, number_lookup: str) -> OptOut | None:
    return session.scalars(
        select(OptOut).where(OptOut.number_lookup == number_lookup, OptOut.ended_at.is_(None))
    ).first()


def _record(
    session: Session,
    actor: Actor,
    verb: str,
    row: OptOut,
    *,
    before: dict[str, None] | None,
    now: datetime,
) -> None:
    """Put it on record for each participant of that number; without one, for the number alone."""
    after = {"source": row.source, "begun_at": row.begun_at, "ended_at": row.ended_at}
    owners: Sequence[Participant | None] = _owners(session, row.number_lookup) or [None]
    for owner in owners:
        site = session.get_one(Site, owner.site_id) if owner else None
        journal.record(
            session, actor, verb,
            Subject(
                entity_type="opt_out", entity_id=str(row.id), version=2 if row.ended_at else 1,
                participant_code=owner.code if owner else None,
                site_code=site.code if site else None, site_id=site.id if site else None,
            ),
            after=after, before=before, now=now,
        )  # fmt: skip


def _owners(session: Session, number_lookup: str) -> Sequence[Participant]:
    return session.scalars(
        select(Participant)
        .join(ParticipantIdentity, ParticipantIdentity.participant_id == Participant.id)
        .where(ParticipantIdentity.phone_lookup == number_lookup)
        .order_by(Participant.code)
    ).all()

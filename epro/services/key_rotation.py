"""Key rotation: seal everything sealed with the newest key, so that the older ones can go."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.crypto import Keyring
from epro.services import identity, journal, sponsor_contacts, staff
from epro.services.journal import Subject


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many participants, users and contacts at the sponsor were sealed anew."""

    participants: int
    users: int
    sponsor_contacts: int


def reseal_all(session: Session, actor: Actor, *, keyring: Keyring, now: datetime) -> Resealed:
    """Seal every identity field with the newest key. Raises UnreadableSecret if none opens one."""
    resealed = Resealed(
        participants=identity.reseal_all(session, keyring=keyring),
        users=staff.reseal_all(session, keyring=keyring),
        sponsor_contacts=sponsor_contacts.reseal_all(session, keyring=keyring),
    )
    journal.record(
        session, actor, "identity.resealed",
        Subject(entity_type="field_keys", entity_id="newest"), after=asdict(resealed), now=now,
    )  # fmt: skip
    return resealed

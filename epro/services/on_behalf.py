"""What the site enters for a participant: which ways are open, and her app on its device."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors_of_record import ModeNotAllowed
from epro.models import EntryMode, Participant
from epro.services import diary, entry_modes, sessions
from epro.services.entry_modes import Way
from epro.services.sessions import SignedIn
from questionnaires.catalogue import Catalogue


def ways(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> Sequence[Way]:
    """Return how answers of hers may be taken by the site now. Raises NoActiveStudyVersion."""
    package = diary.package_of(session, participant, catalogue=catalogue, now=now)
    return entry_modes.ways_on_behalf(package)


def open_app(
    session: Session,
    actor: Actor,
    participant: Participant,
    mode: EntryMode,
    *,
    client: str,
    catalogue: Catalogue,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Open her app for a mode in which she or the site fills it in.

    Raises ModeNotAllowed for a mode that the study does not allow, and for paper, which is typed
    in on a page of its own.
    """
    allowed = {one.mode for one in ways(session, participant, catalogue=catalogue, now=now)}
    if mode not in allowed - {EntryMode.PAPER_TRANSCRIPTION}:
        raise ModeNotAllowed(details={"mode": mode.value, "form": None})
    return sessions.start_on_behalf(
        session, actor, participant, mode, client=client, now=now, wall_now=wall_now
    )

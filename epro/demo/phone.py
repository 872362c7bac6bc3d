"""A way into the phone app for whoever looks at the demonstration: a code that works today."""

from sqlalchemy import select

from epro.access import system_actor
from epro.demo.life import YEAR_OF_BIRTH
from epro.models import Participant
from epro.parts import Parts
from epro.services import enrolment, planning

# Infused yesterday evening: there is something to answer on most hours of the day.
WHOSE = "SZ01-004"


def fresh_code(parts: Parts) -> tuple[str, str, int] | None:
    """Issue a new activation code; return whose it is, the code and the year of birth.

    Every start of the demonstration issues one, since codes work once and for 72 hours. None where
    somebody else has filled this database.
    """
    with parts.database.transaction() as session:
        found = session.scalars(select(Participant).where(Participant.code == WHOSE)).first()
        if found is None:
            return None
        issued = enrolment.issue_code(
            session, system_actor("demonstration"), planning.lock_participant(session, found.id),
            keyring=parts.keyring, now=parts.clock.now(),
        )  # fmt: skip
    return WHOSE, issued.activation_code, YEAR_OF_BIRTH

"""The clock of a serious event in tests: looked at, started by a mail that leaves, heard of."""

from datetime import datetime

from sqlalchemy.orm import Session

from epro.services import serious_clock
from notifications.messages import MessageState
from tests.services.following import Ward
from tests.services.line import messages_of


def look(session: Session, ward: Ward, now: datetime) -> int:
    """Have the job look at all clocks; return how many it found to look at."""
    return serious_clock.look(session, catalogue=ward.line.given.catalogue, now=now)


def mail_leaves(session: Session, at: datetime) -> None:
    """Have the first mail about a flag reach a mail server."""
    message = next(one for one in messages_of(session, "safety") if one.channel == "email")
    message.state, message.sent_at = MessageState.SENT, at
    session.flush()


def warnings_of(session: Session) -> list[str]:
    """Return the texts of all warnings of a serious event, as they were written."""
    return [one.template for one in messages_of(session, "safety") if "serious" in one.template]

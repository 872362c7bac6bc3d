"""What the demonstration's physician has decided about possible adverse events, and what waits."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.demo.life import Cast
from epro.models import Disposition, EventSource, Participant
from epro.services import adverse_events, candidates
from epro.services.adverse_events import Choice
from epro.services.event_facts import EventFacts, GradeFrom
from questionnaires.adverse_events import ActionTaken, Outcome, Seriousness
from questionnaires.catalogue import Catalogue

# Her story has pain on some evenings; one stretch is an event, the next is nobody's decision yet.
WHOSE = 5


def decide_about(session: Session, cast: Cast, *, catalogue: Catalogue, now: datetime) -> None:
    """Record an event from an episode, one from the laboratory, one in error; leave an episode."""
    physician = cast.actor(session, "principal")
    code = f"{cast.site.code}-{WHOSE:03}"
    participant = session.scalars(select(Participant).where(Participant.code == code)).first()
    if participant is None:
        return
    found = candidates.candidates_of(session, participant, catalogue=catalogue, now=now)
    episodes = [one for one in found if one.source is EventSource.EPISODE]
    if not episodes:
        return
    first = episodes[0]
    ended_on = first.began_on + timedelta(days=3)
    arthralgia = EventFacts(
        term="关节痛 arthralgia",
        onset_on=first.began_on,
        ended_on=ended_on,
        outcome=Outcome.RECOVERED,
        action_taken=ActionTaken.NONE,
        relationship="possible",
        grades=(GradeFrom(2, first.began_on), GradeFrom(1, first.began_on + timedelta(days=2))),
    )
    adverse_events.decide(
        session, physician, participant, first.id,
        Choice(disposition=Disposition.ACCEPTED, reason="门诊检查", facts=arthralgia),
        catalogue=catalogue, now=now,
    )  # fmt: skip
    low_on = first.began_on + timedelta(days=5)
    leukopenia = EventFacts(
        term="白细胞减少 leukopenia",
        onset_on=low_on,
        outcome=Outcome.RECOVERING,
        action_taken=ActionTaken.NONE,
        relationship="unlikely",
        seriousness=(Seriousness.MEDICALLY_IMPORTANT,),
        grades=(GradeFrom(3, low_on), GradeFrom(2, low_on + timedelta(days=4))),
    )
    for reason in ("血常规", "又录入了一次"):
        entered = adverse_events.enter(
            session, physician, participant, leukopenia, reason=reason,
            catalogue=catalogue, now=now,
        )  # fmt: skip
    adverse_events.void(
        session, physician, entered.id, duplicate_of_number=entered.number - 1,
        reason="与前一条重复", catalogue=catalogue, now=now,
    )  # fmt: skip

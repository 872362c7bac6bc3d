"""Withdrawals that the clinical database reports: they take effect at once, in the safe direction.

Messages stop as if the site had said it. What the site has recorded stays: a stronger withdrawal is
never weakened, another end of her diary than the site's is a question that the site decides, and
where the site knows of another way that she left, the clinical database is told so.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import LifeCycleNotPossible
from epro.models import Anchor, AnchorQuery, LifeCycle, Participant, WorkKind
from epro.services import anchor_queries, life_cycle, planning, work_list
from questionnaires.catalogue import Catalogue
from questionnaires.schedule import AnchorEvent

# From the least to the most that somebody withdraws from.
FROM_LEAST_TO_MOST = (
    LifeCycle.WITHDRAWN_FROM_INFUSION, LifeCycle.WITHDRAWN_FROM_DIARY,
    LifeCycle.WITHDRAWN_FROM_CONTACT, LifeCycle.WITHDRAWN_FROM_ALL,
)  # fmt: skip
LEFT_OTHERWISE = frozenset({LifeCycle.COMPLETED, LifeCycle.LOST, LifeCycle.DECEASED})


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How she takes part now, and what the site was asked, if it had the end otherwise."""

    participant: Participant
    query: AnchorQuery | None


def report(
    session: Session,
    actor: Actor,
    participant: Participant,
    to: LifeCycle,
    *,
    occurred_at: datetime,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> Withdrawn:
    """Record a withdrawal from outside; the same again changes nothing. `occurred_at` is aware.

    1. Refuse what contradicts how the site says that she left.
    2. Keep the end of her diary that the site has recorded, and ask the site about the other one;
       an end that was only planned and lies ahead gives way, or she would be reminded until then.
    3. Withdraw her from as much, unless she has from more, and tell the site.

    Raises LifeCycleNotPossible, ReasonRequired, and what recording an anchor raises.
    """
    participant = planning.lock_participant(session, participant.id)
    if participant.life_cycle in LEFT_OTHERWISE:
        raise LifeCycleNotPossible(
            f"{participant.code} is {participant.life_cycle} by the word of her site."
        )
    query, from_at = None, occurred_at
    end = _standing_end(session, participant)
    if end is not None and end.occurred_at > now:
        end = None
    if end is not None and to is not LifeCycle.WITHDRAWN_FROM_INFUSION:
        from_at = end.occurred_at
        query = anchor_queries.ask(
            session, actor, participant, end, occurred_at=occurred_at, reason=reason,
            catalogue=catalogue, now=now,
        ) if occurred_at != end.occurred_at else None  # fmt: skip
    if _strength(participant.life_cycle) < _strength(to):
        participant = life_cycle.change(
            session, actor, participant, to, occurred_at=from_at, reason=reason,
            catalogue=catalogue, now=now,
        )  # fmt: skip
        work_list.add(
            session, actor, WorkKind.WITHDRAWN_ELSEWHERE, about=f"{participant.code}:{to}",
            site_id=participant.site_id, participant_id=participant.id, now=now,
        )  # fmt: skip
    return Withdrawn(participant, query)


def _strength(state: LifeCycle) -> int:
    return FROM_LEAST_TO_MOST.index(state) + 1 if state in FROM_LEAST_TO_MOST else 0


def _standing_end(session: Session, participant: Participant) -> Anchor | None:
    return session.scalars(
        select(Anchor).where(
            Anchor.participant_id == participant.id,
            Anchor.event == AnchorEvent.END,
            Anchor.superseded_at.is_(None),
        )
    ).first()

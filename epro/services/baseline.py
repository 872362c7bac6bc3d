"""Tell the site, before an infusion visit, of whom it has no diary from before (SAFETY 5, S1)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from epro.access import Actor, system_actor
from epro.models import Anchor, Assessment, Participant, Site, WorkItem, WorkKind
from epro.services import planning, work_list
from questionnaires.catalogue import Catalogue
from questionnaires.planner import answered_between, enough_days
from questionnaires.schedule import AnchorEvent, Block
from questionnaires.windows import MINUTES_PER_DAY, instant_of

BASELINE = system_actor("baseline")
# The last day before a visit ends at most two days ahead of it, whatever the two zones are.
LOOK_AHEAD = timedelta(days=2)


def look_ahead(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Look at everyone whose planned visit comes near; return how many lines were added."""
    is_told = exists().where(
        WorkItem.participant_id == Anchor.participant_id, WorkItem.kind == WorkKind.NO_BASELINE
    )
    ids = session.scalars(
        select(Anchor.participant_id)
        .where(
            Anchor.event == AnchorEvent.INF1_PLANNED,
            Anchor.superseded_at.is_(None),
            Anchor.occurred_at > now,
            Anchor.occurred_at <= now + LOOK_AHEAD,
            ~is_told,
        )
        .order_by(Anchor.participant_id)
    ).all()
    return sum(
        look(session, BASELINE, session.get_one(Participant, one), catalogue=catalogue, now=now)
        for one in ids
    )


def look(
    session: Session, actor: Actor, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> bool:
    """Add the line "no baseline" once no day is left for it; tell whether that is new.

    None is added for whoever has left, was infused, or has as many answers as the schedule asks at
    the least.
    """
    if not participant.keeps_diary:
        return False
    site = session.get_one(Site, participant.site_id)
    _id, package = planning.version_today(session, participant, catalogue=catalogue, now=now)
    blocks = [block for block in package.schedule.blocks if block.enough is not None]
    anchors = planning.standing_anchors(session, participant.id)
    at = anchors.get(AnchorEvent.INF1_PLANNED)
    if (
        at is None
        or AnchorEvent.INF1 in anchors
        or not blocks
        or not _is_short(session, participant, site, blocks, at, now=now)
    ):
        return False
    item = work_list.add(
        session, actor, WorkKind.NO_BASELINE, about=f"participant:{participant.id}",
        site_id=site.id, participant_id=participant.id, now=now,
    )  # fmt: skip
    return item is not None


def _is_short(
    session: Session,
    participant: Participant,
    site: Site,
    blocks: Iterable[Block],
    infusion_at: datetime,
    *,
    now: datetime,
) -> bool:
    """Tell whether too little was answered, and no day is left on which it could be."""
    answered = _answered(session, participant.id)
    anchor_on = infusion_at.astimezone(ZoneInfo(site.zone)).date()
    for block in blocks:
        # Both numbers of the infusion day count the days before it alike.
        days = enough_days(block, anchor_on, infusion_day_number=1)
        if block.enough is None or days is None:
            continue
        is_over = now >= instant_of(days[1], MINUTES_PER_DAY, ZoneInfo(participant.zone))
        is_over = is_over or now >= infusion_at
        if is_over and answered_between(block.family, days, answered) < block.enough.least:
            return True
    return False


def _answered(session: Session, participant_id: UUID) -> set[tuple[str, str]]:
    rows = session.execute(
        select(Assessment.family, Assessment.occurrence).where(
            Assessment.participant_id == participant_id, Assessment.completed_at.is_not(None)
        )
    )
    return {(family, occurrence) for family, occurrence in rows}

"""Tell the site, before an infusion visit, of whom it has no diary from before (SAFETY 5, S1)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from epro.access import Actor, system_actor
from epro.models import (
    KEEPS_DIARY,
    Anchor,
    Assessment,
    Participant,
    Site,
    WorkItem,
    WorkKind,
)
from epro.services import planning, studies, work_list
from questionnaires.catalogue import Catalogue
from questionnaires.definition import StudyPackage
from questionnaires.planner import answered_between, enough_days
from questionnaires.schedule import AnchorEvent, Block
from questionnaires.windows import MINUTES_PER_DAY, instant_of

BASELINE = system_actor("baseline")
# The last day before a visit ends at most two days ahead of it, whatever the two zones are.
LOOK_AHEAD = timedelta(days=2)


def look_ahead(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Look at everyone whose planned visit comes near; return how many lines were added.

    This is asked every few minutes, so that only those are read of whom there may be news.
    """
    is_told = exists().where(
        WorkItem.participant_id == Anchor.participant_id, WorkItem.kind == WorkKind.NO_BASELINE
    )
    infusion = aliased(Anchor)
    is_infused = exists().where(
        infusion.participant_id == Anchor.participant_id,
        infusion.event == AnchorEvent.INF1,
        infusion.superseded_at.is_(None),
    )
    near = session.execute(
        select(Participant, Site, Anchor.occurred_at)
        .join(Participant, Participant.id == Anchor.participant_id)
        .join(Site, Site.id == Participant.site_id)
        .where(
            Anchor.event == AnchorEvent.INF1_PLANNED,
            Anchor.superseded_at.is_(None),
            Anchor.occurred_at > now,
            Anchor.occurred_at <= now + LOOK_AHEAD,
            Participant.life_cycle.in_(KEEPS_DIARY),
            ~is_told,
            ~is_infused,
        )
        .order_by(Participant.id)
    )
    versions, added = studies.InForce(session), 0
    for participant, site, visit_at in near.all():
        on = now.astimezone(ZoneInfo(participant.zone)).date()
        package = catalogue.package(versions.at(site, on=on))
        added += _tell(session, BASELINE, participant, site, package, visit_at, now=now)
    return added


def look(
    session: Session, actor: Actor, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> bool:
    """Add the line "no baseline" once no day is left for it; tell whether that is new.

    None is added for whoever has left, was infused, or has as many answers as the schedule asks at
    the least.
    """
    if not participant.keeps_diary:
        return False
    anchors = planning.standing_anchors(session, participant.id)
    visit_at = anchors.get(AnchorEvent.INF1_PLANNED)
    if visit_at is None or AnchorEvent.INF1 in anchors:
        return False
    site = session.get_one(Site, participant.site_id)
    _id, package = planning.version_today(session, participant, catalogue=catalogue, now=now)
    return _tell(session, actor, participant, site, package, visit_at, now=now)


def _tell(
    session: Session,
    actor: Actor,
    participant: Participant,
    site: Site,
    package: StudyPackage,
    visit_at: datetime,
    *,
    now: datetime,
) -> bool:
    blocks = [block for block in package.schedule.blocks if block.enough is not None]
    if not _is_short(session, participant, site, blocks, visit_at, now=now):
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
    anchor_on = infusion_at.astimezone(ZoneInfo(site.zone)).date()
    for block in blocks:
        # Both numbers of the infusion day count the days before it alike.
        days = enough_days(block, anchor_on, infusion_day_number=1)
        if block.enough is None or days is None:
            continue
        is_over = now >= instant_of(days[1], MINUTES_PER_DAY, ZoneInfo(participant.zone))
        is_over = is_over or now >= infusion_at
        if not is_over:
            continue
        answered = _answered(session, participant.id)
        if answered_between(block.family, days, answered) < block.enough.least:
            return True
    return False


def _answered(session: Session, participant_id: UUID) -> set[tuple[str, str]]:
    rows = session.execute(
        select(Assessment.family, Assessment.occurrence).where(
            Assessment.participant_id == participant_id, Assessment.completed_at.is_not(None)
        )
    )
    return {(family, occurrence) for family, occurrence in rows}

"""When another study version takes effect at a site: what has not opened follows it from that day.

What has opened or been answered keeps the version it was asked in; reports that are always open
look up the version in force whenever they are shown.
"""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.errors import NoActiveStudyVersion
from epro.models import Assessment, Participant, Site, SiteActivation
from epro.services import planning, studies
from questionnaires.catalogue import Catalogue

AMENDMENT = system_actor("amendment")
MOST_AT_ONCE = 200


def follow(session: Session, *, catalogue: Catalogue, now: datetime) -> int:
    """Plan anew for participants of whom something still stands under a version that has ended.

    Return how many changed. The day is the site's; where hers has not begun, she follows later.
    """
    changed = 0
    for participant_id in sorted(_behind(session, now=now)):
        participant = planning.lock_participant(session, participant_id)
        site = session.get_one(Site, participant.site_id)
        today = now.astimezone(ZoneInfo(participant.zone)).date()
        package = catalogue.package(studies.version_in_force(session, site, on=today))
        changes = planning.replan(
            session, AMENDMENT, participant, catalogue=catalogue,
            reason=f"study version {package.version} in force", now=now,
        )  # fmt: skip
        changed += not changes.is_empty
    return changed


def _behind(session: Session, *, now: datetime) -> list[UUID]:
    amended = select(SiteActivation.site_id).group_by(SiteActivation.site_id)
    sites = session.scalars(select(Site).where(Site.id.in_(amended.having(func.count() > 1))))
    found: list[UUID] = []
    for site in sites:
        try:
            in_force = studies.version_in_force(session, site, on=_today(site, now=now))
        except NoActiveStudyVersion:
            continue  # it opens later; the others must not wait for it
        query = (
            select(Assessment.participant_id)
            .join(Participant, Participant.id == Assessment.participant_id)
            .where(
                Participant.site_id == site.id,
                Assessment.study_version_id != in_force,
                Assessment.opens_at > now,
                Assessment.completed_at.is_(None),
                Assessment.cancelled_at.is_(None),
            )
            .distinct()
            .limit(MOST_AT_ONCE)
        )
        found += session.scalars(query).all()
    return found


def _today(site: Site, *, now: datetime) -> date:
    return now.astimezone(ZoneInfo(site.zone)).date()

"""The diary day by day, a row for each participant: on time, late, missed, paused (C-02)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import Assessment, Participant, Site
from epro.services import compliance, participant_list
from epro.services.participant_list import DIARY, Column, Wanted
from questionnaires.catalogue import Catalogue
from questionnaires.compliance import Compliance, Counted, Standing
from questionnaires.compliance import compliance as counts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRow:
    """One participant: how each of the days stands, and both numbers over them."""

    participant: Participant
    site: Site
    marks: Sequence[tuple[date, Standing | None]]
    whole: Compliance


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceMap:
    """One page of rows; `by_day` are the totals of these rows, `by_site` those of everybody.

    A site's total is (completed, expected) over the same days.
    """

    rows: Sequence[MapRow]
    days: Sequence[date]
    by_day: Mapping[date, Compliance]
    by_site: Mapping[str, tuple[int, int]]
    total: int


def of_days(
    session: Session,
    actor: Actor,
    *,
    days: int,
    site: str | None,
    worst_first: bool,
    page: int,
    catalogue: Catalogue,
    now: datetime,
) -> ComplianceMap:
    """Return the last local days of the participants whom the actor may read, page by page."""
    wanted = Wanted(site=site, column=Column.COMPLIANCE if worst_first else Column.CODE, page=page)
    found = participant_list.people(session, actor, wanted, now=now)
    last = {who.id: now.astimezone(ZoneInfo(who.zone)).date() for who, _ in found.rows}
    newest = max(last.values(), default=now.date())
    shown = [newest - timedelta(days=back) for back in range(days - 1, -1, -1)]
    counted = _counted(session, actor, list(last), shown, catalogue=catalogue)
    rows = [
        MapRow(
            participant=who,
            site=place,
            marks=participant_list.marks_of(
                counted.get(who.code, ()), last_on=newest, days=days, now=now
            ),
            whole=counts_of(counted.get(who.code, ()), now=now),
        )
        for who, place in found.rows
    ]
    everything = [one for of_one in counted.values() for one in of_one]
    return ComplianceMap(
        rows=rows,
        days=shown,
        by_day={
            on: counts_of([one for one in everything if one.on == on], now=now) for on in shown
        },
        by_site=_by_site(session, actor, shown[0], now=now),
        total=found.total,
    )


def _counted(
    session: Session,
    actor: Actor,
    ids: Sequence[UUID],
    days: Sequence[date],
    *,
    catalogue: Catalogue,
) -> Mapping[str, Sequence[Counted]]:
    found: dict[str, list[Counted]] = {}
    wanted = compliance.Wanted(participants=ids, family=DIARY, from_on=days[0], to_on=days[-1])
    for one in compliance.count(session, actor, wanted, catalogue=catalogue) if ids else ():
        found.setdefault(one.participant, []).append(one)
    return found


def _by_site(
    session: Session, actor: Actor, from_on: date, *, now: datetime
) -> Mapping[str, tuple[int, int]]:
    """Count in the database: thousands of participants are a few numbers then."""
    is_answered = and_(
        Assessment.completed_at.is_not(None),
        or_(Assessment.suspended_at.is_(None), Assessment.completed_at < Assessment.suspended_at),
    )
    is_missed = and_(
        Assessment.completed_at.is_(None),
        Assessment.suspended_at.is_(None),
        Assessment.late_until <= now,
    )
    answered = func.sum(case((is_answered, 1), else_=0))
    missed = func.sum(case((is_missed, 1), else_=0))
    query = (
        select(Site.code, answered, missed)
        .join(Participant, Participant.site_id == Site.id)
        .join(Assessment, Assessment.participant_id == Participant.id)
        .where(
            Assessment.family == DIARY,
            # By the indexed column first; a day of a zone begins within a day of UTC's.
            Assessment.opens_at >= now - timedelta(days=(now.date() - from_on).days + 2),
            Assessment.opens_at <= now,
            Assessment.planned_on >= from_on,
            Assessment.cancelled_at.is_(None),
            Assessment.not_offered.is_(False),
        )
        .group_by(Site.code)
        .order_by(Site.code)
    )
    site_ids = actor.sites_for(Permission.READ_COMPLIANCE)
    if site_ids is not None:
        query = query.where(Site.id.in_(site_ids))
    return {
        code: (int(done), int(done) + int(not_done))
        for code, done, not_done in session.execute(query)
    }

"""The safety inbox: every flag that is not closed, in the order in which people should act.

First what nobody has taken in time, the longest overdue first; then what is still to be taken, by
the time left; then what somebody has taken while the clock of a serious event runs, by the time
left; then the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import FlagAssessment, FlagTrigger, Participant, SafetyFlag, Site, User
from epro.services import awareness, hand_over
from epro.services.paging import Paged, page_of
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from questionnaires.escalating import acknowledge_by
from questionnaires.tiers import Tier

PAGE = 100


class Standing(StrEnum):
    """How a flag stands: nobody took it in time, nobody took it yet, or somebody has it.

    Running says that somebody has it and that a report to the sponsor may be due.
    """

    OVERDUE = "overdue"
    WAITING = "waiting"
    RUNNING = "running"
    TAKEN = "taken"


class InboxColumn(StrEnum):
    """What the inbox can be sorted by; without any it is sorted by what is to be done first."""

    TIER = "tier"
    PARTICIPANT = "participant"
    RAISED = "raised"
    HOLDER = "holder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are asked for, in which order; an empty one asks for all. Pages count from 1.

    `mine` are those the actor has, and those of whom she stands in for.
    """

    standing: Standing | None = None
    tiers: frozenset[Tier] = frozenset()
    site: str | None = None
    participant: str | None = None
    mine: bool = False
    column: InboxColumn | None = None
    is_descending: bool = False
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        """Tell whether some lines are left out."""
        return bool(self.standing or self.tiers or self.site or self.participant or self.mine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One flag as it stands in the inbox, held by its owner.

    `acknowledge_by` is None once somebody has taken it, `report_by` while no such clock runs.

    `signals` are the titles of the rules that were met, the first one first; `times` counts how
    often, and the last time was `last_met_at`.
    """

    flag: SafetyFlag
    participant: str
    site: Site
    signals: tuple[Translated, ...]
    times: int
    last_met_at: datetime
    holder: str | None
    acknowledge_by: datetime | None
    report_by: datetime | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A page of the lines that were asked for, and how many there are of each standing in all.

    Where there is none, `last_raised_at` is when one last came in, open or closed.
    """

    found: Paged[Line]
    counts: Mapping[Standing, int]
    sites: Sequence[Site]
    last_raised_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """One open flag and its clocks: all that tells whether, and where, it becomes a line."""

    flag: SafetyFlag
    participant: str
    site: Site
    holder: str | None
    acknowledge_by: datetime | None
    report_by: datetime | None
    standing: Standing


class _Titles:
    """What rules are called, looked up once for each study version, not for each of its flags."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._known: dict[int, dict[str, Translated]] = {}

    def of(self, version_id: int, rule: str) -> Translated:
        """Return the title of a rule, or of silence; an unknown one is called by its id."""
        if version_id not in self._known:
            package = self.catalogue.package(version_id)
            titles = {one.id: one.title for one in package.rules}
            self._known[version_id] = titles | {package.silence.id: package.silence.title}
        return self._known[version_id].get(rule) or Translated(rule, rule)


def inbox(
    session: Session, actor: Actor, wanted: Wanted, *, catalogue: Catalogue, now: datetime
) -> Inbox:
    """Return the open flags at the actor's sites, in the order in which to act on them."""
    site_ids = actor.sites_for(Permission.READ_FLAG)
    known = [
        _judged(*row, catalogue=catalogue, now=now)
        for row in session.execute(_open_flags(site_ids))
    ]
    mine = {actor.id, *hand_over.stands_in_for(session, actor, now=now)} if wanted.mine else None
    counts = dict.fromkeys(Standing, 0)
    for one in known:
        counts[one.standing] += 1
    asked = [one for one in known if _is_wanted(one, wanted, mine)]
    found = page_of(_in_order(asked, wanted), wanted.page, size=PAGE)
    # What made a flag is read of those that are shown alone: each may have been met many times.
    met = _met(session, [one.flag.id for one in found.lines])
    titles = _Titles(catalogue)
    return Inbox(
        found=found.each(lambda one: _line(one, met[one.flag.id], titles=titles)),
        counts=counts,
        sites=_sites(session, site_ids),
        last_raised_at=None if found.lines else _last_raised_at(session, site_ids),
    )


def count_unacknowledged(session: Session, actor: Actor) -> int:
    """Return how many open flags at the actor's sites nobody has taken."""
    query = select(func.count(SafetyFlag.id)).where(
        SafetyFlag.closed_at.is_(None), SafetyFlag.acknowledged_at.is_(None)
    )
    site_ids = actor.sites_for(Permission.READ_FLAG)
    if site_ids is not None:
        query = query.where(SafetyFlag.site_id.in_(site_ids))
    return session.scalar(query) or 0


def line_of(session: Session, flag: SafetyFlag, *, catalogue: Catalogue, now: datetime) -> Line:
    """Return one flag, which the caller has found within the actor's sites, as a line."""
    participant = session.get_one(Participant, flag.participant_id)
    site = session.get_one(Site, flag.site_id)
    holder = session.get(User, flag.owner_id) if flag.owner_id else None
    latest = awareness.latest_assessment(session, flag)
    judged = _judged(
        flag, participant.code, site, holder.full_name if holder else None, latest,
        catalogue=catalogue, now=now,
    )  # fmt: skip
    return _line(judged, _met(session, [flag.id])[flag.id], titles=_Titles(catalogue))


def _open_flags(
    site_ids: Collection[UUID] | None,
) -> Select[SafetyFlag, str, Site, str | None, FlagAssessment | None]:
    query = (
        select(SafetyFlag, Participant.code, Site, User.full_name, FlagAssessment)
        .join(Participant, Participant.id == SafetyFlag.participant_id)
        .join(Site, Site.id == SafetyFlag.site_id)
        .outerjoin(User, User.id == SafetyFlag.owner_id)
        .outerjoin(
            FlagAssessment,
            and_(
                FlagAssessment.flag_id == SafetyFlag.id,
                FlagAssessment.version == SafetyFlag.assessment_version,
            ),
        )
        .where(SafetyFlag.closed_at.is_(None))
    )
    return query if site_ids is None else query.where(SafetyFlag.site_id.in_(site_ids))


def _met(
    session: Session, flag_ids: Collection[UUID]
) -> defaultdict[UUID, list[tuple[str, datetime]]]:
    """Return which rules made each flag and when, in order: one query for all of them."""
    met: defaultdict[UUID, list[tuple[str, datetime]]] = defaultdict(list)
    for flag_id, rule, met_at in session.execute(
        select(FlagTrigger.flag_id, FlagTrigger.rule, FlagTrigger.met_at)
        .where(FlagTrigger.flag_id.in_(flag_ids))
        .order_by(FlagTrigger.id)
    ):
        met[flag_id].append((rule, met_at))
    return met


def _judged(
    flag: SafetyFlag,
    participant: str,
    site: Site,
    holder: str | None,
    latest: FlagAssessment | None,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> _Open:
    package = catalogue.package(flag.study_version_id)
    target = None
    if flag.acknowledged_at is None:
        target = acknowledge_by(
            package.escalation, flag.tier, tonight=flag.tonight,
            urgent_since=flag.urgent_since, zone=ZoneInfo(site.zone),
        )  # fmt: skip
    report_by = None
    if flag.sent_at is None and flag.aware_at and awareness.counts_as_serious(flag, latest):
        report_by = flag.aware_at + timedelta(hours=package.escalation.serious.report_hours)
    if target is None:
        standing = Standing.TAKEN if report_by is None else Standing.RUNNING
    else:
        standing = Standing.OVERDUE if target <= now else Standing.WAITING
    return _Open(
        flag=flag, participant=participant, site=site, holder=holder, acknowledge_by=target,
        report_by=report_by, standing=standing,
    )  # fmt: skip


def _line(one: _Open, met: Sequence[tuple[str, datetime]], *, titles: _Titles) -> Line:
    rules = dict.fromkeys(rule for rule, _ in met)
    return Line(
        flag=one.flag,
        participant=one.participant,
        site=one.site,
        signals=tuple(titles.of(one.flag.study_version_id, rule) for rule in rules),
        # Rules met by one answer count as once.
        times=len({met_at for _, met_at in met}),
        last_met_at=max((met_at for _, met_at in met), default=one.flag.raised_at),
        holder=one.holder,
        acknowledge_by=one.acknowledge_by,
        report_by=one.report_by,
        standing=one.standing,
    )


def _is_wanted(line: _Open, wanted: Wanted, mine: Collection[UUID | None] | None) -> bool:
    return (
        (wanted.standing is None or line.standing is wanted.standing)
        and (not wanted.tiers or line.flag.tier in wanted.tiers)
        and (wanted.site is None or line.site.code == wanted.site)
        and (wanted.participant is None or wanted.participant in line.participant)
        and (mine is None or line.flag.owner_id in mine)
    )


PLACES: Mapping[InboxColumn, Callable[[_Open], Any]] = {
    InboxColumn.TIER: lambda line: line.flag.tier.urgency,
    InboxColumn.PARTICIPANT: lambda line: line.participant,
    InboxColumn.RAISED: lambda line: line.flag.raised_at,
    # Whoever has none comes last either way.
    InboxColumn.HOLDER: lambda line: line.holder,
}


def _in_order(lines: list[_Open], wanted: Wanted) -> list[_Open]:
    """Return lines as they are asked for; those that are alike by what is to be done first."""
    lines.sort(key=_urgency)
    if wanted.column is None:
        return lines
    place = PLACES[wanted.column]
    placed = [line for line in lines if place(line) is not None]
    placed.sort(key=place, reverse=wanted.is_descending)
    return placed + [line for line in lines if place(line) is None]


def _urgency(line: _Open) -> tuple[int, float, int, str]:
    """Return what to sort by: taken last; before that whoever has the least time left."""
    order = list(Standing).index(line.standing)
    clock = line.acknowledge_by or line.report_by or line.flag.urgent_since
    return order, clock.timestamp(), -line.flag.tier.urgency, str(line.flag.id)


def _sites(session: Session, site_ids: Collection[UUID] | None) -> Sequence[Site]:
    query = select(Site).order_by(Site.code)
    return session.scalars(query if site_ids is None else query.where(Site.id.in_(site_ids))).all()


def _last_raised_at(session: Session, site_ids: Collection[UUID] | None) -> datetime | None:
    query = select(func.max(SafetyFlag.raised_at))
    return session.scalar(
        query if site_ids is None else query.where(SafetyFlag.site_id.in_(site_ids))
    )

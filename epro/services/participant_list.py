"""The participants of a site at a glance: how each one's week went, what is open, her device.

A page of the list costs a fixed number of queries, however many participants there are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import (
    Anchor,
    Assessment,
    Contact,
    DeviceSession,
    LifeCycle,
    Participant,
    Quarantine,
    QuestionnaireResponse,
    SafetyFlag,
    Site,
)
from epro.services import compliance, planning
from questionnaires.catalogue import Catalogue
from questionnaires.compliance import Compliance, Counted, Standing
from questionnaires.compliance import compliance as counts_of
from questionnaires.definition import StudyPackage

DIARY = "daily"
MARKED_DAYS = 7
PAGE = 50
Value = TypeVar("Value")


class Column(StrEnum):
    """What the list can be sorted by."""

    CODE = "code"
    STATE = "state"
    COMPLIANCE = "compliance"
    CONTACT = "contact"
    FLAGS = "flags"
    DEVICE = "device"


class Having(StrEnum):
    """What a participant may stand out by."""

    FLAG = "flag"
    NOT_ACTIVATED = "not_activated"
    NO_DEVICE = "no_device"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which participants, in which order; pages count from 1."""

    site: str | None = None
    code: str | None = None
    life_cycle: LifeCycle | None = None
    having: Having | None = None
    column: Column = Column.CODE
    is_descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The session she used last that is not revoked; `app_version` is of what she sent last."""

    client: str
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One participant. `marks` are her diary's last local days, the oldest first; None: none due.

    `refused_count` is how many bodies from her phone were refused and kept.
    """

    participant: Participant
    site: Site
    day_label: str | None
    marks: Sequence[tuple[date, Standing | None]]
    week: Compliance
    last_contact_at: datetime | None
    open_flag_count: int
    device: Device | None
    app_version: str | None
    refused_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantPage:
    """One page of the list, how many there are in all, and the sites that can be asked for."""

    lines: Sequence[Line]
    total: int
    sites: Sequence[Site]


@dataclass(frozen=True, slots=True)
class People:
    """One page of participants with their sites, and how many there are in all."""

    rows: Sequence[tuple[Participant, Site]]
    total: int


def people(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> People:
    """Return a page of the participants whom the actor may read, and nothing else of them."""
    site_ids = actor.sites_for(Permission.READ_PARTICIPANT)
    everybody: Select[*tuple[Any, ...]] = select(Participant, Site)
    query = _narrowed(everybody, wanted, site_ids)
    total = session.scalar(_narrowed(select(func.count(Participant.id)), wanted, site_ids)) or 0
    value: ColumnElement[Any]
    if wanted.column is Column.COMPLIANCE:
        week = _rates(now=now)
        query = query.outerjoin(week, week.c.who == Participant.id)
        value = week.c.rate
    else:
        value = _sorted_by(wanted.column)
    turned = value.desc() if wanted.is_descending else value.asc()
    # Who has no value comes last either way.
    rows = session.execute(
        query.order_by(value.is_(None), turned, Participant.code)
        .limit(PAGE)
        .offset((wanted.page - 1) * PAGE)
    ).all()
    return People([(who, site) for who, site in rows], total)


def list_page(
    session: Session, actor: Actor, wanted: Wanted, *, catalogue: Catalogue, now: datetime
) -> ParticipantPage:
    """Return a page of the participants whom the actor may read, at a glance."""
    found = people(session, actor, wanted, now=now)
    return ParticipantPage(
        lines=_lines(session, actor, found.rows, catalogue, now=now),
        total=found.total,
        sites=sites_of(session, actor.sites_for(Permission.READ_PARTICIPANT)),
    )


def sites_of(session: Session, site_ids: Collection[UUID] | None) -> Sequence[Site]:
    """Return the sites of these ids, by code; None means every site."""
    query = select(Site).order_by(Site.code)
    return session.scalars(query if site_ids is None else query.where(Site.id.in_(site_ids))).all()


def marks_of(
    counted: Sequence[Counted], *, last_on: date, days: int, now: datetime
) -> Sequence[tuple[date, Standing | None]]:
    """Return how each of the last local days stands, the oldest first; None where none was due."""
    by_day: dict[date, Standing] = {}
    for one in counted:
        standing = one.standing_at(now)
        if standing is not Standing.NOT_COUNTED:
            by_day[one.on] = standing
    shown = (last_on - timedelta(days=back) for back in range(days - 1, -1, -1))
    return [(on, by_day.get(on)) for on in shown]


def _narrowed(
    query: Select[*tuple[Any, ...]], wanted: Wanted, site_ids: Collection[UUID] | None
) -> Select[*tuple[Any, ...]]:
    query = query.join_from(Participant, Site, Site.id == Participant.site_id)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    if wanted.site is not None:
        query = query.where(Site.code == wanted.site)
    if wanted.code is not None:
        query = query.where(Participant.code.contains(wanted.code, autoescape=True))
    if wanted.life_cycle is not None:
        query = query.where(Participant.life_cycle == wanted.life_cycle)
    if wanted.having is not None:
        query = query.where(_has(wanted.having))
    return query


def _has(what: Having) -> ColumnElement[bool]:
    hers = DeviceSession.participant_id == Participant.id
    if what is Having.NOT_ACTIVATED:
        return Participant.activated_at.is_(None)
    if what is Having.NO_DEVICE:
        standing = exists().where(hers, DeviceSession.revoked_at.is_(None))
        return and_(Participant.activated_at.is_not(None), ~standing)
    if what is Having.REFUSED:
        return exists().where(Quarantine.participant_id == Participant.id)
    return exists().where(
        SafetyFlag.participant_id == Participant.id, SafetyFlag.closed_at.is_(None)
    )


def _rates(*, now: datetime) -> Subquery:
    """Return the share of answered diaries of the last days, by participant, in one pass.

    Without the fine print of pauses: an order, not a figure that is shown.
    """
    is_done = case((Assessment.completed_at.is_not(None), 1.0), else_=0.0)
    return (
        select(Assessment.participant_id.label("who"), func.avg(is_done).label("rate"))
        .where(
            Assessment.opens_at > now - timedelta(days=MARKED_DAYS),
            Assessment.opens_at <= now,
            Assessment.family == DIARY,
            Assessment.late_until <= now,
            Assessment.cancelled_at.is_(None),
            Assessment.suspended_at.is_(None),
            Assessment.not_offered.is_(False),
        )
        .group_by(Assessment.participant_id)
        .subquery()
    )


def _sorted_by(column: Column) -> ColumnElement[Any]:
    if column is Column.STATE:
        return Participant.life_cycle.expression
    query: Select[*tuple[Any, ...]]
    if column is Column.CONTACT:
        query = select(func.max(Contact.contacted_at)).where(
            Contact.participant_id == Participant.id
        )
    elif column is Column.FLAGS:
        query = select(func.count(SafetyFlag.id)).where(
            SafetyFlag.participant_id == Participant.id, SafetyFlag.closed_at.is_(None)
        )
    elif column is Column.DEVICE:
        query = select(func.max(DeviceSession.last_seen_at)).where(
            DeviceSession.participant_id == Participant.id, DeviceSession.revoked_at.is_(None)
        )
    else:
        return Participant.code.expression
    return query.correlate(Participant).scalar_subquery()


def _lines(
    session: Session,
    actor: Actor,
    rows: Sequence[tuple[Participant, Site]],
    catalogue: Catalogue,
    *,
    now: datetime,
) -> Sequence[Line]:
    ids = [who.id for who, _ in rows]
    last_on = {who.id: now.astimezone(ZoneInfo(who.zone)).date() for who, _ in rows}
    week = _week(session, actor, ids, last_on, catalogue=catalogue)
    anchors = _anchors(session, ids)
    contacted = _latest(session, ids, Contact.participant_id, func.max(Contact.contacted_at))
    flags = _latest(
        session, ids, SafetyFlag.participant_id, func.count(SafetyFlag.id),
        SafetyFlag.closed_at.is_(None),
    )  # fmt: skip
    refused = _latest(session, ids, Quarantine.participant_id, func.count(Quarantine.id))
    devices, apps = _devices(session, ids), _apps(session, ids)
    package = _newest_package(catalogue)
    return [
        Line(
            participant=who,
            site=site,
            day_label=planning.day_label_on(
                anchors.get(who.id, {}), last_on[who.id], zone=ZoneInfo(site.zone), package=package
            )
            if package
            else None,
            marks=marks_of(
                week.get(who.code, ()), last_on=last_on[who.id], days=MARKED_DAYS, now=now
            ),
            week=counts_of(week.get(who.code, ()), now=now),
            last_contact_at=contacted.get(who.id),
            open_flag_count=flags.get(who.id, 0),
            device=devices.get(who.id),
            app_version=apps.get(who.id),
            refused_count=refused.get(who.id, 0),
        )
        for who, site in rows
    ]


def _week(
    session: Session,
    actor: Actor,
    ids: Sequence[UUID],
    last_on: Mapping[UUID, date],
    *,
    catalogue: Catalogue,
) -> Mapping[str, Sequence[Counted]]:
    if not ids:
        return {}
    newest = max(last_on.values())
    found: dict[str, list[Counted]] = {}
    wanted = compliance.Wanted(
        participants=ids, family=DIARY,
        from_on=min(last_on.values()) - timedelta(days=MARKED_DAYS - 1), to_on=newest,
    )  # fmt: skip
    for one in compliance.count(session, actor, wanted, catalogue=catalogue):
        found.setdefault(one.participant, []).append(one)
    return found


def _anchors(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Mapping[Any, datetime]]:
    found: dict[UUID, dict[Any, datetime]] = {}
    for who, event, at in session.execute(
        select(Anchor.participant_id, Anchor.event, Anchor.occurred_at).where(
            Anchor.participant_id.in_(ids), Anchor.superseded_at.is_(None)
        )
    ):
        found.setdefault(who, {})[event] = at
    return found


def _latest(
    session: Session, ids: Sequence[UUID], whose: Any, value: Any, *conditions: Any
) -> Mapping[UUID, Any]:
    rows = session.execute(select(whose, value).where(whose.in_(ids), *conditions).group_by(whose))
    return dict(rows.all())


def _devices(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Device]:
    rows = session.execute(
        select(DeviceSession.participant_id, DeviceSession.client, DeviceSession.last_seen_at)
        .where(DeviceSession.participant_id.in_(ids), DeviceSession.revoked_at.is_(None))
        .order_by(DeviceSession.last_seen_at)
    )
    return {who: Device(client=client, last_seen_at=at) for who, client, at in rows if who}


def _apps(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    latest = (
        select(
            QuestionnaireResponse.participant_id.label("who"),
            func.max(QuestionnaireResponse.received_at).label("at"),
        )
        .where(QuestionnaireResponse.participant_id.in_(ids))
        .group_by(QuestionnaireResponse.participant_id)
        .subquery()
    )
    rows = session.execute(
        select(QuestionnaireResponse.participant_id, QuestionnaireResponse.app_version).join(
            latest,
            and_(
                latest.c.who == QuestionnaireResponse.participant_id,
                latest.c.at == QuestionnaireResponse.received_at,
            ),
        )
    )
    return dict(rows.all())


def _newest_package(catalogue: Catalogue) -> StudyPackage | None:
    return catalogue.packages[-1] if catalogue.packages else None

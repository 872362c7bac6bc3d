"""What a site has before it today: whom to call, what is due, what did not arrive, what ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from epro.access import Actor, Permission
from epro.models import (
    ActivationCode,
    Anchor,
    Assessment,
    EdcClient,
    EdcConsumer,
    LifeCycle,
    Participant,
    Site,
    WorkItem,
    WorkKind,
)
from epro.services import (
    data_incidents,
    data_requests,
    feed_watch,
    message_log,
    number_checks,
    reviews,
    work_list,
)
from epro.services.message_log import Line, Outcome
from epro.services.own_phone import TRANSFER_CODE_LIFE
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from questionnaires.schedule import AnchorEvent, AnsweredBy

MOST_WORK = 200
MOST_LINES = 100
CODE_ENDS_SOON = timedelta(hours=24)
VISITS_AHEAD = timedelta(days=7)
CALLS = frozenset(
    {
        WorkKind.CALL_NOW, WorkKind.MISSED, WorkKind.NOT_REACHED, WorkKind.NOT_CONFIRMED,
        WorkKind.CALL_PRINCIPAL_INVESTIGATOR, WorkKind.HOSPITAL_STAY,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenDiary:
    """A form that is open and not filled in; it can be until `late_until`."""

    participant: Participant
    site: Site
    assessment: Assessment
    title: Translated


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """An infusion visit that is planned and has not been recorded."""

    participant: Participant
    site: Site
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class EndingCode:
    """An activation code that nobody has used, and that ends soon or has ended."""

    participant: Participant
    site: Site
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Everything once; each list is what the actor may see of it, the most urgent first."""

    calls: Sequence[tuple[WorkItem, Participant | None]]
    ratings: Sequence[tuple[WorkItem, Participant | None]]
    other_work: Sequence[tuple[WorkItem, Participant | None]]
    open_diaries: Sequence[OpenDiary]
    visits: Sequence[PlannedVisit]
    codes: Sequence[EndingCode]
    undelivered: Sequence[Line]
    unreviewed: int
    stale: Sequence[tuple[EdcConsumer, EdcClient]]
    requests: Sequence[data_requests.Shown]
    incidents: Sequence[data_incidents.Shown]
    numbers: Sequence[number_checks.Listed]


def of_site(session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime) -> Today:
    """Return what is before the actor's sites at this moment."""
    work = work_list.list_open(session, actor, limit=MOST_WORK)
    undelivered: Sequence[Line] = ()
    if actor.holds(Permission.READ_MESSAGE):
        undelivered = message_log.list_page(
            session, actor, message_log.Wanted(outcome=Outcome.FAILED), now=now
        ).lines
    return Today(
        calls=[one for one in work if one[0].kind in CALLS],
        ratings=[one for one in work if one[0].kind is WorkKind.RATING_DUE],
        other_work=[one for one in work if one[0].kind not in CALLS | {WorkKind.RATING_DUE}],
        open_diaries=_open_diaries(session, actor, catalogue=catalogue, now=now),
        visits=_visits(session, actor, now=now),
        codes=_codes(session, actor, now=now),
        undelivered=undelivered,
        unreviewed=reviews.count_waiting(session, actor),
        stale=_stale(session, actor, now=now),
        requests=data_requests.pressing(session, actor, now=now),
        incidents=data_incidents.pressing(session, actor, now=now),
        numbers=number_checks.due(session, actor, now=now),
    )


def _open_diaries(
    session: Session, actor: Actor, *, catalogue: Catalogue, now: datetime
) -> Sequence[OpenDiary]:
    query = (
        select(Participant, Site, Assessment)
        .join(Assessment, Assessment.participant_id == Participant.id)
        .where(
            Assessment.opens_at <= now,
            Assessment.late_until > now,
            Assessment.answered_by == AnsweredBy.PARTICIPANT,
            Assessment.completed_at.is_(None),
            Assessment.cancelled_at.is_(None),
            Assessment.suspended_at.is_(None),
            Assessment.not_offered.is_(False),
        )
        .order_by(Assessment.late_until, Participant.code)
    )
    found = session.execute(_at_sites(query, actor).limit(MOST_LINES))
    return [OpenDiary(who, site, row, _title(catalogue, row)) for who, site, row in found]


def _title(catalogue: Catalogue, row: Assessment) -> Translated:
    package = catalogue.package(row.study_version_id)
    return package.block_title(row.block) or Translated(row.block, row.block)


def _visits(session: Session, actor: Actor, *, now: datetime) -> Sequence[PlannedVisit]:
    happened = aliased(Anchor)
    query = (
        select(Participant, Site, Anchor.occurred_at)
        .join(Anchor, Anchor.participant_id == Participant.id)
        .outerjoin(
            happened,
            (happened.participant_id == Participant.id)
            & (happened.event == AnchorEvent.INF1)
            & happened.superseded_at.is_(None),
        )
        .where(
            Anchor.event == AnchorEvent.INF1_PLANNED,
            Anchor.superseded_at.is_(None),
            Anchor.occurred_at <= now + VISITS_AHEAD,
            happened.id.is_(None),
            Participant.life_cycle.in_((LifeCycle.SCREENED, LifeCycle.ACTIVE, LifeCycle.PAUSED)),
        )
        .order_by(Anchor.occurred_at, Participant.code)
    )
    found = session.execute(_at_sites(query, actor).limit(MOST_LINES))
    return [PlannedVisit(who, site, at) for who, site, at in found]


def _codes(session: Session, actor: Actor, *, now: datetime) -> Sequence[EndingCode]:
    query = (
        select(Participant, Site, ActivationCode.issued_at, ActivationCode.expires_at)
        .join(ActivationCode, ActivationCode.participant_id == Participant.id)
        .where(
            ActivationCode.used_at.is_(None),
            ActivationCode.revoked_at.is_(None),
            ActivationCode.expires_at <= now + CODE_ENDS_SOON,
            Participant.life_cycle.in_((LifeCycle.SCREENED, LifeCycle.ACTIVE, LifeCycle.PAUSED)),
        )
        .order_by(ActivationCode.expires_at, Participant.code)
    )
    # What she made herself to change phones is over in minutes and nothing for the site to do.
    found = [
        EndingCode(who, site, expires_at)
        for who, site, issued_at, expires_at in session.execute(_at_sites(query, actor))
        if expires_at - issued_at > TRANSFER_CODE_LIFE
    ]
    return found[:MOST_LINES]


def _stale(
    session: Session, actor: Actor, *, now: datetime
) -> Sequence[tuple[EdcConsumer, EdcClient]]:
    if not actor.holds(Permission.WATCH_FEED):
        return ()
    return [
        (consumer, client)
        for consumer, client in feed_watch.consumers(session)
        if feed_watch.is_behind(session, consumer, now=now)
    ]


def _at_sites(query: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    query = query.join(Site, Site.id == Participant.site_id)
    site_ids = actor.sites_for(Permission.READ_WORK_LIST)
    return query if site_ids is None else query.where(Participant.site_id.in_(site_ids))

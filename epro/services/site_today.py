"""What a site has before it today: whom to call, what is due, what did not arrive, what ends."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
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
    consents,
    data_incidents,
    data_requests,
    diary,
    feed_watch,
    giving_back,
    message_log,
    number_checks,
    participant_list,
    reviews,
    work_list,
)
from epro.services.consents import ToSign
from epro.services.message_log import MessagePage, Outcome
from epro.services.own_phone import TRANSFER_CODE_LIFE
from epro.services.paging import Paged, page_of, read_page
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from questionnaires.schedule import AnchorEvent, AnsweredBy

CODE_ENDS_SOON = timedelta(hours=24)
VISITS_AHEAD = timedelta(days=7)
CALLS = frozenset(
    {
        WorkKind.CALL_NOW, WorkKind.MISSED, WorkKind.NOT_REACHED, WorkKind.NOT_CONFIRMED,
        WorkKind.CALL_PRINCIPAL_INVESTIGATOR, WorkKind.HOSPITAL_STAY,
    }
)  # fmt: skip
RATINGS = frozenset({WorkKind.RATING_DUE})
OTHER_WORK = frozenset(WorkKind) - CALLS - RATINGS
# How the work list names a form; its id follows.
ABOUT_A_FORM = re.compile(r"assessment:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


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
class Pages:
    """Which page of each list is looked at."""

    flags: int = 1
    calls: int = 1
    open: int = 1
    visits: int = 1
    ratings: int = 1
    codes: int = 1
    consents: int = 1
    other: int = 1


@dataclass(frozen=True, slots=True)
class Subject:
    """The form that a line of the work list is about, and the day that it was planned for."""

    title: Translated
    planned_on: date


Work = Row[*tuple[WorkItem, Participant | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Everything once; each list is what the actor may see of it, the most urgent first."""

    calls: Paged[Work]
    ratings: Paged[Work]
    other_work: Paged[Work]
    open_diaries: Paged[OpenDiary]
    visits: Paged[PlannedVisit]
    codes: Paged[EndingCode]
    consents: Paged[ToSign]
    undelivered: MessagePage
    unreviewed: int
    stale: Sequence[tuple[EdcConsumer, EdcClient]]
    requests: Sequence[data_requests.Shown]
    incidents: Sequence[data_incidents.Shown]
    flags: Paged[giving_back.Held]
    numbers: Sequence[number_checks.Listed]
    subjects: Mapping[UUID, Subject]


def of_site(
    session: Session,
    actor: Actor,
    *,
    pages: Pages | None = None,
    catalogue: Catalogue,
    now: datetime,
) -> Today:
    """Return what is before the actor's sites at this moment."""
    pages = pages or Pages()
    undelivered = MessagePage((), None)
    if actor.holds(Permission.READ_MESSAGE):
        undelivered = message_log.list_page(
            session, actor, message_log.Wanted(outcome=Outcome.FAILED), now=now
        )
    calls, ratings, other_work = (
        work_list.open_page(session, actor, kinds, page)
        for kinds, page in (
            (CALLS, pages.calls), (RATINGS, pages.ratings), (OTHER_WORK, pages.other),
        )
    )  # fmt: skip
    hers = participant_list.sites_of(session, actor.sites_for(Permission.READ_WORK_LIST))
    lines = [item for found in (calls, ratings, other_work) for item, _ in found.lines]
    return Today(
        calls=calls,
        ratings=ratings,
        other_work=other_work,
        open_diaries=_open_diaries(session, actor, pages.open, catalogue=catalogue, now=now),
        visits=_visits(session, actor, pages.visits, now=now),
        codes=page_of(_codes(session, actor, now=now), pages.codes),
        consents=consents.to_sign_anew_at(
            session, hers, pages.consents, catalogue=catalogue, now=now
        ),
        undelivered=undelivered,
        unreviewed=reviews.count_waiting(session, actor),
        stale=_stale(session, actor, now=now),
        requests=data_requests.pressing(session, actor, now=now),
        incidents=data_incidents.pressing(session, actor, now=now),
        flags=giving_back.held_by_nobody(session, actor, pages.flags),
        numbers=number_checks.due(session, actor, now=now),
        subjects=_subjects(session, lines, catalogue=catalogue),
    )


def _open_diaries(
    session: Session, actor: Actor, page: int, *, catalogue: Catalogue, now: datetime
) -> Paged[OpenDiary]:
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
    return read_page(session, _at_sites(query, actor), page).each(
        lambda row: OpenDiary(row[0], row[1], row[2], _title(catalogue, row[2]))
    )


def _subjects(
    session: Session, lines: Iterable[WorkItem], *, catalogue: Catalogue
) -> Mapping[UUID, Subject]:
    """Return, by line, the form that it is about; a line about anything else is left out."""
    named = {item.id: UUID(about[1]) for item in lines if (about := ABOUT_A_FORM.match(item.about))}
    rows = session.scalars(select(Assessment).where(Assessment.id.in_(set(named.values()))))
    forms = {row.id: Subject(_title(catalogue, row), row.planned_on) for row in rows}
    return {item_id: forms[id_] for item_id, id_ in named.items() if id_ in forms}


def _title(catalogue: Catalogue, row: Assessment) -> Translated:
    return diary.title_of(catalogue.package(row.study_version_id), row)


def _visits(session: Session, actor: Actor, page: int, *, now: datetime) -> Paged[PlannedVisit]:
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
    return read_page(session, _at_sites(query, actor), page).each(
        lambda row: PlannedVisit(row[0], row[1], row[2])
    )


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
    return [
        EndingCode(who, site, expires_at)
        for who, site, issued_at, expires_at in session.execute(_at_sites(query, actor))
        if expires_at - issued_at > TRANSFER_CODE_LIFE
    ]


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

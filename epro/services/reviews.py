"""What an investigator has looked at, per visit; what comes after it is unreviewed again (C-06).

Whether a participant's data are reviewed follows from times: nothing flips a status.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from epro.access import Actor, Permission
from epro.errors_of_record import ReviewOutdated
from epro.models import (
    Correction,
    DataReview,
    Participant,
    QuestionnaireResponse,
    Site,
    User,
    Visit,
)
from epro.services import enrolment, journal, planning
from epro.services.journal import Subject
from epro.services.paging import Paged, Wanted, by_column, within

PAGE = 50
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Column(StrEnum):
    """What the list can be sorted by; without any those with news come first, by code."""

    CODE = "code"
    NEWEST = "newest"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewState:
    """One participant: her last review, by whom, and on how many days there is something newer."""

    participant: Participant
    site: Site
    last: DataReview | None
    reviewer: str | None
    unreviewed_days: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One page, and how many have something new in all."""

    paged: Paged[ReviewState]
    waiting: int


def mark(
    session: Session,
    actor: Actor,
    code: str,
    visit: Visit,
    *,
    seen_up_to: datetime | None,
    now: datetime,
) -> DataReview:
    """Note that everything received so far was reviewed for a visit.

    `seen_up_to` is the newest that the reviewer was shown. Raises NotFound, and ReviewOutdated
    where something newer has come in: nobody has looked at it.
    """
    participant = enrolment.get_participant(session, actor, code, Permission.REVIEW_DATA)
    planning.lock_participant(session, participant.id)
    newest_at = _newest(session, [participant.id]).get(participant.id)
    if newest_at is not None and (seen_up_to is None or newest_at > seen_up_to):
        raise ReviewOutdated(details={"newest_at": newest_at.isoformat()})
    site = session.get_one(Site, participant.site_id)
    row = DataReview(
        participant_id=participant.id, site_id=site.id, visit=visit, reviewed_at=now,
        seen_up_to=newest_at or BEGINNING, reviewed_by_id=actor.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    journal.record(
        session, actor, "data_review.marked",
        Subject(
            entity_type="data_review", entity_id=str(row.id), participant_code=participant.code,
            site_code=site.code, site_id=site.id,
        ),
        after={"visit": visit, "reviewed_at": now, "reviewed_by": actor.name}, now=now,
    )  # fmt: skip
    return row


def list_page(
    session: Session, actor: Actor, wanted: Wanted[Column], *, only_waiting: bool
) -> ReviewPage:
    """Return a page of the participants the actor may read."""
    is_waiting = _has_news()
    query = _within(actor, select(Participant, Site), wanted)
    if only_waiting:
        query = query.where(is_waiting)
    elif wanted.column is None:
        # Not where all of them have news: everybody would be looked at before the first is shown.
        query = query.order_by(is_waiting.desc())
    if wanted.column is not None and wanted.column is not Column.CODE:
        value = _newest_of() if wanted.column is Column.NEWEST else _latest(DataReview.reviewed_at)
        query = by_column(query, value, is_descending=wanted.is_descending)
    is_turned = wanted.column is Column.CODE and wanted.is_descending
    query = query.order_by(Participant.code.desc() if is_turned else Participant.code)
    everybody, waiting = _counts(session, actor, wanted)
    total = waiting if only_waiting else everybody
    page = within(wanted.page, total, PAGE)
    rows = session.execute(query.limit(PAGE).offset((page - 1) * PAGE)).all()
    lines = _lines(session, [tuple(row) for row in rows])
    return ReviewPage(Paged(lines, total, page, PAGE), waiting)


def count_waiting(session: Session, actor: Actor) -> int:
    """Return how many participants at the actor's sites have data that nobody has reviewed."""
    _, waiting = _counts(session, actor, Wanted())
    return waiting


def of_participant(session: Session, participant: Participant) -> Sequence[tuple[DataReview, str]]:
    """Return every review of a participant's data, the newest first, and by whom."""
    rows = session.execute(
        select(DataReview, User.full_name)
        .join(User, User.id == DataReview.reviewed_by_id)
        .where(DataReview.participant_id == participant.id)
        .order_by(DataReview.reviewed_at.desc(), DataReview.id)
    )
    return [(row, name) for row, name in rows]


def _within(
    actor: Actor, query: Select[*tuple[Any, ...]], wanted: Wanted[Column]
) -> Select[*tuple[Any, ...]]:
    """Narrow a query about participants to those whom the actor may read, at one site if wanted."""
    query = query.join_from(Participant, Site, Site.id == Participant.site_id)
    site_ids = actor.sites_for(Permission.READ_RESPONSE)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    if wanted.participant is not None:
        query = query.where(Participant.code == wanted.participant)
    return query if wanted.site is None else query.where(Site.code == wanted.site)


def _counts(session: Session, actor: Actor, wanted: Wanted[Column]) -> tuple[int, int]:
    """Return how many participants there are, and how many of them have news, in one pass."""
    counting: Select[*tuple[Any, ...]] = select(
        func.count(Participant.id), func.sum(case((_has_news(), 1), else_=0))
    )
    everybody, waiting = session.execute(_within(actor, counting, wanted)).one()
    return everybody, int(waiting or 0)


def _has_news() -> ColumnElement[bool]:
    """Return whether something came in or was corrected after the last review, if there was any."""
    reviewed = func.coalesce(_latest(_covered_until()), BEGINNING)
    return or_(
        exists().where(
            QuestionnaireResponse.participant_id == Participant.id,
            QuestionnaireResponse.received_at > reviewed,
        ),
        exists().where(
            Correction.participant_id == Participant.id, Correction.applied_at > reviewed
        ),
    )


def _covered_until() -> ColumnElement[datetime]:
    """Return until when what came in was looked at in a review."""
    return func.coalesce(DataReview.seen_up_to, DataReview.reviewed_at)


def _latest(
    value: ColumnElement[datetime] | InstrumentedAttribute[datetime],
) -> ColumnElement[datetime]:
    """Return the latest such time of the reviews of her data."""
    return (
        select(func.max(value))
        .where(DataReview.participant_id == Participant.id)
        .correlate(Participant)
        .scalar_subquery()
    )


def _newest_of() -> ColumnElement[datetime]:
    """Return when an answer of hers last came in."""
    return (
        select(func.max(QuestionnaireResponse.received_at))
        .where(QuestionnaireResponse.participant_id == Participant.id)
        .correlate(Participant)
        .scalar_subquery()
    )


def _newest(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """Return when something of these participants last came in or was corrected."""
    found: dict[UUID, datetime] = {}
    whose, at = QuestionnaireResponse.participant_id, QuestionnaireResponse.received_at
    answered: Select[*tuple[Any, ...]] = (
        select(whose, func.max(at)).where(whose.in_(ids)).group_by(whose)
    )
    corrected: Select[*tuple[Any, ...]] = (
        select(Correction.participant_id, func.max(Correction.applied_at))
        .where(Correction.participant_id.in_(ids), Correction.applied_at.is_not(None))
        .group_by(Correction.participant_id)
    )
    for query in (answered, corrected):
        for who, newest_at in session.execute(query):
            found[who] = max(newest_at, found.get(who, newest_at))
    return found


def _lines(session: Session, rows: Sequence[tuple[Any, ...]]) -> Sequence[ReviewState]:
    ids = [who.id for who, _ in rows]
    last, newest = _last_reviews(session, ids), _newest(session, ids)
    days = _days(session, {who.id: who for who, _ in rows}, last)
    return [
        ReviewState(
            participant=who,
            site=site,
            last=last[who.id][0] if who.id in last else None,
            reviewer=last[who.id][1] if who.id in last else None,
            unreviewed_days=len(days.get(who.id, ())),
            newest_at=newest.get(who.id),
        )
        for who, site in rows
    ]


def _last_reviews(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, tuple[DataReview, str]]:
    rows = session.execute(
        select(DataReview, User.full_name)
        .join(User, User.id == DataReview.reviewed_by_id)
        .where(DataReview.participant_id.in_(ids))
        .order_by(DataReview.reviewed_at)
    )
    return {row.participant_id: (row, name) for row, name in rows}


def _days(
    session: Session,
    people: Mapping[UUID, Participant],
    last: Mapping[UUID, tuple[DataReview, str]],
) -> Mapping[UUID, set[date]]:
    """Return the local days of hers about which something came in after her last review."""
    corrected = exists().where(
        Correction.response_id == QuestionnaireResponse.id,
        Correction.applied_at > _covered_until(),
    )
    latest = [row.id for row, _ in last.values()]
    rows = session.execute(
        select(QuestionnaireResponse.participant_id, QuestionnaireResponse.answered_at)
        .outerjoin(
            DataReview,
            and_(
                DataReview.participant_id == QuestionnaireResponse.participant_id,
                DataReview.id.in_(latest),
            ),
        )
        .where(
            QuestionnaireResponse.participant_id.in_(people),
            or_(
                DataReview.id.is_(None),
                QuestionnaireResponse.received_at > _covered_until(),
                corrected,
            ),
        )
    )
    zones = {who: ZoneInfo(one.zone) for who, one in people.items()}
    found: dict[UUID, set[date]] = {}
    for who, answered_at in rows:
        found.setdefault(who, set()).add(answered_at.astimezone(zones[who]).date())
    return found

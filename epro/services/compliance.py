"""Compliance of the participants somebody may read: both numbers, never just a rate."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import Assessment, Participant, QuestionnaireResponse, Site, Timeliness
from questionnaires.catalogue import Catalogue
from questionnaires.compliance import (
    Compliance,
    Counted,
    Grouping,
    Standing,
    compliance,
    compliance_by,
    compliance_of,
    standing,
)
from questionnaires.schedule import AnsweredBy

IS_ITS_ANSWER = and_(
    QuestionnaireResponse.assessment_id == Assessment.id, QuestionnaireResponse.counts
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which assessments are counted: by the local days they belong to, both ends included.

    `participants` narrows to these rows, `family` to what shares its dates: "daily" is the diary.
    """

    participant: str | None = None
    participants: Collection[UUID] | None = None
    family: str | None = None
    site: str | None = None
    block: str | None = None
    from_on: date | None = None
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole, and its groups by name."""

    whole: Compliance
    groups: dict[str, Compliance]


def report(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    by: Grouping,
    catalogue: Catalogue,
    now: datetime,
) -> Report:
    """Count what was expected and answered at the sites the actor may read.

    What somebody else fills in (ratings) is no matter of a participant's compliance.
    """
    counted = count(session, actor, wanted, catalogue=catalogue)
    return Report(compliance(counted, now=now), compliance_by(by, counted, now=now))


def count(
    session: Session, actor: Actor, wanted: Wanted, *, catalogue: Catalogue
) -> Sequence[Counted]:
    """Return what is counted, one by one, in the order of opening; columns only, never answers."""
    query = (
        select(
            Participant.code, Site.code, Assessment.study_version_id, Assessment.block,
            Assessment.planned_on, Assessment.late_until, Assessment.completed_at,
            Assessment.cancelled_at, Assessment.not_offered, Assessment.suspended_at,
            QuestionnaireResponse.answered_at, QuestionnaireResponse.timeliness,
        )
        .join(Participant, Participant.id == Assessment.participant_id)
        .join(Site, Site.id == Participant.site_id)
        .outerjoin(QuestionnaireResponse, IS_ITS_ANSWER)
        .where(Assessment.answered_by == AnsweredBy.PARTICIPANT)
        .order_by(Assessment.opens_at, Assessment.id)
    )  # fmt: skip
    site_ids = actor.sites_for(Permission.READ_COMPLIANCE)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    if wanted.participants is not None:
        query = query.where(Assessment.participant_id.in_(wanted.participants))
    limits = {
        Participant.code: wanted.participant, Site.code: wanted.site,
        Assessment.block: wanted.block, Assessment.family: wanted.family,
    }  # fmt: skip
    for column, value in limits.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.from_on is not None:
        query = query.where(Assessment.planned_on >= wanted.from_on)
    if wanted.to_on is not None:
        query = query.where(Assessment.planned_on <= wanted.to_on)
    return [_as_counted(tuple(row), catalogue) for row in session.execute(query)]


def count_by_block(
    session: Session,
    *,
    participants: Collection[str] | None = None,
    catalogue: Catalogue,
    now: datetime,
) -> dict[tuple[str, str], Compliance]:
    """Return the numbers of every participant and block, or of these codes, for the record.

    The database does the counting: this is asked for every hour, of everybody. What the numbers
    mean is said once, by `standing`.
    """
    answered_at = func.coalesce(QuestionnaireResponse.answered_at, Assessment.completed_at)
    rows = (
        select(
            Participant.code, Assessment.block, Assessment.study_version_id,
            Assessment.cancelled_at.is_not(None).label("is_cancelled"),
            Assessment.not_offered.label("is_not_offered"),
            and_(
                Assessment.suspended_at.is_not(None),
                or_(answered_at.is_(None), answered_at >= Assessment.suspended_at),
            ).label("is_suspended"),
            answered_at.is_not(None).label("is_answered"),
            func.coalesce(QuestionnaireResponse.timeliness == Timeliness.LATE, false()).label(
                "is_late"
            ),
            (Assessment.late_until <= now).label("is_over"),
        )
        .select_from(Assessment)
        .join(Participant, Participant.id == Assessment.participant_id)
        .outerjoin(QuestionnaireResponse, IS_ITS_ANSWER)
        .where(Assessment.answered_by == AnsweredBy.PARTICIPANT)
    )  # fmt: skip
    if participants is not None:
        rows = rows.where(Participant.code.in_(participants))
    facts = rows.subquery()
    query = select(*facts.c, func.count()).group_by(*facts.c)
    groups: dict[tuple[str, str], Counter[Standing]] = defaultdict(Counter)
    is_analysed = cache(partial(_is_analysed, catalogue))  # of few blocks, in thousands of groups
    for code, block, version_id, is_cancelled, *others, number in session.execute(query):
        is_not_offered, is_suspended, is_answered, is_late, is_over = map(bool, others)
        kind = standing(
            is_counted=is_analysed(version_id, block) and not is_cancelled,
            is_not_offered=is_not_offered, is_suspended=is_suspended, is_answered=is_answered,
            is_late=is_late, is_over=is_over,
        )  # fmt: skip
        groups[code, block][kind] += number
    return {key: compliance_of(numbers) for key, numbers in groups.items()}


def _as_counted(row: tuple[Any, ...], catalogue: Catalogue) -> Counted:
    (
        participant, site, study_version_id, block, planned_on, late_until, completed_at,
        cancelled_at, not_offered, suspended_at, answered_at, timeliness,
    ) = row  # fmt: skip
    return Counted(
        participant=participant,
        site=site,
        block=block,
        on=planned_on,
        late_until=late_until,
        answered_at=answered_at or completed_at,
        is_late=timeliness is Timeliness.LATE,
        is_cancelled=cancelled_at is not None,
        is_not_offered=not_offered,
        suspended_at=suspended_at,
        is_analysed=_is_analysed(catalogue, study_version_id, block),
    )


def _is_analysed(catalogue: Catalogue, study_version_id: int, block: str) -> bool:
    known = catalogue.package(study_version_id).schedule.block(block)
    return known is None or known.analysed

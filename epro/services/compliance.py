"""Compliance of the participants somebody may read: both numbers, never just a rate."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import Assessment, Participant, QuestionnaireResponse, Site, Timeliness
from questionnaires.catalogue import Catalogue
from questionnaires.compliance import Compliance, Counted, Grouping, compliance, compliance_by
from questionnaires.schedule import AnsweredBy


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
    session: Session, actor: Actor | None, wanted: Wanted, *, catalogue: Catalogue
) -> Sequence[Counted]:
    """Return what is counted, one by one, in the order of opening; columns only, never answers.

    Without an actor it is counted at every site, for the record.
    """
    query = (
        select(
            Participant.code, Site.code, Assessment.study_version_id, Assessment.block,
            Assessment.planned_on, Assessment.late_until, Assessment.completed_at,
            Assessment.cancelled_at, Assessment.not_offered, Assessment.suspended_at,
            QuestionnaireResponse.answered_at, QuestionnaireResponse.timeliness,
        )
        .join(Participant, Participant.id == Assessment.participant_id)
        .join(Site, Site.id == Participant.site_id)
        .outerjoin(
            QuestionnaireResponse,
            (QuestionnaireResponse.assessment_id == Assessment.id) & QuestionnaireResponse.counts,
        )
        .where(Assessment.answered_by == AnsweredBy.PARTICIPANT)
        .order_by(Assessment.opens_at, Assessment.id)
    )  # fmt: skip
    site_ids = actor.sites_for(Permission.READ_COMPLIANCE) if actor else None
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


def _as_counted(row: tuple[Any, ...], catalogue: Catalogue) -> Counted:
    (
        participant, site, study_version_id, block, planned_on, late_until, completed_at,
        cancelled_at, not_offered, suspended_at, answered_at, timeliness,
    ) = row  # fmt: skip
    known = catalogue.package(study_version_id).schedule.block(block)
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
        is_analysed=known is None or known.analysed,
    )

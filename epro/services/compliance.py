"""Compliance of the participants somebody may read: both numbers, never just a rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.models import Assessment, Participant, QuestionnaireResponse, Site, Timeliness
from questionnaires.catalogue import Catalogue
from questionnaires.compliance import Compliance, Counted, Grouping, compliance, compliance_by
from questionnaires.schedule import AnsweredBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which assessments are counted: by the local days they belong to, both ends included."""

    participant: str | None = None
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
    counted = _counted(session, actor, wanted, catalogue=catalogue)
    return Report(compliance(counted, now=now), compliance_by(by, counted, now=now))


def _counted(
    session: Session, actor: Actor, wanted: Wanted, *, catalogue: Catalogue
) -> Sequence[Counted]:
    query = (
        select(Assessment, Participant.code, Site.code, QuestionnaireResponse)
        .join(Participant, Participant.id == Assessment.participant_id)
        .join(Site, Site.id == Participant.site_id)
        .outerjoin(
            QuestionnaireResponse,
            (QuestionnaireResponse.assessment_id == Assessment.id) & QuestionnaireResponse.counts,
        )
        .where(Assessment.answered_by == AnsweredBy.PARTICIPANT)
        .order_by(Assessment.opens_at, Assessment.id)
    )
    site_ids = actor.sites_for(Permission.READ_COMPLIANCE)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    limits = {
        Participant.code: wanted.participant, Site.code: wanted.site, Assessment.block: wanted.block
    }  # fmt: skip
    for column, value in limits.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.from_on is not None:
        query = query.where(Assessment.planned_on >= wanted.from_on)
    if wanted.to_on is not None:
        query = query.where(Assessment.planned_on <= wanted.to_on)
    return [
        _as_counted(row, participant, site, response, catalogue)
        for row, participant, site, response in session.execute(query)
    ]


def _as_counted(
    row: Assessment,
    participant: str,
    site: str,
    response: QuestionnaireResponse | None,
    catalogue: Catalogue,
) -> Counted:
    block = catalogue.package(row.study_version_id).schedule.block(row.block)
    return Counted(
        participant=participant,
        site=site,
        block=row.block,
        on=row.planned_on,
        late_until=row.late_until,
        answered_at=response.answered_at if response else row.completed_at,
        is_late=response is not None and response.timeliness is Timeliness.LATE,
        is_cancelled=row.cancelled_at is not None,
        is_not_offered=row.not_offered,
        suspended_at=row.suspended_at,
        is_analysed=block is None or block.analysed,
    )

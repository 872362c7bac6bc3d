"""Ask about reported problems again until they have ended: what follows from what is stored."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import (
    AdverseEvent,
    Assessment,
    CandidateDecision,
    Disposition,
    EventSource,
    Participant,
    QuestionnaireResponse,
    ResponseStatus,
    SafetyFlag,
)
from questionnaires.branching import applies
from questionnaires.definition import Behavior, StudyPackage
from questionnaires.following_up import OpenReport, family_of, next_asking
from questionnaires.schedule import AnchorEvent, Anchors, PlannedAssessment

NO_EVENT = frozenset({Disposition.DECLINED, Disposition.PRE_EXISTING})


def planned(
    session: Session,
    participant: Participant,
    package: StudyPackage,
    anchors: Anchors,
    *,
    now: datetime,
) -> tuple[PlannedAssessment, ...]:
    """Return the next asking about each report that is open; none from END on.

    A pause suspends askings as it does diaries. While it lasts they keep their distance, so that
    none is planned anew each day. Once it is over, those that it fell on are no news: what has
    become due meanwhile is asked about on the day that she is back.
    """
    zone, end_at = ZoneInfo(participant.zone), anchors.get(AnchorEvent.END)
    today = now.astimezone(zone).date()
    askings = (
        next_asking(report, package.adverse_events, zone=zone, today=today)
        for report in _open_reports(session, participant, package, zone=zone, now=now)
    )
    return tuple(
        one for one in askings if one is not None and (end_at is None or one.opens_at < end_at)
    )


def is_due_to_change(
    session: Session,
    participant: Participant,
    package: StudyPackage,
    anchors: Anchors,
    *,
    now: datetime,
) -> bool:
    """Tell whether what is planned of follow-ups is not what stands and has not opened."""
    wanted = {
        (one.family, one.occurrence)
        for one in planned(session, participant, package, anchors, now=now)
    }
    rows = session.scalars(
        select(Assessment).where(
            Assessment.participant_id == participant.id,
            Assessment.family.startswith(family_of("")),
            Assessment.cancelled_at.is_(None),
        )
    ).all()
    standing = {(row.family, row.occurrence) for row in rows}
    waiting = {
        (row.family, row.occurrence)
        for row in rows
        if row.opens_at > now and row.completed_at is None
    }
    return bool(wanted - standing) or bool(waiting - wanted)


def reporters(session: Session, form: str) -> list[UUID]:
    """Return who has ever sent off a report, by id, so that locks are taken in one order."""
    return sorted(
        session.scalars(
            select(QuestionnaireResponse.participant_id)
            .where(
                QuestionnaireResponse.questionnaire_code == form,
                QuestionnaireResponse.status == ResponseStatus.COMPLETED,
            )
            .distinct()
        )
    )


def _open_reports(
    session: Session,
    participant: Participant,
    package: StudyPackage,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Iterator[OpenReport]:
    policy = package.adverse_events
    is_red = any(
        tier.is_red
        for tier in session.scalars(
            select(SafetyFlag.tier).where(
                SafetyFlag.participant_id == participant.id, SafetyFlag.closed_at.is_(None)
            )
        )
    )
    reports = session.scalars(
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.participant_id == participant.id,
            QuestionnaireResponse.questionnaire_code == policy.questionnaire,
            QuestionnaireResponse.status == ResponseStatus.COMPLETED,
        )
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
        .execution_options(populate_existing=True)
    ).all()
    for report in reports:
        askings = session.scalars(
            select(Assessment)
            .where(
                Assessment.participant_id == participant.id,
                Assessment.family == family_of(str(report.id)),
                Assessment.cancelled_at.is_(None),
            )
            .execution_options(populate_existing=True)
        ).all()
        answers = _answers_to(session, askings)
        if any(_says_ended(package, one) for one in (report, *answers)):
            continue
        if _is_settled(session, participant, report):
            continue
        answered = {one.assessment_id for one in answers}
        news = [one.answered_at.astimezone(zone).date() for one in (report, *answers)]
        news += [
            one.planned_on
            for one in askings
            if one.late_until <= now
            and one.id not in answered
            and (one.suspended_at is None or participant.is_paused)
        ]
        yield OpenReport(
            report_id=str(report.id),
            last_on=max(news, default=date.min),
            is_being_asked=any(
                one.opens_at <= now < one.late_until and one.completed_at is None for one in askings
            ),
            is_red=is_red,
        )


def _answers_to(session: Session, askings: Sequence[Assessment]) -> list[QuestionnaireResponse]:
    ids = [one.id for one in askings]
    return list(
        session.scalars(
            select(QuestionnaireResponse)
            .where(
                QuestionnaireResponse.assessment_id.in_(ids),
                QuestionnaireResponse.status == ResponseStatus.COMPLETED,
            )
            .order_by(QuestionnaireResponse.answered_at)
            .execution_options(populate_existing=True)
        )
    )


def _says_ended(package: StudyPackage, response: QuestionnaireResponse) -> bool:
    values = {one["link_id"]: one["value"] for one in response.answers if "value" in one}
    clauses = package.adverse_events.ended_when
    return bool(clauses) and applies(clauses, Behavior.ALL, values)


def _is_settled(session: Session, participant: Participant, report: QuestionnaireResponse) -> bool:
    """Tell whether a physician has decided that there is nothing (more) to ask about."""
    decision = session.scalars(
        select(CandidateDecision)
        .where(
            CandidateDecision.participant_id == participant.id,
            CandidateDecision.source == EventSource.SELF_REPORT,
            CandidateDecision.source_key == str(report.id),
        )
        .order_by(CandidateDecision.decided_at.desc(), CandidateDecision.number.desc())
        .limit(1)
    ).first()
    if decision is None:
        return False
    if decision.disposition in NO_EVENT:
        return True
    event = session.get(AdverseEvent, decision.event_id, populate_existing=True)
    return event is not None and event.ended_on is not None

"""Ask about reported problems again until they have ended: what follows from what is stored."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, select
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

Columns: TypeAlias = Row[*tuple[Any, ...]]
Key = TypeVar("Key", bound=Hashable)
NO_EVENT = frozenset({Disposition.DECLINED, Disposition.PRE_EXISTING})


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored about the reports of some participants; `read` looks it up for all at once.

    Reports and askings go by participant, in order; answers by the asking that they answer. Of each
    only what is looked at is read: every few minutes this is asked of all that was ever reported.
    """

    reports: Mapping[UUID, Sequence[Columns]]
    askings: Mapping[UUID, Sequence[Columns]]
    answers: Mapping[UUID | None, Sequence[Columns]]
    settled: Collection[str]
    red: Collection[UUID]


def read(session: Session, participant_ids: Collection[UUID], forms: Collection[str]) -> Known:
    """Read all that follow-ups depend on; `forms` are the questionnaires that report a problem."""
    reports = session.execute(
        select(
            QuestionnaireResponse.id, QuestionnaireResponse.participant_id,
            QuestionnaireResponse.questionnaire_code, QuestionnaireResponse.answered_at,
            QuestionnaireResponse.answers,
        )
        .where(
            QuestionnaireResponse.participant_id.in_(participant_ids),
            QuestionnaireResponse.questionnaire_code.in_(forms),
            QuestionnaireResponse.status == ResponseStatus.COMPLETED,
        )
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
    ).all()  # fmt: skip
    if not reports:
        return Known({}, {}, {}, (), ())
    is_asking = (
        Assessment.participant_id.in_(participant_ids),
        Assessment.family.startswith(family_of("")),
        Assessment.cancelled_at.is_(None),
    )
    askings = session.execute(
        select(
            Assessment.id, Assessment.participant_id, Assessment.family, Assessment.occurrence,
            Assessment.planned_on, Assessment.opens_at, Assessment.late_until,
            Assessment.completed_at, Assessment.suspended_at,
        ).where(*is_asking)
    )  # fmt: skip
    answers = session.execute(
        select(
            QuestionnaireResponse.assessment_id, QuestionnaireResponse.answered_at,
            QuestionnaireResponse.answers,
        )
        .join(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .where(*is_asking, QuestionnaireResponse.status == ResponseStatus.COMPLETED)
        .order_by(QuestionnaireResponse.answered_at)
    )  # fmt: skip
    red = session.execute(
        select(SafetyFlag.participant_id, SafetyFlag.tier).where(
            SafetyFlag.participant_id.in_(participant_ids), SafetyFlag.closed_at.is_(None)
        )
    )
    return Known(
        reports=_grouped(reports, lambda one: one.participant_id),
        askings=_grouped(askings, lambda one: one.participant_id),
        answers=_grouped(answers, lambda one: one.assessment_id),
        settled=_settled(session, participant_ids),
        red={participant_id for participant_id, tier in red if tier.is_red},
    )


def planned(
    known: Known,
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
        for report in _open_reports(known, participant, package, zone=zone, now=now)
    )
    return tuple(
        one for one in askings if one is not None and (end_at is None or one.opens_at < end_at)
    )


def is_due_to_change(
    known: Known,
    participant: Participant,
    package: StudyPackage,
    anchors: Anchors,
    *,
    now: datetime,
) -> bool:
    """Tell whether what is planned of follow-ups is not what stands and has not opened."""
    wanted = {
        (one.family, one.occurrence)
        for one in planned(known, participant, package, anchors, now=now)
    }
    rows = known.askings.get(participant.id, ())
    standing = {(row.family, row.occurrence) for row in rows}
    waiting = {
        (row.family, row.occurrence)
        for row in rows
        if row.opens_at > now and row.completed_at is None
    }
    return bool(wanted - standing) or bool(waiting - wanted)


def reporters(session: Session, forms: Collection[str]) -> Sequence[UUID]:
    """Return who has ever sent off a report, by id, so that locks are taken in one order."""
    return sorted(
        session.scalars(
            select(QuestionnaireResponse.participant_id)
            .where(
                QuestionnaireResponse.questionnaire_code.in_(forms),
                QuestionnaireResponse.status == ResponseStatus.COMPLETED,
            )
            .distinct()
        )
    )


def _open_reports(
    known: Known, participant: Participant, package: StudyPackage, *, zone: ZoneInfo, now: datetime
) -> Iterator[OpenReport]:
    askings_of = _grouped(known.askings.get(participant.id, ()), lambda one: one.family)
    for report in known.reports.get(participant.id, ()):
        if report.questionnaire_code != package.adverse_events.questionnaire:
            continue
        askings = askings_of.get(family_of(str(report.id)), ())
        answers = [answer for one in askings for answer in known.answers.get(one.id, ())]
        if str(report.id) in known.settled:
            continue
        if any(_says_ended(package, one) for one in (report, *answers)):
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
            is_red=participant.id in known.red,
        )


def _says_ended(package: StudyPackage, response: Columns) -> bool:
    values = {one["link_id"]: one["value"] for one in response.answers if "value" in one}
    clauses = package.adverse_events.ended_when
    return bool(clauses) and applies(clauses, Behavior.ALL, values)


def _settled(session: Session, participant_ids: Collection[UUID]) -> set[str]:
    """Return the reports of which a physician has decided that there is nothing (more) to ask.

    What belonged to an event that was voided has to be decided anew, and is open until then.
    """
    decisions = session.execute(
        select(CandidateDecision.source_key, CandidateDecision.disposition, AdverseEvent.ended_on)
        .outerjoin(
            AdverseEvent,
            and_(AdverseEvent.id == CandidateDecision.event_id, AdverseEvent.voided_at.is_(None)),
        )
        .where(
            CandidateDecision.participant_id.in_(participant_ids),
            CandidateDecision.source == EventSource.SELF_REPORT,
        )
        .order_by(CandidateDecision.decided_at, CandidateDecision.number)
    )
    last = {key: (disposition, ended_on) for key, disposition, ended_on in decisions}
    return {
        key
        for key, (disposition, ended_on) in last.items()
        if disposition in NO_EVENT or ended_on is not None
    }


def _grouped(rows: Iterable[Columns], key: Callable[[Columns], Key]) -> dict[Key, list[Columns]]:
    groups: dict[Key, list[Columns]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups

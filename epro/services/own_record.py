"""What a participant has sent, as her phone shows it: where it stands, and till when it is hers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.models import (
    Assessment,
    FlagTrigger,
    QuestionnaireResponse,
    SafetyFlag,
    Screening,
    ScreeningSource,
)
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from questionnaires.schedule import AnsweredBy


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEntry:
    """One response; until `own_until` (exclusive) a correction of hers stands at once.

    `taken_at` is when somebody of the site first took, assessed or closed what these answers
    raised; None also where they raised nothing.
    """

    response: QuestionnaireResponse
    title: Translated
    own_until: datetime
    taken_at: datetime | None


def entries_of(
    session: Session, actor: Actor, *, catalogue: Catalogue, limit: int
) -> list[OwnEntry]:
    """Return what the participant answered herself, the newest first; no rating of her."""
    responses = session.scalars(
        select(QuestionnaireResponse)
        .outerjoin(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .where(
            QuestionnaireResponse.participant_id == actor.id,
            or_(Assessment.id.is_(None), Assessment.answered_by == AnsweredBy.PARTICIPANT),
        )
        .order_by(QuestionnaireResponse.answered_at.desc(), QuestionnaireResponse.id)
        .limit(limit)
    ).all()
    taken = _taken(session, responses)
    late_until = _late_until(session, responses)
    return [
        OwnEntry(
            response=one,
            title=catalogue.questionnaire(one.questionnaire_code, one.questionnaire_version).title,
            own_until=_own_until(one, late_until, catalogue),
            taken_at=taken.get(str(one.id)),
        )
        for one in responses
    ]


def is_hers(session: Session, response: QuestionnaireResponse) -> bool:
    """Tell whether the participant gave these answers, so that she can say what was wrong.

    A rating of her (P-06) is kept under her record too, but is the assessor's alone to put right.
    """
    if response.assessment_id is None:
        return True
    asked = session.get_one(Assessment, response.assessment_id)
    return asked.answered_by is AnsweredBy.PARTICIPANT


def _own_until(
    response: QuestionnaireResponse, late_until: dict[UUID, datetime], catalogue: Catalogue
) -> datetime:
    """As `correction_asking.own_until` judges it when the correction comes."""
    if response.assessment_id is not None:
        return late_until[response.assessment_id]
    schedule = catalogue.package(response.study_version_id).schedule
    return response.answered_at + timedelta(hours=schedule.report_correction_hours)


def _late_until(
    session: Session, responses: Sequence[QuestionnaireResponse]
) -> dict[UUID, datetime]:
    wanted = {one.assessment_id for one in responses if one.assessment_id}
    rows = session.execute(
        select(Assessment.id, Assessment.late_until).where(Assessment.id.in_(wanted))
    )
    return {assessment_id: until for assessment_id, until in rows}  # noqa: C416  rows are no tuples


def _taken(
    session: Session, responses: Sequence[QuestionnaireResponse]
) -> dict[str, datetime | None]:
    """Return when somebody looked at each: what joined a flag taken before was not seen with it."""
    rows = session.execute(
        select(
            Screening.source_id, FlagTrigger.met_at, SafetyFlag.acknowledged_at,
            SafetyFlag.assessed_at, SafetyFlag.closed_at,
        )
        .join(FlagTrigger, FlagTrigger.screening_id == Screening.id)
        .join(SafetyFlag, SafetyFlag.id == FlagTrigger.flag_id)
        .where(
            Screening.source == ScreeningSource.RESPONSE,
            Screening.source_id.in_([str(one.id) for one in responses]),
        )
    )  # fmt: skip
    taken: dict[str, datetime | None] = {}
    for source_id, met_at, *looked_at in rows:
        seen = (taken.get(source_id), *(at for at in looked_at if at and at >= met_at))
        taken[source_id] = min((at for at in seen if at), default=None)
    return taken

"""A rating put right by the assessor who entered it: a further revision, with the reason.

The first one stays. Nobody else puts a rating right, and nobody approves it: it is nobody's answer
but the rater's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import NotFound
from epro.errors_of_record import NotTheRater
from epro.models import Correction, CorrectionSource, DeviceSession, QuestionnaireResponse
from epro.services import correcting, corrections, ratings, record_locks
from epro.services import correction_asking as asking
from epro.services.correction_asking import Proposal
from questionnaires.catalogue import Catalogue


def correct(
    session: Session,
    actor: Actor,
    assessment_id: UUID,
    answers: Sequence[dict[str, Any]],
    *,
    revision: int,
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> Correction:
    """Store what the rating should have said; `revision` is the one that the rater looked at.

    Raises NotFound for one out of reach or not rated yet, NotTheRater, RecordLocked, InvalidAnswers
    naming each item, CorrectionOutdated, NothingCorrected and ReasonRequired.
    """
    _, who, _, questionnaire = ratings.form_of(session, actor, assessment_id, catalogue=catalogue)
    rated = ratings.own_answers(session, assessment_id)
    case = asking.lock(session, rated.id, catalogue=catalogue) if rated else None
    if case is None:
        raise NotFound
    if not is_rater(session, actor, case.response):
        raise NotTheRater
    record_locks.refuse_locked(session, who.id)
    proposal = Proposal(
        questionnaire_code=questionnaire.code, questionnaire_version=questionnaire.version,
        corrected_revision=revision, answers=list(answers), reason=reason,
        source=CorrectionSource.RATER, said_at=now,
    )  # fmt: skip
    judgement = asking.judged(case, proposal)
    correction = asking.store(
        session, actor, case, uuid4(), proposal, judgement, said_at=now, now=now
    )
    corrections.put_on_record(session, actor, case, "correction.made", correction, now=now)
    correcting.apply(session, actor, case, correction, judgement, catalogue=catalogue, now=now)
    return correction


def is_rater(session: Session, actor: Actor, response: QuestionnaireResponse) -> bool:
    """Tell whether it was the actor who entered a rating."""
    return session.get_one(DeviceSession, response.device_session_id).user_id == actor.id

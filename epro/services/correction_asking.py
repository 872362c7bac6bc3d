"""One asking for a correction: what is said, what it is about, and whether it can be taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind
from epro.errors import (
    InvalidAnswers,
    NotFound,
    ReasonRequired,
    RevisionConflict,
    UnknownQuestionnaire,
)
from epro.errors_of_record import CorrectionOutdated, NothingCorrected, NotSubmittedYet
from epro.models import (
    Assessment,
    Correction,
    CorrectionSource,
    DeviceSession,
    QuestionnaireResponse,
    ResponseStatus,
    Site,
)
from epro.services import answering_time, correcting, planning
from epro.services.correcting import Corrected
from epro.services.submission import Sending
from questionnaires.catalogue import Catalogue
from questionnaires.validation import Judgement, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """All answers as they should have been, of the edition and revision that they correct.

    `said_at` is when the participant said so: by her device's clock, or as staff put it down with
    her words (`said_words`).
    """

    questionnaire_code: str
    questionnaire_version: str
    corrected_revision: int
    answers: list[Any]
    reason: str
    source: CorrectionSource
    said_at: datetime
    said_words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HerWord:
    """What the participant says of a correction: in her app, or in a call that staff put down."""

    is_right: bool
    call_at: datetime | None = None
    call_words: str | None = None


def lock(session: Session, response_id: UUID, *, catalogue: Catalogue) -> Corrected | None:
    """Lock the participant, then the assessment, then the response: the order of a submission."""
    participant_id = session.scalar(
        select(QuestionnaireResponse.participant_id).where(QuestionnaireResponse.id == response_id)
    )
    if participant_id is None:
        return None
    participant = planning.lock_participant(session, participant_id)
    response = session.get_one(QuestionnaireResponse, response_id, populate_existing=True)
    assessment = (
        session.get_one(
            Assessment, response.assessment_id,
            with_for_update={"key_share": True}, populate_existing=True,
        )
        if response.assessment_id
        else None
    )  # fmt: skip
    return Corrected(
        participant=participant,
        site=session.get_one(Site, participant.site_id),
        assessment=assessment,
        response=response,
        questionnaire=catalogue.questionnaire(
            response.questionnaire_code, response.questionnaire_version
        ),
    )


def lock_correction(
    session: Session, correction_id: UUID, *, catalogue: Catalogue
) -> tuple[Corrected, Correction]:
    response_id = session.scalar(
        select(Correction.response_id).where(Correction.id == correction_id)
    )
    case = lock(session, response_id, catalogue=catalogue) if response_id else None
    if case is None:
        raise NotFound
    return case, session.get_one(Correction, correction_id, populate_existing=True)


def same(
    session: Session, case: Corrected, correction_id: UUID, proposal: Proposal
) -> Correction | None:
    """Return the correction of that id when this is its repeat; refuse another under its id."""
    earlier = session.get(Correction, correction_id, populate_existing=True)
    if earlier is None:
        return None
    answers = judge(case.questionnaire, proposal.answers, is_complete=True).answers
    same = (
        earlier.response_id == case.response.id
        and earlier.corrected_revision == proposal.corrected_revision
        and earlier.answers == [answer.to_plain() for answer in answers]
        and earlier.reason == proposal.reason
    )
    if not same:
        raise RevisionConflict
    return earlier


def judged(case: Corrected, proposal: Proposal) -> Judgement:
    response = case.response
    edition = (response.questionnaire_code, response.questionnaire_version)
    if edition != (proposal.questionnaire_code, proposal.questionnaire_version):
        raise UnknownQuestionnaire
    judgement = judge(case.questionnaire, proposal.answers, is_complete=True)
    if judgement.problems:
        raise InvalidAnswers(
            [{"place": one.place, "code": one.code, "message": one.message}
             for one in judgement.problems]
        )  # fmt: skip
    if not proposal.reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    if response.status is not ResponseStatus.COMPLETED:
        raise NotSubmittedYet
    if response.revision != proposal.corrected_revision:
        raise CorrectionOutdated(details={"revision": response.revision})
    if _said(answer.to_plain() for answer in judgement.answers) == _said(response.answers):
        raise NothingCorrected
    return judgement


def _said(answers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return what answers say; when a screen was shown plays no part in it."""
    return {one["link_id"]: one.get("value") for one in answers}


def made_at(
    session: Session,
    actor: Actor,
    case: Corrected,
    proposal: Proposal,
    sending: Sending,
    *,
    now: datetime,
) -> datetime:
    """Return when she corrected it: like an answer, by the age that her device reports."""
    return answering_time.derive(
        device_answered_at=proposal.said_at,
        age_s=sending.answer_age_s,
        earliest_at=case.response.received_at,
        known_offset_s=session.get_one(DeviceSession, actor.device_session_id).clock_offset_s,
        now=now,
    ).answered_at


def own_until(case: Corrected, catalogue: Catalogue) -> datetime:
    """Return until when the correction is hers alone: to the end of the window's late part."""
    if case.assessment is not None:
        return case.assessment.late_until
    schedule = catalogue.package(case.response.study_version_id).schedule
    return case.response.answered_at + timedelta(hours=schedule.report_correction_hours)


def store(
    session: Session,
    actor: Actor,
    case: Corrected,
    correction_id: UUID,
    proposal: Proposal,
    judgement: Judgement,
    *,
    said_at: datetime,
    now: datetime,
) -> Correction:
    answers = [answer.to_plain() for answer in judgement.answers]
    correction = Correction(
        id=correction_id,
        participant_id=case.participant.id,
        site_id=case.site.id,
        response_id=case.response.id,
        corrected_revision=case.response.revision,
        digest=correcting.digest_of(case.response, answers),
        answers=answers,
        reason=proposal.reason,
        source=proposal.source,
        said_at=said_at,
        said_words=proposal.said_words,
        asked_at=now,
        asked_by_id=actor.id if actor.kind is ActorKind.USER else None,
        delay_s=max(int((said_at - case.response.answered_at).total_seconds()), 0),
    )
    session.add(correction)
    session.flush()
    return correction


def screen_asked(
    session: Session,
    case: Corrected,
    correction: Correction,
    judgement: Judgement,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    correcting.screen(
        session, case, judgement, correction.digest,
        revision=correction.corrected_revision + 1, catalogue=catalogue, now=now,
    )  # fmt: skip

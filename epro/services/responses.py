"""Take in what participants answer: stored once, judged, never lost.

What is refused is kept byte for byte in quarantine, and the refusal is one that commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import (
    InvalidAnswers,
    NotFound,
    RecordedRefusal,
    RevisionConflict,
    UnknownAssessment,
    UnknownQuestionnaire,
)
from epro.models import (
    EntryMode,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    ScreeningSource,
)
from epro.services import (
    entry_modes,
    flag_notes,
    noticing,
    own_record,
    planning,
    quarantine,
    reminders,
    safety_questions,
    screening,
    studies,
)
from epro.services.deciding import decide, digest_of
from epro.services.held import (
    HeldAssessment,
    HeldParticipant,
    HeldSite,
    hold,
    hold_assessment,
    participant_and_site,
)
from epro.services.known import known_of
from epro.services.response_store import store_submission
from epro.services.screening import Look
from epro.services.submission import Case, Sending, Submission, Verdict, Whose
from questionnaires.catalogue import Catalogue
from questionnaires.validation import judge


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What the device is told; equal for every repeat of the same revision."""

    reply: Mapping[str, Any]
    is_new: bool


def submit(
    session: Session,
    actor: Actor,
    response_id: UUID,
    submission: Submission,
    sending: Sending,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> StoredResponse:
    """Store one revision of a response; sending the same body again is harmless.

    1. Lock the participant and her assessment: two devices take turns.
    2. Judge the answers, then look for the same revision: an equal one is answered as before.
    3. Judge the time: outside its window it is stored all the same; it only does not count.
    4. Store revision, response and journal together; screen the answers, stop what reminds of them.

    Raises UnknownAssessment, UnknownQuestionnaire, ModeNotAllowed, InvalidAnswers and
    RevisionConflict, all of them recorded: the body is kept in quarantine.
    """
    try:
        taken = _take(
            session, actor, Whose(actor.id), response_id, submission, sending,
            catalogue=catalogue, now=now,
        )  # fmt: skip
    except RecordedRefusal as refusal:
        quarantine.keep(session, actor, response_id, sending, refusal, catalogue=catalogue, now=now)
        raise
    return _finish(session, actor, taken, submission, catalogue=catalogue, now=now)


def enter(
    session: Session,
    actor: Actor,
    whose: Whose,
    response_id: UUID,
    submission: Submission,
    sending: Sending,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> StoredResponse:
    """Store what staff enter, as `submit` does: the caller has seen that the actor may.

    What is refused is not kept: whoever entered it has it before her. Raises what `submit` raises.
    """
    taken = _take(
        session, actor, whose, response_id, submission, sending, catalogue=catalogue, now=now
    )  # fmt: skip
    return _finish(session, actor, taken, submission, catalogue=catalogue, now=now)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of a revision; no `verdict` where it had been stored before."""

    case: Case
    verdict: Verdict | None
    reply: Mapping[str, Any]


def _take(
    session: Session,
    actor: Actor,
    whose: Whose,
    response_id: UUID,
    submission: Submission,
    sending: Sending,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> _Taken:
    case = _look_up(session, actor, whose, response_id, submission, catalogue=catalogue, now=now)
    judgement = judge(case.questionnaire, submission.answers, is_complete=submission.is_complete)
    digest = digest_of(submission, judgement)
    if earlier := _same_revision(session, case, submission, digest):
        return _Taken(case, None, earlier.reply)
    submission = replace(submission, mode=entry_modes.mode_of(actor, submission.mode))
    entry_modes.refuse_unallowed(case.package, submission.questionnaire_code, submission.mode)
    if judgement.problems:
        raise InvalidAnswers([_plain(problem) for problem in judgement.problems])
    verdict = decide(case, submission, sending, judgement=judgement, digest=digest, now=now)
    reply = store_submission(session, actor, case, submission, sending, verdict, now=now)
    if reply is None:
        raise RevisionConflict
    return _Taken(case, verdict, reply)


def _finish(
    session: Session,
    actor: Actor,
    taken: _Taken,
    submission: Submission,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> StoredResponse:
    case, question = taken.case, None
    if taken.verdict is None or _follow_up(
        session, actor, case, submission, taken.verdict, catalogue=catalogue, now=now
    ):
        question = _question_about(session, case, submission)
    is_new = taken.verdict is not None and case.response is None
    return StoredResponse({**taken.reply, "safety_question": question}, is_new=is_new)


def _follow_up(
    session: Session,
    actor: Actor,
    case: Case,
    submission: Submission,
    verdict: Verdict,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> bool:
    """Screen what was stored; when it answers an assessment, nobody needs reminding or calling.

    Tells whether it met any rule.
    """
    met = screening.screen(
        session,
        Look(
            participant=case.participant,
            site=case.site,
            anchors=case.known.anchors,
            package=case.package,
            study_version_id=case.study_version_id,
            source=ScreeningSource.RESPONSE,
            source_id=case.response_id,
            revision=submission.revision,
            body_sha256=verdict.digest,
            values=verdict.judgement.values,
            answered_at=verdict.answered_at,
            is_final=submission.status is not ResponseStatus.IN_PROGRESS,
            on=case.assessment.planned_on if case.assessment else None,
            advice_shown_at=submission.advice_shown_at,
            is_first=case.response is None,
            can_ask=entry_modes.mode_of(actor, submission.mode)
            is not EntryMode.PAPER_TRANSCRIPTION,
        ),
        now=now,
    )
    if verdict.counts and case.assessment is not None:
        if case.known.was_reminded:
            reminders.cancel_for(session, [case.assessment.id], reason="answered", now=now)
        noticing.ask_for_no_call(session, case.assessment, now=now)
        if case.known.was_missed:
            noticing.note_late_answer(session, case.assessment, now=now)
        planning.stop_at_enough(
            session, case.participant, case.assessment,
            package=case.package, catalogue=catalogue, now=now,
        )  # fmt: skip
    if submission.mistaken_at is not None:
        flag_notes.note_mistake(session, actor, case, submission, now=now)
    return bool(met)


def _question_about(
    session: Session, case: Case, submission: Submission
) -> Mapping[str, Any] | None:
    """Return what her phone is to ask because of her own words; equal for every repeat."""
    asked = safety_questions.about_revision(session, case.response_id, submission.revision)
    if asked is None:
        return None
    _participant, site = participant_and_site(session, case.participant)
    return safety_questions.for_phone(session, asked, site, case.package, submission.language)


def read_own(session: Session, actor: Actor, response_id: UUID) -> QuestionnaireResponse:
    """Return one of the participant's own responses; absent, another's, a rating: all NotFound."""
    response = session.get(QuestionnaireResponse, response_id)
    if response is None or response.participant_id != actor.id:
        raise NotFound
    if not own_record.is_hers(session, response):
        raise NotFound
    return response


def read_one(session: Session, actor: Actor, response_id: UUID) -> QuestionnaireResponse:
    """Return one response of the actor's sites; absent and out of reach look alike (NotFound)."""
    response = session.get(QuestionnaireResponse, response_id)
    if response is not None:
        participant = session.get_one(Participant, response.participant_id)
        if actor.may_at(Permission.READ_RESPONSE, participant.site_id):
            return response
    raise NotFound


def list_of(
    session: Session, actor: Actor, participant: Participant
) -> list[QuestionnaireResponse]:
    """Return a participant's responses by time of answering, for staff of her site."""
    if not actor.may_at(Permission.READ_RESPONSE, participant.site_id):
        raise NotFound
    return list(
        session.scalars(
            select(QuestionnaireResponse)
            .where(QuestionnaireResponse.participant_id == participant.id)
            .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
        )
    )


# --- one submission, step by step -----------------------------------------------------------------


def _look_up(
    session: Session,
    actor: Actor,
    whose: Whose,
    response_id: UUID,
    submission: Submission,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Case:
    participant, site, assessment = _lock(session, whose, submission)
    code = submission.questionnaire_code
    if assessment is not None:
        version_id = assessment.study_version_id
        is_asked = assessment.questionnaire_code == code
    else:
        today = now.astimezone(ZoneInfo(participant.zone)).date()
        version_id = studies.version_in_force(session, site, on=today)
        is_asked = code in catalogue.package(version_id).schedule.always_open
    if not is_asked:
        raise UnknownQuestionnaire
    # An older edition is taken too: her phone may have been offline when the new one came.
    try:
        questionnaire = catalogue.questionnaire(code, submission.questionnaire_version)
    except LookupError as error:
        raise UnknownQuestionnaire from error
    known = known_of(
        session, response_id, participant_id=participant.id,
        assessment_id=submission.assessment_id, device_session_id=actor.device_session_id,
    )  # fmt: skip
    return Case(
        response_id=response_id,
        participant=participant,
        site=site,
        assessment=assessment,
        response=_stored_before(session, response_id) if known.is_stored else None,
        known=known,
        study_version_id=version_id,
        package=catalogue.package(version_id),
        questionnaire=questionnaire,
    )


def _lock(
    session: Session, whose: Whose, submission: Submission
) -> tuple[HeldParticipant, HeldSite, HeldAssessment | None]:
    """Lock the participant, then her assessment: the order that re-planning and noticing keep."""
    participant, site = hold(session, whose.participant_id)
    if submission.assessment_id is None:
        return participant, site, None
    assessment = hold_assessment(
        session, submission.assessment_id,
        participant_id=participant.id, answered_by=whose.answered_by,
    )  # fmt: skip
    if assessment is None:
        raise UnknownAssessment
    return participant, site, assessment


def _stored_before(session: Session, response_id: UUID) -> QuestionnaireResponse:
    return session.get_one(QuestionnaireResponse, response_id, populate_existing=True)


def _same_revision(
    session: Session, case: Case, submission: Submission, digest: str
) -> StoredResponse | None:
    """Answer a repeat as the first time; refuse what could only overwrite something stored."""
    response = case.response
    if response is None:
        return None
    if (response.participant_id, response.assessment_id) != (
        case.participant.id,
        submission.assessment_id,
    ):
        raise RevisionConflict
    stored = session.scalars(
        select(ResponseRevision).where(
            ResponseRevision.response_id == response.id,
            ResponseRevision.revision == submission.revision,
        )
    ).first()
    if stored is not None and stored.digest == digest:
        return StoredResponse(stored.reply, is_new=False)
    if submission.revision <= response.revision or response.status is ResponseStatus.COMPLETED:
        raise RevisionConflict(
            details={"stored_revision": response.revision, "stored_status": response.status.value}
        )
    return None


def _plain(problem: Any) -> dict[str, str]:
    return {"place": problem.place, "code": problem.code, "message": problem.message}

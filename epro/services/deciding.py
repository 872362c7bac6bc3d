"""What is decided about one revision: when it was answered, whether it counts, its scores."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from epro.models import EntryMode, Timeliness
from epro.services import answering_time, planning
from epro.services.held import HeldParticipant
from epro.services.submission import Case, Sending, Submission, Verdict
from questionnaires.scoring import score
from questionnaires.validation import Judgement, cleared_by


def decide(
    case: Case,
    submission: Submission,
    sending: Sending,
    *,
    judgement: Judgement,
    digest: str,
    now: datetime,
) -> Verdict:
    """Decide when the answers were given, whether they count, and what follows from them."""
    participant, assessment = case.participant, case.assessment
    time = answering_time.derive(
        device_answered_at=submission.device_answered_at,
        age_s=sending.answer_age_s,
        earliest_at=_earliest_at(participant, submission),
        known_offset_s=case.known.clock_offset_s,
        now=now,
    )
    timeliness, received_late = Timeliness.UNSCHEDULED, False
    if assessment is not None:
        timeliness = answering_time.timeliness(assessment, time.answered_at)
        received_late = timeliness is not answering_time.timeliness(assessment, now)
    return Verdict(
        judgement=judgement,
        digest=digest,
        answered_at=time.answered_at,
        clock_offset_s=time.clock_offset_s,
        clock_unsure=time.clock_unsure,
        timeliness=timeliness,
        received_late=received_late,
        counts=(
            submission.is_complete
            and timeliness in {Timeliness.ON_TIME, Timeliness.LATE}
            and assessment is not None
            and assessment.cancelled_at is None
            and not assessment.not_offered
            and case.known.counting_id is None
        ),
        duplicate_of_id=case.known.counting_id,
        day_label=_day_label(case, time.answered_at),
        cleared=_cleared(case, submission, judgement),
        opened_at=_opened_at(submission, time),
        scores=_scores(case, submission, judgement),
    )


def _earliest_at(participant: HeldParticipant, submission: Submission) -> datetime:
    """Return since when she can have answered: on paper also before she had her app."""
    if submission.mode is EntryMode.PAPER_TRANSCRIPTION or participant.activated_at is None:
        return participant.enrolled_at
    return participant.activated_at


def _cleared(case: Case, submission: Submission, judgement: Judgement) -> tuple[str, ...]:
    """Name what was answered, by what the device says or an earlier revision, and is hidden now."""
    before = set(submission.cleared)
    if case.response is not None:
        before |= {answer["link_id"] for answer in case.response.answers}
        before |= set(case.response.cleared)
    return cleared_by(judgement, before)


def _opened_at(submission: Submission, time: answering_time.AnsweringTime) -> datetime | None:
    """Return when the form was opened, by the device's clock put right; never after answering."""
    if submission.device_opened_at is None:
        return None
    opened_at = submission.device_opened_at - timedelta(seconds=time.clock_offset_s)
    return min(opened_at, time.answered_at)


def _scores(case: Case, submission: Submission, judgement: Judgement) -> list[dict[str, Any]]:
    """Score a finished form; of an unfinished one nothing follows yet."""
    if not submission.is_complete:
        return []
    return [
        one.to_plain()
        for one in score(case.questionnaire, judgement.values, hidden=judgement.hidden)
    ]


def _day_label(case: Case, answered_at: datetime) -> str | None:
    """Return the study day as it stands now; it is frozen on the response."""
    hers, sites = ZoneInfo(case.participant.zone), ZoneInfo(case.site.zone)
    on = case.assessment.planned_on if case.assessment else answered_at.astimezone(hers).date()
    return planning.day_label_on(case.known.anchors, on, zone=sites, package=case.package)


def digest_of(submission: Submission, judgement: Judgement) -> str:
    """Return what a repeat is recognised by; how and when it was sent plays no part in it."""
    answers: list[Any] = (
        submission.answers
        if judgement.problems
        else [answer.to_plain() for answer in judgement.answers]
    )
    compared = {
        "assessment": str(submission.assessment_id),
        "questionnaire": [submission.questionnaire_code, submission.questionnaire_version],
        "revision": submission.revision,
        "status": submission.status.value,
        "answered_at": submission.device_answered_at.astimezone(UTC).isoformat(),
        "answers": answers,
    }
    return hashlib.sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()

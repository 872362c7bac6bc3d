"""All writes of one submission, from plain values, after every decision is made.

Core statements: this is the one path where the ORM's unit of work was measured to be the largest
cost, three times that of the statements themselves.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.db import table_of
from epro.kept import KeptInsert, KeptStatement, insert_unless_there
from epro.models import (
    Assessment,
    DeviceSession,
    EntryMode,
    QuestionnaireResponse,
    ResponseRevision,
    SourceCheck,
)
from epro.services import assessment_work, journal
from epro.services.held import HeldAssessment
from epro.services.journal import Subject
from epro.services.submission import Case, Sending, Submission, Verdict

NOTED_FROM_S = 1.0
_REVISION, _DEVICE, _ASSESSMENT = (
    table_of(one) for one in (ResponseRevision, DeviceSession, Assessment)
)
ADD_RESPONSE = insert_unless_there(QuestionnaireResponse)
ADD_REVISION = KeptInsert(_REVISION)
NOTE_OFFSET = KeptStatement(
    update(_DEVICE)
    .where(_DEVICE.c.id == bindparam("device"))
    .values(clock_offset_s=bindparam("offset_s"))
)
# An answered assessment needs no reminder and no silence is left to notice.
COMPLETE = KeptStatement(
    update(_ASSESSMENT)
    .where(_ASSESSMENT.c.id == bindparam("assessment"))
    .values(
        completed_at=bindparam("at"), version=bindparam("next"),
        **dict.fromkeys(assessment_work.FOR_JOBS),
    )
)  # fmt: skip


def store_submission(
    session: Session,
    actor: Actor,
    case: Case,
    submission: Submission,
    sending: Sending,
    verdict: Verdict,
    *,
    now: datetime,
) -> dict[str, Any] | None:
    """Write response, revision, assessment and journal; return the reply for the device.

    Returns None, having written nothing, when the id belongs to a response that came into being
    meanwhile (only one made for another assessment can: the lock holds the rest).
    """
    values = _response_values(actor, case, submission, sending, verdict, now=now)
    if case.response is None:
        if not ADD_RESPONSE.rows(session, values):
            return None
    else:
        session.execute(
            update(table_of(QuestionnaireResponse))
            .where(table_of(QuestionnaireResponse).c.id == case.response_id)
            .values(**values)
        )
    reply = _reply(values)
    ADD_REVISION.run(
        session,
        {
            "response_id": case.response_id,
            "revision": submission.revision,
            "status": submission.status,
            "digest": verdict.digest,
            "answers": values["answers"],
            "cleared": values["cleared"],
            "scores": values["scores"],
            "answered_at": verdict.answered_at,
            "device_answered_at": submission.device_answered_at,
            "received_at": now,
            "reply": reply,
            "advice_shown_at": submission.advice_shown_at,
            "advice_acknowledged_at": submission.advice_acknowledged_at,
        },
    )
    if _has_moved(case.known.clock_offset_s, verdict.clock_offset_s):
        offset_s = verdict.clock_offset_s
        NOTE_OFFSET.run(session, {"device": actor.device_session_id, "offset_s": offset_s})
    entries = [_response_entry(actor, case, values, now=now)]
    if verdict.counts and case.assessment is not None:
        entries.append(_complete(session, actor, case, case.assessment, verdict, now=now))
    journal.record_all(session, entries)
    return reply


def _has_moved(known_offset_s: float | None, offset_s: float) -> bool:
    """Tell whether a device's clock stands otherwise than noted: by less, its way here varies."""
    return known_offset_s is None or abs(offset_s - known_offset_s) >= NOTED_FROM_S


def _response_values(
    actor: Actor,
    case: Case,
    submission: Submission,
    sending: Sending,
    verdict: Verdict,
    *,
    now: datetime,
) -> dict[str, Any]:
    is_paper = submission.mode is EntryMode.PAPER_TRANSCRIPTION
    local = verdict.answered_at.astimezone(ZoneInfo(case.participant.zone))
    offset = local.utcoffset() or timedelta()
    return {
        "id": case.response_id,
        "participant_id": case.participant.id,
        "assessment_id": submission.assessment_id,
        "study_version_id": case.study_version_id,
        "questionnaire_code": submission.questionnaire_code,
        "questionnaire_version": submission.questionnaire_version,
        "revision": submission.revision,
        "version": case.response.version + 1 if case.response else 1,
        "status": submission.status,
        "language": submission.language,
        "completer": submission.completer,
        "mode": submission.mode,
        "answers": [answer.to_plain() for answer in verdict.judgement.answers],
        "hidden": list(verdict.judgement.hidden),
        "not_reached": list(verdict.judgement.not_reached),
        "cleared": list(verdict.cleared),
        "scores": verdict.scores,
        "last_entry_on": submission.last_entry_on,
        "opened_at": verdict.opened_at,
        "answered_at": verdict.answered_at,
        "utc_offset_minutes": int(offset.total_seconds() // 60),
        "zone": case.participant.zone,
        "clock_unsure": verdict.clock_unsure,
        "received_at": now,
        "received_late": verdict.received_late,
        "timeliness": verdict.timeliness,
        "counts": verdict.counts,
        "duplicate_of_id": verdict.duplicate_of_id,
        "day_label": verdict.day_label,
        "device_session_id": actor.device_session_id,
        "app_version": sending.app_version,
        "device_class": sending.device_class,
        "source_check": SourceCheck.NOT_CHECKED if is_paper else None,
    }


REPLY_FIELDS = (
    "id", "revision", "status", "assessment_id", "timeliness", "received_late", "counts",
    "duplicate_of_id", "day_label", "answered_at", "received_at", "clock_unsure", "hidden",
    "not_reached",
)  # fmt: skip


def _reply(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the device is told: where its record is and how it stands, never an answer."""
    reply: dict[str, Any] = journal.plain({name: values[name] for name in REPLY_FIELDS})
    return reply


def _response_entry(
    actor: Actor, case: Case, values: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    zone = ZoneInfo(case.participant.zone)
    return journal.entry(
        actor,
        f"response.{values['status']}",
        Subject(
            entity_type="response",
            entity_id=str(case.response_id),
            version=values["version"],
            participant_code=case.participant.code,
            site_code=case.site.code,
            site_id=case.site.id,
        ),
        after=values,
        before=_changed(case, values),
        occurred_at=values["answered_at"].astimezone(zone),
        now=now,
    )


def _changed(case: Case, values: dict[str, Any]) -> dict[str, Any]:
    """Return the old values of what this revision changed."""
    if case.response is None:
        return {}
    old = {name: getattr(case.response, name) for name in values if name != "version"}
    return {name: value for name, value in old.items() if value != values[name]}


def _complete(
    session: Session,
    actor: Actor,
    case: Case,
    assessment: HeldAssessment,
    verdict: Verdict,
    *,
    now: datetime,
) -> dict[str, Any]:
    before = {"completed_at": assessment.completed_at}
    values = {"completed_at": verdict.answered_at, "version": assessment.version + 1}
    COMPLETE.run(
        session,
        {"assessment": assessment.id, "at": values["completed_at"], "next": values["version"]},
    )
    after = assessment_work.facts_of(assessment) | values
    return journal.entry(
        actor,
        "assessment.completed",
        assessment_work.assessment_subject(after, case.participant, case.site),
        after=after,
        before=before,
        occurred_at=verdict.answered_at.astimezone(ZoneInfo(case.participant.zone)),
        now=now,
    )

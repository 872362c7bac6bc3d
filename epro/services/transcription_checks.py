"""A second person compares what was typed with the sheet; a difference is put right, and compared.

Nobody compares what she has typed herself. Putting right changes the copy so that it says what the
sheet says, which is the participant's own word; so it needs no other word of hers. It is a
correction all the same: the first typing stays, with who, when and why, and is screened anew.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import InvalidAnswers, NotFound, ReasonRequired
from epro.errors_of_record import (
    AlreadyDecided,
    CorrectionOutdated,
    NothingCorrected,
    SecondPersonNeeded,
)
from epro.models import (
    CorrectionSource,
    ResponseStatus,
    SourceCheck,
    Transcription,
    WorkKind,
)
from epro.services import (
    correcting,
    corrections,
    journal,
    record_locks,
    transcriptions,
    work_list,
)
from epro.services import correction_asking as asking
from epro.services.correcting import Corrected
from epro.services.correction_asking import Proposal
from questionnaires.catalogue import Catalogue
from questionnaires.validation import Judgement, judge


def check(
    session: Session,
    actor: Actor,
    response_id: UUID,
    *,
    revision: int,
    is_equal: bool,
    differences: str,
    catalogue: Catalogue,
    now: datetime,
) -> Transcription:
    """Note that a second person has compared the sheet with this revision, and what she found.

    The same finding by the same person again is harmless. Raises NotFound, SecondPersonNeeded for
    whoever typed any of it, ReasonRequired for differences that are not named, CorrectionOutdated
    where it has been typed anew since, and AlreadyDecided.
    """
    case, sheet = _lock(session, actor, response_id, Permission.CHECK_TRANSCRIPTION, catalogue)
    if actor.id in transcriptions.typists_of(session, sheet):
        raise SecondPersonNeeded
    if sheet.revision != revision:
        raise CorrectionOutdated(details={"revision": sheet.revision})
    named = "" if is_equal else differences.strip()
    if not is_equal and not named:
        raise ReasonRequired(details={"place": "differences"})
    if sheet.checked_at is not None:
        if (sheet.checked_by_id, sheet.differences or "") == (actor.id, named):
            return sheet
        raise AlreadyDecided(details={"state": case.response.source_check})
    found = SourceCheck.DIFFERS
    if is_equal:
        was_corrected = sheet.revision > 1
        found = SourceCheck.EQUAL_AFTER_CORRECTION if was_corrected else SourceCheck.EQUAL
    sheet.checked_at, sheet.checked_by_id, sheet.differences = now, actor.id, named or None
    sheet.version += 1
    _note_on_response(session, actor, case, found, now=now)
    verb = "transcription.confirmed" if is_equal else "transcription.returned"
    transcriptions.put_on_record(
        session, actor, verb, sheet, reason=sheet.differences,
        before={"checked_at": None}, now=now,
    )  # fmt: skip
    work_list.settle(
        session, actor, WorkKind.CHECK_TRANSCRIPTION, about=transcriptions.about_sheet(sheet),
        now=now,
    )  # fmt: skip
    if not is_equal:
        _ask_for(session, actor, WorkKind.TRANSCRIPTION_DIFFERS, case, sheet, now=now)
    return sheet


def put_right(
    session: Session,
    actor: Actor,
    response_id: UUID,
    *,
    revision: int,
    answers: list[Any],
    reason: str,
    catalogue: Catalogue,
    now: datetime,
) -> Transcription:
    """Type what the sheet really says, with the reason, as the next revision; ask for a new look.

    `revision` is the response as it stands: a correction may have come after the typing. Where that
    says by now what the sheet says, no further revision is made, and the one that stands is
    compared. A sheet that left questions blank stays incomplete. Raises NotFound, AlreadyDecided
    once it was found equal (then a change takes the usual way), SecondPersonNeeded for whoever
    found the difference and so has to look again, CorrectionOutdated, ReasonRequired,
    InvalidAnswers, NothingCorrected and RecordLocked.
    """
    case, sheet = _lock(session, actor, response_id, Permission.ANSWER_ON_BEHALF, catalogue)
    record_locks.refuse_locked(session, case.participant.id)
    response = case.response
    if response.source_check is None or not response.source_check.is_waiting:
        raise AlreadyDecided(details={"state": response.source_check})
    if sheet.checked_by_id == actor.id:
        raise SecondPersonNeeded
    if revision != response.revision:
        raise CorrectionOutdated(details={"revision": response.revision})
    if not reason.strip():
        raise ReasonRequired(details={"place": "reason"})
    before = {"revision": sheet.revision, "checked_at": sheet.checked_at,
              "differences": sheet.differences}  # fmt: skip
    judgement = _judged(case, answers)
    if [one.to_plain() for one in judgement.answers] != response.answers:
        _correct(session, actor, case, sheet, judgement, reason, catalogue=catalogue, now=now)
    elif sheet.revision != response.revision:
        _note_on_response(session, actor, case, SourceCheck.NOT_CHECKED, now=now)
    else:
        raise NothingCorrected
    sheet.revision, sheet.version = response.revision, sheet.version + 1
    sheet.checked_at = sheet.checked_by_id = sheet.differences = None
    session.flush()
    transcriptions.put_on_record(
        session, actor, "transcription.put_right", sheet, reason=reason.strip(), before=before,
        now=now,
    )  # fmt: skip
    for kind in (WorkKind.TRANSCRIPTION_DIFFERS, WorkKind.CHECK_TRANSCRIPTION):
        work_list.settle(session, actor, kind, about=transcriptions.about_sheet(sheet), now=now)
    _ask_for(session, actor, WorkKind.CHECK_TRANSCRIPTION, case, sheet, now=now)
    return sheet


def _correct(
    session: Session,
    actor: Actor,
    case: Corrected,
    sheet: Transcription,
    judgement: Judgement,
    reason: str,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    response = case.response
    proposal = Proposal(
        questionnaire_code=response.questionnaire_code,
        questionnaire_version=response.questionnaire_version,
        corrected_revision=response.revision,
        answers=[one.to_plain() for one in judgement.answers],
        reason=reason.strip(),
        source=CorrectionSource.PAPER_CHECK,
        said_at=sheet.written_at,
        said_words=sheet.differences,
    )
    correction = asking.store(
        session, actor, case, uuid4(), proposal, judgement, said_at=sheet.written_at, now=now
    )
    correcting.apply(
        session, actor, case, correction, judgement,
        also={"source_check": SourceCheck.NOT_CHECKED}, catalogue=catalogue, now=now,
    )  # fmt: skip
    corrections.put_on_record(session, actor, case, "correction.copied", correction, now=now)


def _lock(
    session: Session,
    actor: Actor,
    response_id: UUID,
    permission: Permission,
    catalogue: Catalogue,
) -> tuple[Corrected, Transcription]:
    case = asking.lock(session, response_id, catalogue=catalogue)
    sheet = session.get(Transcription, response_id, populate_existing=True)
    if case is None or sheet is None or not actor.may_at(permission, case.site.id):
        raise NotFound
    return case, sheet


def _judged(case: Corrected, answers: list[Any]) -> Judgement:
    is_complete = case.response.status is ResponseStatus.COMPLETED
    judgement = judge(case.questionnaire, answers, is_complete=is_complete)
    if judgement.problems:
        raise InvalidAnswers(
            [{"place": one.place, "code": one.code, "message": one.message}
             for one in judgement.problems]
        )  # fmt: skip
    return judgement


def _note_on_response(
    session: Session, actor: Actor, case: Corrected, found: SourceCheck, *, now: datetime
) -> None:
    """Let the response say how it compares: a further version, so that it reaches the feed."""
    response = case.response
    before = {"source_check": response.source_check}
    response.source_check = found
    response.version += 1
    session.flush()
    journal.record(
        session, actor, "response.compared", case.subject(),
        after={column.key: getattr(response, column.key) for column in response.__table__.columns},
        before=before, occurred_at=response.answered_at.astimezone(ZoneInfo(response.zone)),
        now=now,
    )  # fmt: skip


def _ask_for(
    session: Session,
    actor: Actor,
    kind: WorkKind,
    case: Corrected,
    sheet: Transcription,
    *,
    now: datetime,
) -> None:
    work_list.add(
        session, actor, kind, about=transcriptions.about(sheet), site_id=case.site.id,
        participant_id=case.participant.id, now=now,
    )  # fmt: skip

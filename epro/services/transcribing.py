"""A sheet of paper is typed in: stored and screened at once, and compared by a second person later.

What she wrote is her answer from the hour that stands on the sheet. Danger in it is looked for when
it is typed, never when it is compared (`transcription_checks.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.errors import InvalidInput, NotFound, RevisionConflict
from epro.models import (
    Assessment,
    Completer,
    DeviceClass,
    EntryMode,
    Participant,
    QuestionnaireResponse,
    ResponseStatus,
    Site,
    Transcription,
    WorkKind,
)
from epro.services import diary, entry_modes, forms, planning, responses, transcriptions, work_list
from epro.services.submission import Sending, Submission, Whose
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language, Questionnaire, Translated
from questionnaires.recalls import filled
from questionnaires.schedule import AnsweredBy
from questionnaires.validation import judge

PAPER = EntryMode.PAPER_TRANSCRIPTION
MOST_FORMS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Typeable:
    """A form that a sheet may hold answers to; one that is always open has no assessment."""

    assessment: Assessment | None
    questionnaire: Questionnaire
    title: Translated


@dataclass(frozen=True, slots=True)
class TypeablePage:
    """One page of what can be typed in, and how many pages there are."""

    forms: Sequence[Typeable]
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands on the sheet, and what the person who types it says about it.

    `written_at` is the date and time that the sheet states, as an instant. With `leaves_blank` the
    sheet has no answer to questions that the form asks for: it is kept as incomplete.
    """

    assessment_id: UUID | None
    questionnaire_code: str
    questionnaire_version: str
    language: Language
    completer: Completer
    written_at: datetime
    reason: str
    source_reference: str
    answers: Sequence[Any]
    leaves_blank: bool = False


def typeable(
    session: Session,
    participant: Participant,
    *,
    page: int = 1,
    catalogue: Catalogue,
    now: datetime,
) -> TypeablePage:
    """Return the forms that a sheet of hers may hold, the newest first: none that has an answer.

    Forms that are always open stand on every page. Raises NoActiveStudyVersion.
    """
    waiting = (*_hers(participant, now=now), Assessment.completed_at.is_(None))
    total = session.scalar(select(func.count(Assessment.id)).where(*waiting)) or 0
    rows = session.scalars(
        select(Assessment)
        .where(*waiting)
        .order_by(Assessment.opens_at.desc(), Assessment.family, Assessment.id)
        .limit(MOST_FORMS)
        .offset((page - 1) * MOST_FORMS)
    )
    planned = [one for row in rows if (one := _planned(row, catalogue)) is not None]
    always = _always_open(session, participant, catalogue=catalogue, now=now)
    return TypeablePage(forms=[*planned, *always], pages=ceil(total / MOST_FORMS))


def form_of(
    session: Session,
    participant: Participant,
    *,
    assessment_id: UUID | None,
    code: str | None,
    may_be_answered: bool = False,
    catalogue: Catalogue,
    now: datetime,
) -> Typeable:
    """Return one of them with the day of her last entry named in it. Raises NotFound.

    With `may_be_answered` also an assessment that has an answer: the form may be sent again.
    """
    one: Typeable | None
    if assessment_id is None:
        always = _always_open(session, participant, catalogue=catalogue, now=now)
        one = next((form for form in always if form.questionnaire.code == code), None)
    else:
        row = session.scalars(
            select(Assessment).where(*_hers(participant, now=now), Assessment.id == assessment_id)
        ).first()
        is_open = row is not None and (may_be_answered or row.completed_at is None)
        one = _planned(row, catalogue) if row is not None and is_open else None
    if one is None:
        raise NotFound
    until = min(one.assessment.closes_at, now) if one.assessment else now
    named = forms.last_entry_on(
        session, participant, one.questionnaire, catalogue=catalogue, before=until
    )
    return Typeable(
        assessment=one.assessment, questionnaire=filled(one.questionnaire, named), title=one.title
    )


def _hers(participant: Participant, *, now: datetime) -> Sequence[ColumnElement[bool]]:
    return (
        Assessment.participant_id == participant.id,
        Assessment.answered_by == AnsweredBy.PARTICIPANT,
        Assessment.opens_at <= now,
        Assessment.cancelled_at.is_(None),
    )


def _planned(row: Assessment, catalogue: Catalogue) -> Typeable | None:
    """Return a form that is due as it is typed in; None where the study does not take it so."""
    package = catalogue.package(row.study_version_id)
    if not entry_modes.is_allowed(package, row.questionnaire_code, PAPER):
        return None
    questionnaire = catalogue.questionnaire(row.questionnaire_code, row.questionnaire_version)
    return Typeable(
        assessment=row, questionnaire=questionnaire, title=diary.title_of(package, row)
    )  # fmt: skip


def _always_open(
    session: Session, participant: Participant, *, catalogue: Catalogue, now: datetime
) -> Sequence[Typeable]:
    package = diary.package_of(session, participant, catalogue=catalogue, now=now)
    return [
        Typeable(assessment=None, questionnaire=one, title=one.title)
        for one in package.questionnaires
        if one.code in package.schedule.always_open
        and participant.may_report
        and entry_modes.is_allowed(package, one.code, PAPER)
    ]


def enter(
    session: Session,
    actor: Actor,
    participant: Participant,
    response_id: UUID,
    sheet: Sheet,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> Transcription:
    """Store what a sheet says and screen it now; ask for somebody else to compare it.

    The caller has found the participant among those for whom the actor may answer, and makes the
    id, so that the same sheet again is harmless. Raises InvalidInput for an hour that cannot be,
    or where why and where are missing; RevisionConflict for another sheet, or another word about
    it, under an id that has one; ModeNotAllowed, and what `responses.enter` raises.
    """
    locked = planning.lock_participant(session, participant.id)
    _refuse_impossible(locked, sheet, now=now)
    earlier = session.get(Transcription, response_id)
    if earlier is not None and (earlier.participant_id, earlier.entered_by_id) != (
        locked.id,
        actor.id,
    ):
        raise RevisionConflict
    responses.enter(
        session, actor, Whose(locked.id), response_id, _submission(sheet, catalogue),
        Sending(
            answer_age_s=(now - sheet.written_at).total_seconds(), app_version="console", body=b"",
            device_class=DeviceClass.COMPUTER,
        ),
        catalogue=catalogue, now=now,
    )  # fmt: skip
    if earlier is not None:
        return _same_sheet(session, earlier, sheet)
    made = Transcription(
        response_id=response_id,
        participant_id=locked.id,
        site_id=locked.site_id,
        version=1,
        revision=1,
        written_at=sheet.written_at,
        zone=locked.zone,
        reason=sheet.reason.strip(),
        source_reference=sheet.source_reference.strip(),
        entered_at=now,
        entered_by_id=actor.id,
    )
    session.add(made)
    session.flush()
    site = session.get_one(Site, locked.site_id)
    transcriptions.put_on_record(
        session, actor, "transcription.entered", made, reason=made.reason, now=now
    )
    work_list.add(
        session, actor, WorkKind.CHECK_TRANSCRIPTION, about=transcriptions.about(made),
        site_id=site.id, participant_id=locked.id, now=now,
    )  # fmt: skip
    return made


def _same_sheet(session: Session, earlier: Transcription, sheet: Sheet) -> Transcription:
    """Return what is stored if it says just this: nothing that was changed may look as if saved."""
    response = session.get_one(QuestionnaireResponse, earlier.response_id)
    stored = (
        earlier.written_at, earlier.reason, earlier.source_reference, response.completer,
        response.language,
    )  # fmt: skip
    if stored != (
        sheet.written_at, sheet.reason.strip(), sheet.source_reference.strip(), sheet.completer,
        sheet.language,
    ):  # fmt: skip
        raise RevisionConflict
    return earlier


def _refuse_impossible(participant: Participant, sheet: Sheet, *, now: datetime) -> None:
    problems = []
    if sheet.written_at > now:
        problems.append({"place": "written_at", "message": "This lies in the future."})
    if sheet.written_at < participant.enrolled_at:
        problems.append({"place": "written_at", "message": "This is before she was enrolled."})
    problems += [
        {"place": place, "message": "Something is needed here."}
        for place in ("reason", "source_reference")
        if not getattr(sheet, place).strip()
    ]
    if problems:
        raise InvalidInput(details={"problems": problems})


def _submission(sheet: Sheet, catalogue: Catalogue) -> Submission:
    return Submission(
        assessment_id=sheet.assessment_id,
        questionnaire_code=sheet.questionnaire_code,
        questionnaire_version=sheet.questionnaire_version,
        revision=1,
        status=ResponseStatus.INCOMPLETE
        if _has_blanks(sheet, catalogue)
        else ResponseStatus.COMPLETED,
        language=sheet.language,
        completer=sheet.completer,
        mode=PAPER,
        device_answered_at=sheet.written_at,
        answers=list(sheet.answers),
    )


def _has_blanks(sheet: Sheet, catalogue: Catalogue) -> bool:
    """Tell whether questions are blank as the typist says; what she does not say is a mistake."""
    if not sheet.leaves_blank:
        return False
    try:
        form = catalogue.questionnaire(sheet.questionnaire_code, sheet.questionnaire_version)
    except LookupError:
        return False  # refused as unknown further on
    found = judge(form, list(sheet.answers), is_complete=True).problems
    return any(one.code == "missing_answer" for one in found)

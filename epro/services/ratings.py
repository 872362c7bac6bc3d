"""Ratings at the visit, by an assessor who sees nothing else of a participant (P-06).

What is listed tells neither infusions nor diaries nor events; only who is to be rated, by when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotFound
from epro.errors_of_record import RatingNotOpen
from epro.models import (
    Assessment,
    Completer,
    DeviceClass,
    EntryMode,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    ResponseStatus,
    Site,
    WorkKind,
)
from epro.services import planning, record_locks, responses, work_list
from epro.services.paging import Paged, Wanted, by_column, read_page
from epro.services.submission import Sending, Submission, Whose
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language, Questionnaire, Translated
from questionnaires.schedule import AnsweredBy


class Column(StrEnum):
    """What the list can be sorted by; without any what can be rated comes first."""

    PARTICIPANT = "participant"
    FORM = "form"
    UNTIL = "until"


ORDERS: Mapping[Column, Any] = {
    Column.PARTICIPANT: Participant.code,
    Column.FORM: Assessment.questionnaire_code,
    Column.UNTIL: Assessment.late_until,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One rating that can be entered; `done_at` says when it was."""

    assessment: Assessment
    participant: Participant
    site: Site
    title: Translated
    done_at: datetime | None


def list_due(
    session: Session, actor: Actor, wanted: Wanted[Column], *, catalogue: Catalogue, now: datetime
) -> Paged[Due]:
    """Return a page of what can be rated at the actor's sites, the first to close on top, and was.

    Unless another order is wanted, what was rated comes after all that can be.
    """
    query: Select[*tuple[Any, ...]] = (
        select(Assessment, Participant, Site)
        .join(Participant, Participant.id == Assessment.participant_id)
        .join(Site, Site.id == Participant.site_id)
        .where(
            Assessment.answered_by == AnsweredBy.OUTCOMES_ASSESSOR,
            Assessment.opens_at <= now,
            Assessment.cancelled_at.is_(None),
            Assessment.suspended_at.is_(None),
            Assessment.not_offered.is_(False),
            (Assessment.completed_at.is_not(None)) | (Assessment.late_until > now),
        )
    )
    if wanted.participant is not None:
        query = query.where(Participant.code == wanted.participant)
    if wanted.column is not None:
        query = by_column(query, ORDERS[wanted.column], is_descending=wanted.is_descending)
    query = query.order_by(
        Assessment.completed_at.is_not(None), Assessment.late_until, Participant.code, Assessment.id
    )
    site_ids = actor.sites_for(Permission.RATE_OUTCOME)
    if site_ids is not None:
        query = query.where(Participant.site_id.in_(site_ids))
    return read_page(session, query, wanted.page).each(
        lambda row: Due(
            assessment=row[0], participant=row[1], site=row[2],
            title=_questionnaire(row[0], catalogue).title, done_at=row[0].completed_at,
        )
    )  # fmt: skip


def form_of(
    session: Session, actor: Actor, assessment_id: UUID, *, catalogue: Catalogue
) -> tuple[Assessment, Participant, Site, Questionnaire]:
    """Return a rating with its form. Raises NotFound for one out of reach."""
    row = session.get(Assessment, assessment_id)
    if row is None or row.answered_by is not AnsweredBy.OUTCOMES_ASSESSOR or row.cancelled_at:
        raise NotFound
    who = session.get_one(Participant, row.participant_id)
    if not actor.may_at(Permission.RATE_OUTCOME, who.site_id):
        raise NotFound
    return row, who, session.get_one(Site, who.site_id), _questionnaire(row, catalogue)


def rate(
    session: Session,
    actor: Actor,
    assessment_id: UUID,
    answers: Sequence[dict[str, Any]],
    *,
    language: Language,
    catalogue: Catalogue,
    now: datetime,
) -> UUID:
    """Store a rating, once; return the response's id. The same again is harmless, also later.

    Raises NotFound, RatingNotOpen and RecordLocked, InvalidAnswers naming each item, and
    RevisionConflict where another rating of the same visit was entered.
    """
    row, who, _, questionnaire = form_of(session, actor, assessment_id, catalogue=catalogue)
    planning.lock_participant(session, who.id)
    response_id = uuid5(assessment_id, "rating")
    entered_at = session.scalar(
        select(ResponseRevision.device_answered_at).where(
            ResponseRevision.response_id == response_id, ResponseRevision.revision == 1
        )
    )
    if entered_at is None:
        record_locks.refuse_locked(session, who.id)
        if not is_open(row, now):
            raise RatingNotOpen(
                details={
                    "opens_at": row.opens_at.isoformat(), "late_until": row.late_until.isoformat()
                }
            )  # fmt: skip
    submission = Submission(
        assessment_id=assessment_id,
        questionnaire_code=questionnaire.code,
        questionnaire_version=questionnaire.version,
        revision=1,
        status=ResponseStatus.COMPLETED,
        language=language,
        completer=Completer.SELF,
        mode=EntryMode.PROVISIONED_DEVICE,
        device_answered_at=entered_at or now,
        answers=list(answers),
    )
    sending = Sending(
        answer_age_s=0.0, app_version="console", body=b"", device_class=DeviceClass.COMPUTER
    )
    responses.enter(
        session, actor, Whose(who.id, AnsweredBy.OUTCOMES_ASSESSOR), response_id, submission,
        sending, catalogue=catalogue, now=now,
    )  # fmt: skip
    work_list.settle(session, actor, WorkKind.RATING_DUE, about=f"assessment:{row.id}", now=now)
    return response_id


def is_open(row: Assessment, now: datetime) -> bool:
    """Tell whether a rating that is entered now counts for its visit."""
    is_wanted = row.suspended_at is None and not row.not_offered and row.cancelled_at is None
    return is_wanted and row.opens_at <= now < row.late_until


def own_answers(session: Session, assessment_id: UUID) -> QuestionnaireResponse | None:
    """Return what was rated; the caller has found the rating within the actor's sites."""
    return session.get(QuestionnaireResponse, uuid5(assessment_id, "rating"))


def _questionnaire(row: Assessment, catalogue: Catalogue) -> Questionnaire:
    return catalogue.questionnaire(row.questionnaire_code, row.questionnaire_version)

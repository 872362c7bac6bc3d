"""What was typed in from paper: who may see it, what stands of it, what is put on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotFound
from epro.models import (
    Correction,
    CorrectionSource,
    Participant,
    QuestionnaireResponse,
    ResponseRevision,
    Site,
    SourceCheck,
    Transcription,
    User,
)
from epro.services import journal
from epro.services.journal import Subject
from epro.services.paging import Paged, Wanted, by_column, read_page
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Questionnaire

WAITING = tuple(one for one in SourceCheck if one.is_waiting)


class Column(StrEnum):
    """What the list of sheets can be sorted by; without any the oldest come first."""

    PARTICIPANT = "participant"
    FORM = "form"
    WRITTEN = "written"
    STATE = "state"
    ENTERED = "entered"


ORDERS: Mapping[Column, Any] = {
    Column.PARTICIPANT: Participant.code,
    Column.FORM: QuestionnaireResponse.questionnaire_code,
    Column.WRITTEN: Transcription.written_at,
    Column.STATE: QuestionnaireResponse.source_check,
    Column.ENTERED: Transcription.entered_at,
}
TYPED_FIRST = (Transcription.entered_at, Transcription.response_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One sheet as people read it, by printed names.

    `typed` is the response as last typed from the sheet; a correction of hers may have come later.
    `typist_ids` are all who typed any of it: none of them compares it.
    """

    transcription: Transcription
    response: QuestionnaireResponse
    typed: ResponseRevision
    participant: Participant
    site: Site
    questionnaire: Questionnaire
    entered_by: User
    checked_by: User | None
    typist_ids: frozenset[UUID]

    @property
    def check(self) -> SourceCheck:
        return self.response.source_check or SourceCheck.NOT_CHECKED

    def may_check(self, actor: Actor) -> bool:
        """Tell whether the actor is a second person who may compare it now."""
        return (
            self.check is SourceCheck.NOT_CHECKED
            and actor.id not in self.typist_ids
            and actor.may_at(Permission.CHECK_TRANSCRIPTION, self.site.id)
        )

    def may_put_right(self, actor: Actor) -> bool:
        """Tell whether the actor may type it again: not who found the difference."""
        return (
            self.check.is_waiting
            and actor.id != self.transcription.checked_by_id
            and actor.may_at(Permission.ANSWER_ON_BEHALF, self.site.id)
        )


def read_one(session: Session, actor: Actor, response_id: UUID, *, catalogue: Catalogue) -> Shown:
    """Return one sheet of the actor's sites; absent and out of reach look alike (NotFound)."""
    query = _query().where(Transcription.response_id == response_id)
    row = session.execute(query).one_or_none()
    if row is None or not actor.may_at(Permission.READ_RESPONSE, row[0].site_id):
        raise NotFound
    return _shown(session, row, catalogue)


def list_of(
    session: Session, actor: Actor, participant: Participant, *, catalogue: Catalogue
) -> Sequence[Shown]:
    """Return a participant's sheets in the order they were typed, to staff of her site."""
    if not actor.may_at(Permission.READ_RESPONSE, participant.site_id):
        raise NotFound
    query = _query().where(Transcription.participant_id == participant.id)
    in_order = query.order_by(*TYPED_FIRST)
    return [_shown(session, row, catalogue) for row in session.execute(in_order)]


def list_waiting(
    session: Session, actor: Actor, wanted: Wanted[Column], *, catalogue: Catalogue
) -> Paged[Shown]:
    """Return a page of what nobody has found equal yet, at the actor's sites."""
    query = _query().where(QuestionnaireResponse.source_check.in_(WAITING))
    site_ids = actor.sites_for(Permission.READ_RESPONSE)
    if site_ids is not None:
        query = query.where(Transcription.site_id.in_(site_ids))
    if wanted.participant is not None:
        query = query.where(Participant.code == wanted.participant)
    if wanted.column is not None:
        query = by_column(query, ORDERS[wanted.column], is_descending=wanted.is_descending)
    in_order = query.order_by(*TYPED_FIRST)
    return read_page(session, in_order, wanted.page).each(
        lambda row: _shown(session, row, catalogue)
    )


def waiting_ids(session: Session, participant: Participant) -> Sequence[UUID]:
    """Return which of a participant's responses nobody has found equal to their sheet."""
    return session.scalars(
        select(QuestionnaireResponse.id)
        .where(
            QuestionnaireResponse.participant_id == participant.id,
            QuestionnaireResponse.source_check.in_(WAITING),
        )
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
    ).all()


def typists_of(session: Session, transcription: Transcription) -> frozenset[UUID]:
    """Return who has typed any of it: the sheet at first, or a correction after it."""
    corrected = session.scalars(
        select(Correction.asked_by_id).where(
            Correction.response_id == transcription.response_id,
            Correction.source == CorrectionSource.PAPER_CHECK,
        )
    )
    return frozenset({transcription.entered_by_id, *(one for one in corrected if one)})


def about(transcription: Transcription) -> str:
    """Return what a line of the work list names: this typing of this sheet."""
    return f"{about_sheet(transcription)}{transcription.revision}"


def about_sheet(transcription: Transcription) -> str:
    """Return how every line about this sheet begins."""
    return f"transcription:{transcription.response_id}:"


def facts_of(session: Session, transcription: Transcription) -> Mapping[str, Any]:
    """Return a sheet as plain values, as the journal keeps it: people by user name."""
    names = (
        "response_id", "revision", "written_at", "zone", "reason", "source_reference",
        "entered_at", "checked_at", "differences",
    )  # fmt: skip
    response = session.get_one(QuestionnaireResponse, transcription.response_id)
    people = {}
    for name in ("entered_by", "checked_by"):
        user_id = getattr(transcription, f"{name}_id")
        people[name] = session.get_one(User, user_id).username if user_id else None
    return {
        **{name: getattr(transcription, name) for name in names},
        **people,
        "source_check": response.source_check,
    }


def put_on_record(
    session: Session,
    actor: Actor,
    verb: str,
    transcription: Transcription,
    *,
    reason: str | None,
    before: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Put a sheet on record as it stands now."""
    participant = session.get_one(Participant, transcription.participant_id)
    site = session.get_one(Site, transcription.site_id)
    journal.record(
        session, actor, verb,
        Subject(
            entity_type="transcription", entity_id=str(transcription.response_id),
            version=transcription.version, participant_code=participant.code,
            site_code=site.code, site_id=site.id,
        ),
        after=facts_of(session, transcription), before=dict(before) if before else None,
        reason=reason, now=now,
    )  # fmt: skip


def _query() -> Select[*tuple[Any, ...]]:
    return (
        select(Transcription, QuestionnaireResponse, ResponseRevision, Participant, Site)
        .join(QuestionnaireResponse, QuestionnaireResponse.id == Transcription.response_id)
        .join(
            ResponseRevision,
            (ResponseRevision.response_id == Transcription.response_id)
            & (ResponseRevision.revision == Transcription.revision),
        )
        .join(Participant, Participant.id == Transcription.participant_id)
        .join(Site, Site.id == Transcription.site_id)
        .execution_options(populate_existing=True)
    )


def _shown(session: Session, row: Row[*tuple[Any, ...]], catalogue: Catalogue) -> Shown:
    sheet, response, typed, who, site = row
    return Shown(
        transcription=sheet, response=response, typed=typed, participant=who, site=site,
        questionnaire=catalogue.questionnaire(
            response.questionnaire_code, response.questionnaire_version
        ),
        entered_by=session.get_one(User, sheet.entered_by_id),
        checked_by=session.get(User, sheet.checked_by_id) if sheet.checked_by_id else None,
        typist_ids=typists_of(session, sheet),
    )  # fmt: skip

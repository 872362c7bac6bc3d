"""Requests to change data at the actor's sites, with what they would change, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from epro.access import Actor, Permission
from epro.errors import NotFound
from epro.models import Correction, CorrectionState, Participant, QuestionnaireResponse, Site
from epro.services import forms
from epro.services.paging import Paged, Wanted, by_column, read_page
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Language
from questionnaires.rendering import as_seen
from questionnaires.validation import Answer

PAGE = 25
OPEN = frozenset({CorrectionState.AWAITING_PARTICIPANT, CorrectionState.AWAITING_DECISION})


class Column(StrEnum):
    """What the list can be sorted by; without any by when they were asked for."""

    ASKED = "asked"
    PARTICIPANT = "participant"
    ANSWERED = "answered"


ORDERS: Mapping[Column, Any] = {
    Column.ASKED: Correction.asked_at,
    Column.PARTICIPANT: Participant.code,
    Column.ANSWERED: QuestionnaireResponse.answered_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedChange:
    """One request; `changes` are question, answer as it stands, answer as it should be."""

    correction: Correction
    response: QuestionnaireResponse
    participant: Participant
    site: Site
    title: str
    changes: Sequence[tuple[str, str, str]]


def list_page(
    session: Session,
    actor: Actor,
    wanted: Wanted[Column],
    *,
    only_open: bool,
    language: Language,
    catalogue: Catalogue,
) -> Paged[AskedChange]:
    """Return requests at the actor's sites: those that wait, the oldest first; or all, the newest.

    Unless another order is wanted.
    """
    query: Select[*tuple[Any, ...]] = (
        select(Correction, QuestionnaireResponse, Participant, Site)
        .join(QuestionnaireResponse, QuestionnaireResponse.id == Correction.response_id)
        .join(Participant, Participant.id == Correction.participant_id)
        .join(Site, Site.id == Correction.site_id)
    )
    if wanted.participant is not None:
        query = query.where(Participant.code == wanted.participant)
    if wanted.column is not None:
        query = by_column(query, ORDERS[wanted.column], is_descending=wanted.is_descending)
    waited_for = Correction.asked_at if only_open else Correction.asked_at.desc()
    query = query.order_by(waited_for, Correction.id)
    if only_open:
        query = query.where(
            Correction.applied_at.is_(None), Correction.decided_at.is_(None),
            Correction.refused_at.is_(None),
        )  # fmt: skip
    site_ids = actor.sites_for(Permission.READ_RESPONSE)
    if site_ids is not None:
        query = query.where(Correction.site_id.in_(site_ids))

    def shown(row: Row[*tuple[Any, ...]]) -> AskedChange:
        correction, response, who, site = row
        return AskedChange(
            correction=correction, response=response, participant=who, site=site,
            title=catalogue.questionnaire(
                response.questionnaire_code, response.questionnaire_version
            ).title.in_language(language),
            changes=_changes(session, correction, response, language, catalogue),
        )  # fmt: skip

    return read_page(session, query, wanted.page, size=PAGE).each(shown)


def zone_of(session: Session, correction_id: UUID) -> str:
    """Return the zone of the site that a request belongs to. Raises NotFound."""
    zone = session.scalar(
        select(Site.zone)
        .join(Correction, Correction.site_id == Site.id)
        .where(Correction.id == correction_id)
    )
    if zone is None:
        raise NotFound
    return zone


def _changes(
    session: Session,
    correction: Correction,
    response: QuestionnaireResponse,
    language: Language,
    catalogue: Catalogue,
) -> Sequence[tuple[str, str, str]]:
    asked = forms.as_asked(session, response, catalogue=catalogue)

    def said(answers: Sequence[Mapping[str, object]]) -> dict[str, tuple[str, str]]:
        seen = as_seen(
            asked, [Answer.from_plain(dict(one)) for one in answers], cleared=(),
            is_finished=True, language=language,
        )  # fmt: skip
        return {one.link_id: (one.question, one.answer or one.state_in_words) for one in seen}

    before, after = said(response.answers), said(correction.answers)
    return [
        (question, before.get(link_id, ("", "–"))[1], answer)
        for link_id, (question, answer) in after.items()
        if before.get(link_id, ("", "–"))[1] != answer
    ]

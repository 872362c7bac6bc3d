"""Whom an answer is about and what it answers: taken until the transaction ends, and read in part.

As rows, not as mapped objects: those cost several times as much to make, and of most answers
nothing else follows. What may follow asks for the object by its id.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, cast
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from epro.db import table_of
from epro.kept import KeptStatement
from epro.models import Assessment, Participant, Site
from questionnaires.definition import ThermometerRoute
from questionnaires.schedule import AnsweredBy


class HeldParticipant(Protocol):
    """What is known of whoever an answer is about."""

    @property
    def id(self) -> UUID: ...
    @property
    def code(self) -> str: ...
    @property
    def site_id(self) -> UUID: ...
    @property
    def zone(self) -> str: ...
    @property
    def thermometer_route(self) -> ThermometerRoute: ...
    @property
    def enrolled_at(self) -> datetime: ...
    @property
    def activated_at(self) -> datetime | None: ...


class HeldSite(Protocol):
    """What is known of her site."""

    @property
    def id(self) -> UUID: ...
    @property
    def code(self) -> str: ...
    @property
    def zone(self) -> str: ...


class HeldAssessment(Protocol):
    """What is known of the assessment that an answer is to; as a row, every column of it."""

    @property
    def id(self) -> UUID: ...
    @property
    def study_version_id(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def block(self) -> str: ...
    @property
    def questionnaire_code(self) -> str: ...
    @property
    def planned_on(self) -> date: ...
    @property
    def opens_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...
    @property
    def late_until(self) -> datetime: ...
    @property
    def not_offered(self) -> bool: ...
    @property
    def completed_at(self) -> datetime | None: ...
    @property
    def cancelled_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class _Site:
    id: UUID
    code: str
    zone: str


_PARTICIPANT, _SITE, _ASSESSMENT = (table_of(one) for one in (Participant, Site, Assessment))
# Without the key, as in `planning.lock_participant`.
WITH_SITE = KeptStatement(
    select(
        _PARTICIPANT.c.id, _PARTICIPANT.c.code, _PARTICIPANT.c.site_id, _PARTICIPANT.c.zone,
        _PARTICIPANT.c.thermometer_route, _PARTICIPANT.c.enrolled_at, _PARTICIPANT.c.activated_at,
        _SITE.c.code.label("site_code"), _SITE.c.zone.label("site_zone"),
    )
    .select_from(_PARTICIPANT.join(_SITE, _SITE.c.id == _PARTICIPANT.c.site_id))
    .where(_PARTICIPANT.c.id == bindparam("participant_id"))
    .with_for_update(key_share=True, of=_PARTICIPANT)
)  # fmt: skip
ASKED_OF_HER = KeptStatement(
    select(_ASSESSMENT)
    .where(
        _ASSESSMENT.c.id == bindparam("assessment_id"),
        _ASSESSMENT.c.participant_id == bindparam("participant_id"),
        _ASSESSMENT.c.answered_by == bindparam("answered_by"),
    )
    .with_for_update(key_share=True)
)


def hold(session: Session, participant_id: UUID | None) -> tuple[HeldParticipant, HeldSite]:
    """Take the participant's row until the transaction ends; return it with her site."""
    (row,) = WITH_SITE.rows(session, {"participant_id": participant_id})
    return cast("HeldParticipant", row), _Site(row.site_id, row.site_code, row.site_zone)


def hold_assessment(
    session: Session, assessment_id: UUID, *, participant_id: UUID, answered_by: AnsweredBy
) -> HeldAssessment | None:
    """Take her assessment's row until the transaction ends; None where she is asked no such."""
    found = ASKED_OF_HER.rows(
        session,
        {
            "assessment_id": assessment_id,
            "participant_id": participant_id,
            "answered_by": answered_by,
        },
    )
    return cast("HeldAssessment", found[0]) if found else None


def participant_and_site(
    session: Session, participant: HeldParticipant
) -> tuple[Participant, Site]:
    """Return both as mapped objects, as they stand now; the caller holds her row."""
    person = participant
    if not isinstance(person, Participant):
        person = session.get_one(Participant, participant.id, populate_existing=True)
    return person, session.get_one(Site, person.site_id)

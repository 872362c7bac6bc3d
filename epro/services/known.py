"""What is known of a submission once nobody else can write for her: all of it asked at once.

Each question is a round trip during which the participant stays locked, and costs more to ask than
to answer.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import Session

from epro.db import table_of
from epro.kept import KeptStatement
from epro.models import (
    Anchor,
    DeviceSession,
    QuestionnaireResponse,
    Reminder,
    Screening,
    ScreeningSource,
)
from questionnaires.schedule import Anchors

_RESPONSE, _DEVICE = table_of(QuestionnaireResponse), table_of(DeviceSession)
_REMINDER, _SCREENING = table_of(Reminder).c, table_of(Screening).c
_ANCHOR = table_of(Anchor)
_ANSWERING = _RESPONSE.alias("answering")
# Without an assessment nothing is found of one: no column equals NULL.
KNOWN = KeptStatement(
    select(
        _DEVICE.c.clock_offset_s,
        exists().where(_RESPONSE.c.id == bindparam("response_id")).label("is_stored"),
        select(_ANSWERING.c.id)
        .where(_ANSWERING.c.assessment_id == bindparam("assessment_id"), _ANSWERING.c.counts)
        .scalar_subquery()
        .label("counting_id"),
        exists()
        .where(
            _REMINDER.assessment_id == bindparam("assessment_id"),
            _REMINDER.message_id.is_not(None),
        )
        .label("was_reminded"),
        exists()
        .where(
            _SCREENING.source == ScreeningSource.SILENCE,
            _SCREENING.source_id == bindparam("silence_id"),
        )
        .label("was_missed"),
        _ANCHOR.c.event,
        _ANCHOR.c.occurred_at,
    )
    .select_from(
        _DEVICE.outerjoin(
            _ANCHOR,
            and_(
                _ANCHOR.c.participant_id == bindparam("participant_id"),
                _ANCHOR.c.superseded_at.is_(None),
            ),
        )
    )
    .where(_DEVICE.c.id == bindparam("device_session_id"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """How things stand while her row and her assessment's are held.

    `anchors` are those in force, as instants in UTC; `counting_id` is the response that the
    assessment is answered by. `clock_offset_s` is how far the device's clock ran ahead at its last
    sending, give or take a second. `was_reminded` says that a message reminds of the assessment, or
    did; `was_missed`, that silence about it was looked at and led to a flag.
    """

    is_stored: bool
    counting_id: UUID | None
    clock_offset_s: float | None
    anchors: Anchors
    was_reminded: bool
    was_missed: bool


def known_of(
    session: Session,
    response_id: UUID,
    *,
    participant_id: UUID,
    assessment_id: UUID | None,
    device_session_id: UUID | None,
) -> Known:
    """Return how things stand; the caller holds the participant and, if any, the assessment."""
    rows = KNOWN.rows(
        session,
        {
            "response_id": response_id,
            "participant_id": participant_id,
            "assessment_id": assessment_id,
            "silence_id": str(assessment_id),
            "device_session_id": device_session_id,
        },
    )
    one = rows[0]
    return Known(
        is_stored=one.is_stored,
        counting_id=one.counting_id,
        clock_offset_s=one.clock_offset_s,
        anchors={row.event: row.occurred_at for row in rows if row.event is not None},
        was_reminded=one.was_reminded,
        was_missed=one.was_missed,
    )

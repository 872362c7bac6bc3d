"""The small window of earlier entries that rules on trends look at, loaded in one query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from epro.db import table_of
from epro.kept import KeptStatement
from epro.models import Assessment, QuestionnaireResponse, ResponseStatus
from epro.services.held import HeldParticipant
from questionnaires.definition import StudyPackage
from questionnaires.rules import Surroundings, inputs_of
from questionnaires.trends import BASELINE_SPAN, History, PastEntry, days_looked_back

# An entry may be about the day before the one it was answered on, and zones differ by a day.
_MARGIN = timedelta(days=3)
_RESPONSE, _ASSESSMENT = table_of(QuestionnaireResponse), table_of(Assessment)
ENTRIES = KeptStatement(
    select(
        _RESPONSE.c.id, _RESPONSE.c.answered_at, _RESPONSE.c.answers, _RESPONSE.c.zone,
        _ASSESSMENT.c.planned_on,
    )
    .select_from(
        _RESPONSE.outerjoin(_ASSESSMENT, _ASSESSMENT.c.id == _RESPONSE.c.assessment_id)
    )
    .where(
        _RESPONSE.c.participant_id == bindparam("participant_id"),
        _RESPONSE.c.id != bindparam("response_id"),
        _RESPONSE.c.status == ResponseStatus.COMPLETED,
        or_(
            _RESPONSE.c.answered_at >= bindparam("first_at"),
            _RESPONSE.c.answered_at.between(bindparam("baseline_from"), bindparam("infused_at")),
        ),
    )
    .order_by(_RESPONSE.c.answered_at)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished response as it stands: the local day it is about, and what it says."""

    response_id: UUID
    answered_at: datetime
    on: date
    inputs: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What history is wanted for: an entry about the day `on`, itself left out.

    `infused_at` is the start of the first infusion as it stands on record, if any.
    """

    response_id: UUID
    on: date
    answered_at: datetime
    infused_at: datetime | None


def load(
    session: Session, participant: HeldParticipant, package: StudyPackage, beside: Beside
) -> History:
    """Return what is known beside an entry, from the responses as they stand now."""
    if not package.trends:
        return History(on=beside.on)
    first_at = beside.answered_at - timedelta(days=days_looked_back(package.trends)) - _MARGIN
    infused_at = beside.infused_at
    rows = ENTRIES.rows(
        session,
        {
            "participant_id": participant.id,
            "response_id": beside.response_id,
            "first_at": first_at,
            # As long as no infusion is on record there is no baseline: nothing lies between these.
            "baseline_from": infused_at - BASELINE_SPAN if infused_at else beside.answered_at,
            "infused_at": infused_at or first_at,
        },
    )
    entries = [
        entry_of(
            response_id, answered_at, answers, planned_on or day_of(answered_at, zone),
            participant, package,
        )
        for response_id, answered_at, answers, zone, planned_on in rows
    ]  # fmt: skip
    return history_of(entries, package, beside)


def entry_of(
    response_id: UUID,
    answered_at: datetime,
    answers: Sequence[dict[str, Any]],
    on: date,
    participant: HeldParticipant,
    package: StudyPackage,
) -> Entry:
    """Return a stored response as an entry with its derivations, about the local day `on`."""
    values = {one["link_id"]: one["value"] for one in answers if one.get("value") is not None}
    surroundings = Surroundings(
        answered_at=answered_at, thermometer_route=participant.thermometer_route
    )
    inputs = inputs_of(values, surroundings, default_route=package.thermometer_route)
    return Entry(response_id, answered_at, on, inputs)


def history_of(entries: Iterable[Entry], package: StudyPackage, beside: Beside) -> History:
    """Choose from entries what lies at baseline, and what on the days that trends look at."""
    others = [entry for entry in entries if entry.response_id != beside.response_id]
    first_on = beside.on - timedelta(days=days_looked_back(package.trends))
    infused_at = beside.infused_at
    baseline = [
        entry.inputs
        for entry in others
        if infused_at is not None
        and beside.answered_at >= infused_at
        and infused_at - BASELINE_SPAN <= entry.answered_at < infused_at
    ]
    recent = [
        PastEntry(entry.on, entry.inputs) for entry in others if first_on <= entry.on <= beside.on
    ]
    return History(on=beside.on, baseline=baseline, recent=recent)


def day_of(answered_at: datetime, zone: str) -> date:
    """Return the local day of an instant. `zone` is the one she was in then, not where she is now.

    What was due has its day from the plan; this is for what she may report at any time.
    """
    return answered_at.astimezone(ZoneInfo(zone)).date()

"""The course of a participant's scores: each value, its change from baseline, and who responded.

Worked out anew at each reading, never stored: it compares responses of which any may be corrected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Participant, QuestionnaireResponse, ResponseStatus, Site
from epro.services import planning
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Translated
from questionnaires.schedule import AnchorEvent
from questionnaires.scores import Response, Score
from questionnaires.scoring import change, responded


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value as it was stored; `beside` holds the answers that are shown with it."""

    response_id: UUID
    answered_at: datetime
    day_label: str | None
    version: str
    value: float | None
    reason: str | None
    missing: Sequence[str]
    change: float | None
    beside: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """Whether she responded, judged raw at one visit; None where one of both values is missing."""

    week: int
    points_down: float
    response_id: UUID | None
    is_responder: bool | None
    beside: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One score over time. The baseline is its last value before the first infusion visit."""

    questionnaire_code: str
    code: str
    title: Translated
    baseline_response_id: UUID | None
    baseline: float | None
    points: Sequence[Point]
    responder: Responder | None


@dataclass(frozen=True, slots=True)
class _Visit:
    response: QuestionnaireResponse
    on: date
    stored: Mapping[str, Any]


def of_participant(
    session: Session, participant: Participant, *, catalogue: Catalogue
) -> list[Course]:
    """Return the course of each score she has, those of a second response to one form left out."""
    zone = ZoneInfo(participant.zone)
    # Weeks count from the day that the infusion has where it took place, as in the plan.
    anchor_zone = ZoneInfo(session.get_one(Site, participant.site_id).zone)
    infusion_at = planning.standing_anchors(session, participant.id).get(AnchorEvent.INF1)
    visits: dict[tuple[str, str], list[_Visit]] = {}
    definitions: dict[tuple[str, str], Score] = {}
    for response in _scored(session, participant):
        questionnaire = catalogue.questionnaire(
            response.questionnaire_code, response.questionnaire_version
        )
        by_code = {one.code: one for one in questionnaire.scores}
        for stored in response.scores:
            key = (response.questionnaire_code, stored["code"])
            on = response.answered_at.astimezone(zone).date()
            visits.setdefault(key, []).append(_Visit(response, on, stored))
            definitions[key] = by_code[stored["code"]]  # the latest edition speaks
    return [
        _course(key[0], definitions[key], found, infusion_at, anchor_zone)
        for key, found in sorted(visits.items())
    ]


def _scored(session: Session, participant: Participant) -> Sequence[QuestionnaireResponse]:
    rows = session.scalars(
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.participant_id == participant.id,
            QuestionnaireResponse.status == ResponseStatus.COMPLETED,
            QuestionnaireResponse.duplicate_of_id.is_(None),
        )
        .order_by(QuestionnaireResponse.answered_at, QuestionnaireResponse.id)
    )
    return [row for row in rows if row.scores]


def _course(
    questionnaire_code: str,
    definition: Score,
    visits: Sequence[_Visit],
    infusion_at: datetime | None,
    zone: ZoneInfo,
) -> Course:
    base = _baseline(visits, infusion_at)
    asked = definition.response
    beside = asked.beside if asked else ()
    return Course(
        questionnaire_code=questionnaire_code,
        code=definition.code,
        title=definition.title,
        baseline_response_id=base.response.id if base else None,
        baseline=base.stored["value"] if base else None,
        points=[_point(one, base, definition, beside) for one in visits],
        responder=_responder(asked, visits, base, infusion_at, zone) if asked else None,
    )


def _baseline(visits: Sequence[_Visit], infusion_at: datetime | None) -> _Visit | None:
    before = [
        one
        for one in visits
        if one.stored["value"] is not None
        and infusion_at is not None
        and one.response.answered_at < infusion_at
    ]
    return before[-1] if before else None


def _point(visit: _Visit, base: _Visit | None, definition: Score, beside: Sequence[str]) -> Point:
    response, stored = visit.response, visit.stored
    is_later = base is not None and response.answered_at > base.response.answered_at
    return Point(
        response_id=response.id,
        answered_at=response.answered_at,
        day_label=response.day_label,
        version=stored["version"],
        value=stored["value"],
        reason=stored["reason"],
        missing=stored["missing"],
        change=_change(base, visit) if definition.change and is_later else None,
        beside=_answers(response, beside),
    )


def _change(base: _Visit | None, later: _Visit) -> float | None:
    """Return the change between two values of one version; other versions do not compare."""
    if base is None or base.stored["version"] != later.stored["version"]:
        return None
    return change(base.stored["value"], later.stored["value"])


def _responder(
    asked: Response,
    visits: Sequence[_Visit],
    base: _Visit | None,
    infusion_at: datetime | None,
    zone: ZoneInfo,
) -> Responder:
    visit = _visit_of_week(asked, visits, infusion_at, zone)
    is_responder = None
    if visit and base and base.stored["version"] == visit.stored["version"]:
        is_responder = responded(asked, base.stored["value"], visit.stored["value"])
    return Responder(
        week=asked.week,
        points_down=asked.points_down,
        response_id=visit.response.id if visit else None,
        is_responder=is_responder,
        beside=_answers(visit.response, asked.beside) if visit else {},
    )


def _visit_of_week(
    asked: Response, visits: Sequence[_Visit], infusion_at: datetime | None, zone: ZoneInfo
) -> _Visit | None:
    """Return the visit nearest to that week; of two equally near, the later one."""
    if infusion_at is None:
        return None
    first = infusion_at.astimezone(zone).date()
    near = [
        (abs((one.on - first).days - 7 * asked.week), -number, one)
        for number, one in enumerate(visits)
        if abs((one.on - first).days - 7 * asked.week) <= asked.within_days
    ]
    return min(near, key=lambda one: one[:2])[2] if near else None


def _answers(response: QuestionnaireResponse, link_ids: Sequence[str]) -> dict[str, Any]:
    """Return the values of these answers; None where one was declined or not given."""
    given = {answer["link_id"]: answer.get("value") for answer in response.answers}
    return {link_id: given.get(link_id) for link_id in link_ids}

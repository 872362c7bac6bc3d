"""How a participant's scales went over the last days: one value a day, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import Assessment, Participant, QuestionnaireResponse, ResponseStatus
from epro.services import history
from questionnaires.catalogue import Catalogue
from questionnaires.definition import Item, ItemType, Translated
from questionnaires.recalls import without_day

TEMPERATURE = "temp"
DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One item over the last days, the oldest day first; None where nothing was answered.

    `lowest` and `highest` are the ends of the axis, the same for everybody.
    """

    link_id: str
    title: Translated
    lowest: float
    highest: float
    values: tuple[float | None, ...]


def of_last_days(
    session: Session, participant: Participant, *, catalogue: Catalogue, until: datetime
) -> Sequence[Trend]:
    """Return scales and temperature of the seven local days that end with the day of `until`."""
    return of_days(session, participant, catalogue=catalogue, until=until, days=DAYS)


def of_days(
    session: Session,
    participant: Participant,
    *,
    catalogue: Catalogue,
    until: datetime,
    days: int,
) -> Sequence[Trend]:
    """Return scales and temperature of so many local days that end with the day of `until`.

    Where a day has several entries the highest value stands for it: a good evening must not hide
    a bad morning. A day is the one that an entry is about, as it is to the rules.
    """
    zone = ZoneInfo(participant.zone)
    last_on = until.astimezone(zone).date()
    shown = [last_on - timedelta(days=back) for back in range(days - 1, -1, -1)]
    responses = session.execute(
        select(QuestionnaireResponse, Assessment.planned_on)
        .outerjoin(Assessment, Assessment.id == QuestionnaireResponse.assessment_id)
        .where(
            QuestionnaireResponse.participant_id == participant.id,
            QuestionnaireResponse.status == ResponseStatus.COMPLETED,
            QuestionnaireResponse.answered_at <= until,
            QuestionnaireResponse.answered_at > until - timedelta(days=days + 1),
        )
        .order_by(QuestionnaireResponse.answered_at)
    ).all()
    items: dict[str, Item] = {}
    found: dict[str, dict[object, float]] = {}
    for response, planned_on in responses:
        questionnaire = catalogue.questionnaire(
            response.questionnaire_code, response.questionnaire_version
        )
        on = planned_on
        if response.assessment_id is None:
            on = history.day_of(response.answered_at, response.zone)
        if on < shown[0] or on > last_on:
            continue
        for answer in response.answers:
            item, value = questionnaire.item(answer["link_id"]), answer.get("value")
            if item is None or isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if item.type is ItemType.NRS or item.link_id == TEMPERATURE:
                items[item.link_id] = item
                of_item = found.setdefault(item.link_id, {})
                of_item[on] = max(of_item.get(on, value), value)
    return [
        Trend(
            link_id=link_id,
            title=without_day(item.text),
            lowest=0 if item.type is ItemType.NRS else 35,
            highest=10 if item.type is ItemType.NRS else 42,
            values=tuple(found[link_id].get(day) for day in shown),
        )
        for link_id, item in items.items()
    ]

"""Rules on trends look at her own earlier entries, as they stand when they are looked at."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.models import FlagTrigger, QuestionnaireResponse, ResponseStatus, Screening
from epro.services import personal_times, replaying, screening
from questionnaires.rules import met_rules
from questionnaires.schedule import AnchorEvent
from questionnaires.tiers import Tier
from tests.factories import shipped_package
from tests.services.given import Given, begin, local
from tests.services.line import INFUSED_AT, INFUSED_ON, Line, begin_line, flags_of

DAY = timedelta(days=1)
SHENZHEN, LONDON, NEW_YORK = "Asia/Shanghai", "Europe/London", "America/New_York"
WORSE = ("cough",)


@pytest.fixture
def line(session: Session) -> Line:
    return begin_line(session)


def evening(session: Session, line: Line, on: date, **but: Any) -> set[str]:
    """Answer the diary of a day that evening; return the rules that this one entry met."""
    line.answer(session, line.diary_on(session, on), now=local(on, 18), **but)
    query = select(Screening.rules_met).order_by(Screening.screened_at.desc()).limit(1)
    return set(session.scalars(query).one())


def infused_after_baseline(session: Session, *, usual_temp: float, usual_pain: int) -> Line:
    """Enrol somebody who keeps her diary for three evenings before she is infused."""
    given: Given = begin(session, package=shipped_package())
    given.record(session, AnchorEvent.INF1_PLANNED, INFUSED_AT, now=INFUSED_AT - 5 * DAY)
    line = Line(given=given, coordinator=given.actor, investigator=given.actor)
    for back in (3, 2, 1):
        evening(session, line, INFUSED_ON - back * DAY, temp=usual_temp, pain=usual_pain, fatigue=1)
    given.record(session, AnchorEvent.INF1, INFUSED_AT, now=INFUSED_AT)
    return line


@pytest.mark.req("A-03")
def test_the_third_day_worse_within_seven_is_a_trend(session: Session, line: Line) -> None:
    days = [INFUSED_ON + offset * DAY for offset in (3, 5, 9, 12)]

    met = [evening(session, line, on, other=WORSE) for on in days]

    assert ["R32" in rules for rules in met] == [False, False, True, False]
    assert [flag.tier for flag in flags_of(session)] == [Tier.YELLOW]


@pytest.mark.req("A-03")
def test_two_days_running_above_her_own_baseline_are_noticed_on_the_second(
    session: Session,
) -> None:
    line = infused_after_baseline(session, usual_temp=36.4, usual_pain=1)
    first = INFUSED_ON + 4 * DAY

    met = [
        evening(session, line, first + offset * DAY, temp=temp)
        for offset, temp in ((0, 37.0), (1, 37.0), (2, 36.9), (3, 37.0))
    ]

    assert ["R06b" in rules for rules in met] == [False, True, False, False]


@pytest.mark.req("A-03")
def test_a_severity_two_levels_above_baseline_is_a_trend(session: Session) -> None:
    line = infused_after_baseline(session, usual_temp=36.4, usual_pain=3)
    first = INFUSED_ON + 4 * DAY

    met = [evening(session, line, first + n * DAY, pain=pain) for n, pain in enumerate((6, 7))]

    assert ["R32" in rules for rules in met] == [False, True]


@pytest.mark.req("A-03")
def test_a_diary_filled_in_next_morning_is_about_its_own_day(session: Session, line: Line) -> None:
    on = INFUSED_ON + 4 * DAY
    for offset in (0, 1):
        evening(session, line, on + offset * DAY, other=WORSE)
    late = line.diary_on(session, on + 2 * DAY)

    line.answer(session, late, now=local(on + 3 * DAY, 9), other=WORSE)

    newest = session.scalars(select(Screening).order_by(Screening.screened_at.desc())).first()
    assert newest is not None
    assert newest.inputs["worse_days_in_7"] == 3


def there(zone: str, on: date, hour: int) -> datetime:
    return datetime(on.year, on.month, on.day, hour, tzinfo=ZoneInfo(zone))


def land_in(session: Session, line: Line, zone: str, at: datetime) -> None:
    personal_times.move_to_zone(
        session, line.given.actor, line.given.participant, zone,
        reason=None, catalogue=line.given.catalogue, now=at,
    )  # fmt: skip


def inputs(session: Session) -> dict[str, Any]:
    """Return what the newest screening looked at."""
    newest = select(Screening).order_by(Screening.screened_at.desc()).limit(1)
    return session.scalars(newest).one().inputs


@pytest.mark.req("A-03", "S-03")
@pytest.mark.parametrize("zone", [LONDON, NEW_YORK])
def test_on_a_journey_each_diary_counts_for_the_day_it_was_planned_for(
    session: Session, zone: str
) -> None:
    line = infused_after_baseline(session, usual_temp=36.4, usual_pain=1)
    first = INFUSED_ON + 4 * DAY
    evening(session, line, first, temp=37.0, other=WORSE)
    land_in(session, line, zone, there(zone, first + DAY, 10))

    for offset in (1, 2):
        on = first + offset * DAY
        late = there(zone, on, 20)  # the next morning where she came from
        assert late.astimezone(ZoneInfo(SHENZHEN)).date() == on + DAY
        line.answer(session, line.diary_on(session, on), now=late, temp=37.0, other=WORSE)

        found = inputs(session)
        assert (found["warm_days_running"], found["worse_days_in_7"]) == (offset + 1, offset + 1)


@pytest.mark.req("A-03", "S-03")
def test_a_report_counts_for_the_day_it_was_where_she_made_it(session: Session) -> None:
    line = infused_after_baseline(session, usual_temp=36.4, usual_pain=1)
    first = INFUSED_ON + 4 * DAY
    evening(session, line, first, temp=37.0)
    land_in(session, line, LONDON, there(LONDON, first + DAY, 10))
    line.answer(session, None, now=there(LONDON, first + DAY, 20), what="fever", temp=37.0)
    assert inputs(session)["warm_days_running"] == 2

    land_in(session, line, SHENZHEN, local(first + 2 * DAY, 16))
    met = evening(session, line, first + 2 * DAY, temp=37.0)

    assert inputs(session)["warm_days_running"] == 3, "in Shenzhen it was the next day already"
    assert "R06b" in met
    again = replaying.replay(
        session, line.given.participant, shipped_package(), catalogue=line.given.catalogue
    )
    assert (again.differences, again.unrepeated) == ((), 0)


@pytest.mark.req("A-03")
def test_what_was_corrected_counts_as_it_stands_now(session: Session, line: Line) -> None:
    on = INFUSED_ON + 3 * DAY
    for offset in (0, 1):
        evening(session, line, on + offset * DAY, other=WORSE)
    first = session.scalars(
        select(QuestionnaireResponse).order_by(QuestionnaireResponse.answered_at)
    ).first()
    assert first is not None
    first.answers = [
        one | {"value": ["none"]} if one["link_id"] == "other" else one for one in first.answers
    ]
    session.flush()

    met = evening(session, line, on + 2 * DAY, other=WORSE)

    assert "R32" not in met


@pytest.mark.req("A-03", "A-04")
def test_every_stored_screening_replays_to_the_rules_it_met(session: Session, line: Line) -> None:
    for offset in (3, 4, 5):
        evening(session, line, INFUSED_ON + offset * DAY, other=WORSE, temp=38.1)
    line.answer(session, None, now=local(INFUSED_ON + 6 * DAY, 10), note="昨晚住院了")

    session.expire_all()
    for one in session.scalars(select(Screening)):
        met = [met.rule.id for met in met_rules(shipped_package().rules, one.inputs)]
        assert met == one.rules_met


@pytest.mark.req("A-04", "A-05")
def test_a_draft_whose_emergency_screen_was_shown_flags_at_once(
    session: Session, line: Line
) -> None:
    now = local(INFUSED_ON + 5 * DAY, 18)
    line.answer(
        session, line.diary_on(session, now.date()), now=now, status=ResponseStatus.IN_PROGRESS,
        advice_shown_at=now, response_id=uuid4(), urgent=("limb",),
    )  # fmt: skip

    assert [flag.tier for flag in flags_of(session)] == [Tier.RED_B]
    later = now + timedelta(minutes=10)
    catalogue = line.given.catalogue
    assert screening.flag_idle_drafts(session, catalogue=catalogue, now=later) == 0
    assert session.scalars(select(FlagTrigger.rule)).all() == ["R11"]

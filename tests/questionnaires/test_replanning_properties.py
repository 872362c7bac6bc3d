"""Whatever is corrected, by however much, whenever and wherever: what holds of the assessments."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from questionnaires.planner import plan
from questionnaires.schedule import Plan
from tests.questionnaires.standing import Timeline
from tests.questionnaires.trial_schedule import (
    DAY,
    INFUSIONS,
    S3,
    S4,
    S5,
    SHANGHAI,
    WEEKLY,
    ZONES,
    infusion_at,
    of_family,
    schedule_of,
)

SCHEDULE = schedule_of(S3, S4, S5, WEEKLY)
SHIFTS = st.integers(-5, 5)
WAITS = st.timedeltas(timedelta(0), timedelta(days=35))
ANSWERED_DAYS = st.sets(st.integers(0, 35))
TEN_O_CLOCK = datetime.combine(datetime(2026, 3, 10).date(), time(10))  # noqa: DTZ001 - local


def plan_for(infusion: datetime, zone: ZoneInfo) -> Plan:
    return plan(SCHEDULE, infusion_at(infusion.replace(tzinfo=zone)), zone=zone)


@pytest.mark.req("S-04", "S-05")
@settings(deadline=None)
@given(INFUSIONS, ZONES, SHIFTS, WAITS, ANSWERED_DAYS)
@example(TEN_O_CLOCK, SHANGHAI, 2, timedelta(days=5), set(range(5)))
@example(TEN_O_CLOCK, SHANGHAI, -2, timedelta(days=5), set(range(5)))
def test_a_correction_covers_every_planned_day_once_and_moves_nothing_that_was_offered(
    infusion: datetime, zone: ZoneInfo, shift: int, wait: timedelta, answered_days: set[int]
) -> None:
    recorded_at = infusion.replace(tzinfo=zone)
    now = recorded_at + wait
    timeline = Timeline()
    timeline.follow(plan_for(infusion, zone).assessments, now=recorded_at)
    opened = [it for it in timeline.live if it.opens_at <= now]
    timeline.answer(*(it for number, it in enumerate(opened) if number in answered_days))
    fixed = [it for it in timeline.live if it.opens_at <= now]

    corrected = plan_for(infusion + DAY * shift, zone)
    timeline.follow(corrected.assessments, now=now)

    live = {it.identity: it for it in timeline.live}
    fixed_identities = {it.identity for it in fixed}
    assert len(live) == len(timeline.live)
    assert live.keys() == {it.identity for it in corrected.assessments} | fixed_identities
    assert [live[it.identity] for it in fixed] == fixed
    for target in corrected.assessments:
        if target.identity not in fixed_identities:
            assert live[target.identity].opens_at == target.opens_at
            assert live[target.identity].is_not_offered == (target.late_until <= now)
    days = of_family(corrected, "daily").keys() | {it.on for it in corrected.left_out}
    assert days == {min(days) + DAY * number for number in range(28)}


@pytest.mark.req("S-04")
@settings(deadline=None)
@given(INFUSIONS, ZONES, st.lists(st.tuples(SHIFTS, WAITS), max_size=5))
def test_planning_twice_changes_nothing_and_no_assessment_ever_gets_a_twin(
    infusion: datetime, zone: ZoneInfo, corrections: list[tuple[int, timedelta]]
) -> None:
    now = infusion.replace(tzinfo=zone)
    timeline = Timeline()

    for shift, wait in [(0, timedelta(0)), *corrections]:
        now += wait / 5
        planned = plan_for(infusion + DAY * shift, zone).assessments
        timeline.follow(planned, now=now)

        assert timeline.follow(planned, now=now).is_empty
    assert len({it.identity for it in timeline.all}) == len(timeline.all)

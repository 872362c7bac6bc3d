"""What a correction, a late entry or an amendment does to the assessments that stand."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from questionnaires.planner import plan
from questionnaires.replanning import Placement, Standing, difference
from questionnaires.schedule import AnchorEvent, PlannedAssessment
from tests.questionnaires.standing import Timeline, standing_as
from tests.questionnaires.trial_schedule import (
    DAY,
    S3,
    S5,
    SHANGHAI,
    WEEKLY,
    infusion_at,
    local,
    schedule_of,
    trial_schedule,
)

ON = date(2026, 3, 10)
INSTANT = timedelta(microseconds=1)


def planned_for(
    infusion: datetime, *, zone: ZoneInfo = SHANGHAI, **anchors: datetime
) -> tuple[PlannedAssessment, ...]:
    others = {AnchorEvent(event): at for event, at in anchors.items()}
    return plan(trial_schedule(), infusion_at(infusion) | others, zone=zone).assessments


def weekly_for(infusion: datetime) -> tuple[PlannedAssessment, ...]:
    return plan(schedule_of(WEEKLY), infusion_at(infusion), zone=SHANGHAI).assessments


def timeline_at(infusion: datetime) -> Timeline:
    timeline = Timeline()
    timeline.follow(planned_for(infusion), now=infusion)
    return timeline


def days_on(timeline: Timeline) -> list[int]:
    return [(date.fromisoformat(it) - ON).days for it in sorted(timeline.diaries)]


def answered_until(now: datetime) -> Timeline:
    """An infusion on 10 March at 10:00; every evening diary that has closed by `now` is in."""
    timeline = timeline_at(local(ON, 10))
    timeline.answer(*(it for it in timeline.diaries.values() if it.closes_at <= now))
    return timeline


@pytest.mark.req("S-04")
@pytest.mark.parametrize(("shift", "days"), [(2, range(30)), (-2, range(-2, 26))])
def test_a_corrected_infusion_date_leaves_no_day_uncovered_and_doubles_none(
    shift: int, days: range
) -> None:
    now = local(ON + 5 * DAY, 10)
    timeline = answered_until(now)

    timeline.follow(planned_for(local(ON + shift * DAY, 10)), now=now)

    assert days_on(timeline) == list(days)
    assert len({it.identity for it in timeline.live}) == len(timeline.live)


@pytest.mark.req("S-04")
@pytest.mark.parametrize("shift", [2, -2])
def test_answered_diaries_keep_their_day_through_a_correction(shift: int) -> None:
    now = local(ON + 5 * DAY, 10)
    timeline = answered_until(now)
    before = [it for it in timeline.live if it.is_answered]
    assert len(before) == 5

    timeline.follow(planned_for(local(ON + shift * DAY, 10)), now=now)

    assert [it for it in timeline.live if it.is_answered] == before


@pytest.mark.req("S-04")
def test_days_that_a_correction_adds_in_the_past_are_not_offered() -> None:
    now = local(ON + 5 * DAY, 10)
    timeline = answered_until(now)

    timeline.follow(planned_for(local(ON - 2 * DAY, 10)), now=now)

    not_offered = [it.occurrence for it in timeline.diaries.values() if it.is_not_offered]
    assert not_offered == ["2026-03-08", "2026-03-09"]


@pytest.mark.req("S-04")
def test_what_has_opened_stays_and_what_opens_an_instant_later_moves() -> None:
    timeline = Timeline()
    timeline.follow(weekly_for(local(ON, 10)), now=local(ON, 10))
    first, second = timeline.live[:2]
    later = weekly_for(local(ON + 2 * DAY, 10))

    just_open = difference([first], later, study_version="version 1", now=first.opens_at)
    not_yet = difference([second], later, study_version="version 1", now=second.opens_at - INSTANT)

    assert just_open.keep == (first.key,)
    assert not_yet.move == (Placement(second.key, later[1], False),)


@pytest.mark.req("S-04")
def test_an_unopened_evening_takes_the_block_that_the_correction_gives_its_date() -> None:
    timeline = timeline_at(local(ON, 10))
    key = timeline.diaries["2026-03-12"].key

    timeline.follow(planned_for(local(ON + 2 * DAY, 10)), now=local(ON, 11))

    assert timeline.diaries["2026-03-12"].block == "S3"
    assert timeline.diaries["2026-03-12"].key == key
    assert days_on(timeline) == list(range(2, 30))


@pytest.mark.req("S-04")
def test_an_evening_that_is_no_longer_planned_is_cancelled_unless_it_has_opened() -> None:
    too_late = planned_for(local(ON, 20))

    for hour, stays in [(13, False), (14, True)]:
        timeline = timeline_at(local(ON, 10))
        timeline.follow(too_late, now=local(ON, hour))

        assert ("2026-03-10" in timeline.diaries) is stays


@pytest.mark.req("S-04")
def test_the_end_cancels_what_has_not_opened() -> None:
    now = local(ON + 5 * DAY, 18)
    timeline = timeline_at(local(ON, 10))

    timeline.follow(planned_for(local(ON, 10), END=now), now=now)

    assert days_on(timeline) == [0, 1, 2, 3, 4, 5]


@pytest.mark.req("S-04")
def test_a_weekly_form_that_moves_into_the_past_is_not_offered() -> None:
    timeline = Timeline()
    timeline.follow(weekly_for(local(ON, 10)), now=local(ON, 10))

    timeline.follow(weekly_for(local(ON - 20 * DAY, 10)), now=local(ON + DAY, 10))

    assert [it.is_not_offered for it in timeline.live[:4]] == [True, True, False, False]


@pytest.mark.req("S-05")
def test_an_infusion_entered_three_days_late_gives_days_not_offered_and_none_missed() -> None:
    now = local(ON + 3 * DAY, 13)
    timeline = Timeline()

    timeline.follow(planned_for(local(ON, 10)), now=now)

    diaries = [it.occurrence for it in timeline.diaries.values() if it.is_not_offered]
    assert diaries == ["2026-03-10", "2026-03-11", "2026-03-12"]
    assert all(it.is_not_offered == (it.late_until <= now) for it in timeline.live)


@pytest.mark.req("S-05")
def test_a_late_entered_diary_is_offered_up_to_the_last_instant_of_its_late_part() -> None:
    ends_at = local(ON + 2 * DAY, 12)

    for now, is_not_offered in [(ends_at - INSTANT, False), (ends_at, True)]:
        timeline = Timeline()
        timeline.follow(planned_for(local(ON, 10)), now=now)

        assert timeline.diaries["2026-03-11"].is_not_offered is is_not_offered


@pytest.mark.req("S-05")
def test_a_form_not_offered_is_offered_once_its_corrected_window_lies_ahead() -> None:
    timeline = Timeline()
    timeline.follow(weekly_for(local(ON - 20 * DAY, 10)), now=local(ON, 10))
    (before, *_) = timeline.live

    timeline.follow(weekly_for(local(ON, 10)), now=local(ON, 11))

    (after, *_) = timeline.live
    assert (before.is_not_offered, after.is_not_offered) == (True, False)
    assert after.opens_at == local(ON + 6 * DAY, 8)


@pytest.mark.req("S-05")
def test_days_not_offered_go_when_the_correction_no_longer_has_them() -> None:
    timeline = Timeline()
    timeline.follow(planned_for(local(ON - 5 * DAY, 10)), now=local(ON, 13))

    timeline.follow(planned_for(local(ON, 10)), now=local(ON, 13))

    assert days_on(timeline) == list(range(28))


@pytest.mark.req("S-06")
def test_a_second_infusion_entered_late_leaves_its_past_days_not_offered() -> None:
    timeline = timeline_at(local(ON, 10))
    now = local(ON + 33 * DAY, 13)

    timeline.follow(planned_for(local(ON, 10), INF2=local(ON + 30 * DAY, 10)), now=now)

    added = [day for day in days_on(timeline) if day >= 28]
    assert added == list(range(30, 58))
    not_offered = [it.block for it in timeline.live if it.is_not_offered]
    assert sorted(not_offered) == ["S3-2", "S4-2", "S4-2", "S5b", "S5b"]


@pytest.mark.req("S-04")
def test_a_day_that_comes_back_is_the_same_assessment_again() -> None:
    timeline = timeline_at(local(ON, 10))
    now = local(ON, 11)
    before = list(timeline.all)

    timeline.follow(planned_for(local(ON + 2 * DAY, 10)), now=now)
    changes = timeline.follow(planned_for(local(ON, 10)), now=now)

    assert changes.create == ()
    assert timeline.live == before


@pytest.mark.req("S-04")
def test_of_several_cancelled_the_answered_one_is_revived_else_the_latest() -> None:
    (target,) = plan(schedule_of(S3), infusion_at(local(ON, 10)), zone=SHANGHAI).assessments

    def cancelled(key: int, hour: int, *, is_answered: bool = False) -> Standing[int]:
        return replace(
            standing_as(Placement(key, target, False)),
            cancelled_at=local(ON, hour),
            is_answered=is_answered,
        )

    latest = [cancelled(1, 8), cancelled(2, 10), cancelled(3, 9)]
    answered = [*latest, cancelled(4, 7, is_answered=True)]

    for formers, key in [(latest, 2), (answered, 4)]:
        changes = difference(formers, [target], study_version="version 1", now=local(ON, 11))

        assert changes.revive == (Placement(key, target, False),)
        assert changes.create == ()


@pytest.mark.req("S-05")
@pytest.mark.parametrize("is_answered", [False, True])
def test_a_revived_day_that_is_past_is_not_offered_unless_it_was_answered(
    is_answered: bool,
) -> None:
    (target,) = plan(schedule_of(S3), infusion_at(local(ON, 10)), zone=SHANGHAI).assessments
    former = replace(
        standing_as(Placement(1, target, False)),
        cancelled_at=local(ON, 8),
        is_answered=is_answered,
    )

    changes = difference([former], [target], study_version="version 1", now=local(ON + DAY, 0))

    assert changes.revive == (Placement(1, target, not is_answered),)


@pytest.mark.req("S-04")
def test_what_was_cancelled_and_is_not_planned_stays_cancelled() -> None:
    timeline = timeline_at(local(ON, 10))
    later = planned_for(local(ON + 2 * DAY, 10))
    timeline.follow(later, now=local(ON, 11))

    changes = timeline.follow(later, now=local(ON, 11))

    assert changes.is_empty
    assert set(changes.keep) == {it.key for it in timeline.live}


@pytest.mark.req("S-10")
def test_a_new_study_version_reaches_only_what_has_not_opened() -> None:
    timeline = timeline_at(local(ON, 10))
    now = local(ON + 5 * DAY, 18)

    timeline.follow(planned_for(local(ON, 10)), now=now, study_version="version 2")

    assert all(
        it.study_version == ("version 1" if it.opens_at <= now else "version 2")
        for it in timeline.live
    )


@pytest.mark.req("S-10")
def test_a_new_study_version_leaves_past_days_not_offered_alone() -> None:
    diaries = plan(schedule_of(S5), infusion_at(local(ON, 10)), zone=SHANGHAI).assessments
    past = standing_as(Placement(1, diaries[0], True))

    changes = difference(
        [past], diaries[:1], study_version="version 2", now=local(ON + 9 * DAY, 10)
    )

    assert changes.keep == (1,)


@pytest.mark.req("S-03")
@pytest.mark.parametrize("zone", [ZoneInfo("Asia/Urumqi"), ZoneInfo("Europe/London")])
def test_a_change_of_zone_moves_the_evenings_to_come_and_no_other(zone: ZoneInfo) -> None:
    timeline = timeline_at(local(ON, 10))
    now = local(ON + 5 * DAY, 18)
    opened = [it for it in timeline.live if it.opens_at <= now]

    timeline.follow(planned_for(local(ON, 10), zone=zone), now=now)

    assert [it for it in timeline.live if it.opens_at <= now] == opened
    to_come = [it for it in timeline.live if it.opens_at > now]
    assert len(opened) + len(to_come) == 30
    assert {it.opens_at.astimezone(zone).hour for it in to_come} == {17}


@pytest.mark.req("S-04")
@pytest.mark.parametrize(
    "change",
    [
        {"block": "S3"},
        {"questionnaire": "short_diary"},
        {"opens_at": local(ON + DAY, 16)},
        {"due_at": local(ON + DAY, 20)},
        {"closes_at": local(ON + DAY, 23)},
        {"late_until": local(ON + 2 * DAY, 11)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_differs_from_the_plan_before_it_opens_is_brought_in_line(
    change: dict[str, Any],
) -> None:
    (target, *_) = plan(schedule_of(S5), infusion_at(local(ON, 10)), zone=SHANGHAI).assessments
    stands = replace(standing_as(Placement(1, target, False)), **change)

    changes = difference([stands], [target], study_version="version 1", now=local(ON, 11))

    assert changes.move == (Placement(1, target, False),)


@pytest.mark.req("S-04")
def test_what_was_answered_before_it_opened_neither_moves_nor_goes() -> None:
    timeline = Timeline()
    timeline.follow(weekly_for(local(ON, 10)), now=local(ON, 10))
    timeline.answer(timeline.live[0])
    before = timeline.live[0]

    for planned in (weekly_for(local(ON + 2 * DAY, 10)), ()):
        timeline.follow(planned, now=local(ON, 11))

        assert timeline.live[0] == before

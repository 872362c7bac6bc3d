"""What is planned, and when: families, priorities, anchors, the end."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from questionnaires.planner import plan
from questionnaires.schedule import (
    AnchorEvent,
    Anchors,
    Block,
    ClockTime,
    LeftOutReason,
    OffsetDay,
    SinceAnchor,
    StudyDay,
)
from tests.questionnaires.trial_schedule import (
    DAY,
    INFUSION_DAY_NUMBERS,
    INFUSIONS,
    NEXT_NOON,
    S1,
    S3,
    S3_SECOND,
    S5,
    S5B,
    S5B_FOR_EVERYONE,
    SHANGHAI,
    WEEKLY,
    ZONES,
    infusion_at,
    local,
    of_family,
    schedule_of,
    trial_schedule,
)

ON = date(2026, 3, 10)
MIDNIGHT_ZONES = ["Australia/Lord_Howe", "America/Havana", "Atlantic/Azores", "Asia/Beirut"]


@pytest.mark.req("S-01", "B-02")
@settings(deadline=None)
@given(INFUSIONS, st.integers(0, 60), ZONES, ZONES)
def test_equal_anchors_give_the_same_bytes(
    infusion: datetime, days: int, zone: ZoneInfo, told_in: ZoneInfo
) -> None:
    first = infusion.replace(tzinfo=UTC)
    anchors = {AnchorEvent.INF1: first, AnchorEvent.INF2: first + DAY * days}
    retold = {event: at.astimezone(told_in) for event, at in reversed(anchors.items())}

    plans = [plan(trial_schedule(), told, zone=zone) for told in (anchors, retold)]

    assert repr(plans[0]).encode() == repr(plans[1]).encode()


@pytest.mark.req("S-01")
@settings(deadline=None)
@given(INFUSIONS, ZONES)
def test_every_window_is_long_enough_and_its_instants_follow_each_other(
    infusion: datetime, zone: ZoneInfo
) -> None:
    anchors = infusion_at(infusion.replace(tzinfo=zone))

    planned = plan(trial_schedule(), anchors, zone=zone).assessments

    for it in planned:
        assert it.opens_at < it.due_at <= it.closes_at <= it.late_until
        assert it.closes_at - it.opens_at >= timedelta(minutes=60)
    assert [it.opens_at for it in planned] == sorted(it.opens_at for it in planned)


@pytest.mark.req("S-06")
@settings(deadline=None)
@given(INFUSIONS, st.integers(0, 60), st.integers(0, 24 * 60 - 1), ZONES, INFUSION_DAY_NUMBERS)
@example(datetime(2026, 3, 10, 10), 27, 600, SHANGHAI, 1)  # noqa: DTZ001 - local
@example(datetime(2026, 3, 10, 10), 28, 600, SHANGHAI, 1)  # noqa: DTZ001 - local
@example(datetime(2026, 3, 10, 10), 29, 600, SHANGHAI, 1)  # noqa: DTZ001 - local
@example(datetime(2026, 3, 10, 10), 35, 600, SHANGHAI, 1)  # noqa: DTZ001 - local
def test_two_infusions_give_each_of_their_days_one_diary_or_a_reason(
    infusion: datetime, days: int, minute: int, zone: ZoneInfo, infusion_day_number: int
) -> None:
    first_at = infusion.replace(tzinfo=zone)
    second_on = first_at.astimezone(zone).date() + DAY * days
    second_at = local(second_on, *divmod(minute, 60), zone=zone)
    anchors = {AnchorEvent.INF1: first_at, AnchorEvent.INF2: second_at}

    result = plan(trial_schedule(infusion_day_number), anchors, zone=zone)

    identities = [it.identity for it in result.assessments]
    assert len(set(identities)) == len(identities)
    assert all(it.occurrence == it.on.isoformat() for it in result.assessments)
    covered = of_family(result, "daily").keys()
    left_out = {it.on for it in result.left_out if it.family == "daily"}
    for anchor_at in anchors.values():
        anchor_on = anchor_at.astimezone(zone).date()
        assert {anchor_on + DAY * number for number in range(28)} <= covered | left_out


@pytest.mark.req("S-01")
@settings(deadline=None)
@given(INFUSIONS, ZONES)
def test_the_evening_diary_is_open_from_1700_to_2400_of_its_own_local_day(
    infusion: datetime, zone: ZoneInfo
) -> None:
    anchors = infusion_at(infusion.replace(tzinfo=zone))

    diaries = plan(schedule_of(S5), anchors, zone=zone).assessments

    assert len(diaries) == 27
    for it in diaries:
        assert it.opens_at.astimezone(zone).date() == it.on
        assert (it.closes_at - timedelta(microseconds=1)).astimezone(zone).date() == it.on
        assert it.closes_at.astimezone(zone).date() == it.on + DAY


@pytest.mark.req("S-07")
def test_the_late_part_of_a_diary_ends_at_noon_of_the_next_day() -> None:
    diaries = of_family(plan(schedule_of(S5), infusion_at(local(ON, 10)), zone=SHANGHAI), "daily")

    assert diaries[ON + DAY].late_until == local(ON + 2 * DAY, 12)


@pytest.mark.req("S-07")
def test_a_late_part_counts_from_the_last_day_of_the_window() -> None:
    block = replace(WEEKLY, late_until=NEXT_NOON)

    (first, *_) = plan(schedule_of(block), infusion_at(local(ON, 10)), zone=SHANGHAI).assessments

    assert first.late_until == local(ON + 10 * DAY, 12)


@pytest.mark.req("S-01")
@pytest.mark.parametrize(
    ("blocks", "winner"),
    [((S5, S3_SECOND), "S3-2"), ((S5B, S5), "S5"), ((S1, S5B), "S5b")],
)
def test_on_one_date_the_block_of_the_highest_priority_wins(
    blocks: tuple[Block, ...], winner: str
) -> None:
    whenever = replace(S5, first=OffsetDay(0), last=OffsetDay(0), opens=ClockTime(0, 17 * 60))
    same_day = tuple(
        replace(whenever, code=block.code, priority=block.priority) for block in blocks
    )

    for order in (same_day, same_day[::-1]):
        result = plan(schedule_of(*order), infusion_at(local(ON, 10)), zone=SHANGHAI)

        assert [it.block for it in result.assessments] == [winner]


@pytest.mark.req("S-06")
def test_a_second_infusion_on_day_28_turns_that_evening_into_an_infusion_evening() -> None:
    anchors = infusion_at(local(ON, 10)) | {AnchorEvent.INF2: local(ON + 27 * DAY, 10)}

    diaries = of_family(plan(trial_schedule(), anchors, zone=SHANGHAI), "daily")

    blocks = [diaries[ON + DAY * number].block for number in range(55)]
    assert blocks == ["S3"] + ["S5"] * 26 + ["S3-2"] + ["S5b"] * 27
    assert len(diaries) == 55


@pytest.mark.req("S-06")
def test_weekly_forms_stay_with_the_first_infusion() -> None:
    first = infusion_at(local(ON, 10))
    schedule = schedule_of(WEEKLY, S5, S5B)

    weekly = [
        [it for it in plan(schedule, anchors, zone=SHANGHAI).assessments if it.family == "S6"]
        for anchors in (first, first | {AnchorEvent.INF2: local(ON + 29 * DAY, 10)})
    ]

    assert weekly[0] == weekly[1]


@pytest.mark.req("S-06")
def test_the_uniform_diary_runs_to_day_56_without_a_second_infusion() -> None:
    schedule = schedule_of(S3, S5, S5B_FOR_EVERYONE)

    diaries = of_family(plan(schedule, infusion_at(local(ON, 10)), zone=SHANGHAI), "daily")

    assert sorted(diaries) == [ON + DAY * number for number in range(56)]


@pytest.mark.req("S-01")
@pytest.mark.parametrize(("hour", "minute"), [(19, 1), (20, 0), (23, 30)])
def test_an_infusion_evening_with_less_than_an_hour_left_is_left_out_with_its_reason(
    hour: int, minute: int
) -> None:
    result = plan(trial_schedule(), infusion_at(local(ON, hour, minute)), zone=SHANGHAI)

    assert ON not in of_family(result, "daily")
    (left_out,) = result.left_out
    assert (left_out.family, left_out.occurrence) == ("daily", "2026-03-10")
    assert (left_out.block, left_out.on) == ("S3", ON)
    assert left_out.reason is LeftOutReason.WINDOW_TOO_SHORT


@pytest.mark.req("S-01")
def test_an_infusion_at_1900_leaves_the_full_hour_that_suffices() -> None:
    result = plan(trial_schedule(), infusion_at(local(ON, 19)), zone=SHANGHAI)

    evening = of_family(result, "daily")[ON]
    assert evening.closes_at - evening.opens_at == timedelta(minutes=60)
    assert result.left_out == ()


@pytest.mark.req("S-06")
def test_a_date_that_is_too_short_for_one_block_goes_to_the_next_of_its_family() -> None:
    anchors = infusion_at(local(ON, 10)) | {AnchorEvent.INF2: local(ON + 27 * DAY, 20)}

    result = plan(trial_schedule(), anchors, zone=SHANGHAI)

    assert of_family(result, "daily")[ON + 27 * DAY].block == "S5"
    assert [(it.block, it.on) for it in result.left_out] == [("S3-2", ON + 27 * DAY)]


@pytest.mark.req("S-01")
@pytest.mark.parametrize(("hour", "minute", "due_hour"), [(10, 0, 21), (17, 0, 24), (18, 30, 24)])
def test_a_diary_that_opens_at_or_past_its_due_time_is_due_by_its_close(
    hour: int, minute: int, due_hour: int
) -> None:
    result = plan(schedule_of(S3), infusion_at(local(ON, hour, minute)), zone=SHANGHAI)

    (evening,) = result.assessments
    assert evening.due_at == local(ON, 0) + timedelta(hours=due_hour)


@pytest.mark.req("S-01")
def test_hours_since_an_infusion_are_elapsed_hours_also_while_the_clock_changes() -> None:
    zone = ZoneInfo("Europe/Berlin")
    infusion = local(date(2026, 3, 29), 0, 30, zone=zone)  # 02:00 becomes 03:00 that night

    (evening,) = plan(schedule_of(S3), infusion_at(infusion), zone=zone).assessments

    assert evening.opens_at == local(date(2026, 3, 29), 5, 30, zone=zone)


@pytest.mark.req("S-01")
def test_the_day_of_an_anchor_is_its_local_day_with_the_participant() -> None:
    infusion = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)  # half past midnight in Shenzhen

    evenings = [
        plan(schedule_of(S3), infusion_at(infusion), zone=zone).assessments[0].on
        for zone in (SHANGHAI, ZoneInfo("Europe/London"))
    ]

    assert evenings == [date(2026, 3, 10), date(2026, 3, 9)]


@pytest.mark.req("S-01")
@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in MIDNIGHT_ZONES])
@pytest.mark.parametrize("month", [3, 10])
def test_no_day_is_lost_where_clocks_change_at_midnight(zone: ZoneInfo, month: int) -> None:
    on = date(2026, month, 20)

    diaries = of_family(
        plan(trial_schedule(), infusion_at(local(on, 10, zone=zone)), zone=zone), "daily"
    )

    assert sorted(diaries) == [on + DAY * number for number in range(28)]


@pytest.mark.req("S-01")
@pytest.mark.parametrize("infusion_day_number", [0, 1])
def test_the_baseline_diaries_lie_on_the_three_days_before_the_planned_infusion(
    infusion_day_number: int,
) -> None:
    anchors = {AnchorEvent.INF1_PLANNED: local(ON, 10)}

    diaries = of_family(plan(trial_schedule(infusion_day_number), anchors, zone=SHANGHAI), "daily")

    assert sorted(diaries) == [ON - 3 * DAY, ON - 2 * DAY, ON - DAY]


@pytest.mark.req("S-01")
def test_the_infusion_closes_the_baseline_late_part_included() -> None:
    anchors: Anchors = {
        AnchorEvent.INF1_PLANNED: local(ON + 2 * DAY, 10),
        AnchorEvent.INF1: local(ON, 10),
    }
    baseline = replace(S1, late_until=NEXT_NOON)

    result = plan(schedule_of(baseline), anchors, zone=SHANGHAI)

    assert [(it.on, it.late_until) for it in result.assessments] == [(ON - DAY, local(ON, 10))]
    assert {it.reason for it in result.left_out} == {LeftOutReason.CLOSED}


@pytest.mark.req("S-01")
def test_nothing_opens_at_or_after_the_end_and_what_is_left_out_says_so() -> None:
    end_at = local(ON + 9 * DAY, 17)
    anchors = infusion_at(local(ON, 10))

    whole = plan(trial_schedule(), anchors, zone=SHANGHAI)
    ended = plan(trial_schedule(), anchors | {AnchorEvent.END: end_at}, zone=SHANGHAI)

    assert ended.assessments == tuple(it for it in whole.assessments if it.opens_at < end_at)
    assert len(ended.left_out) == len(whole.assessments) - len(ended.assessments) == 19
    assert {it.reason for it in ended.left_out} == {LeftOutReason.AFTER_END}


@pytest.mark.req("S-01")
def test_a_periodic_block_counts_its_windows_around_their_days() -> None:
    weekly = plan(schedule_of(WEEKLY), infusion_at(local(ON, 10)), zone=SHANGHAI).assessments

    assert [it.identity for it in weekly] == [("S6", str(number)) for number in range(1, 13)]
    second = weekly[1]
    assert second.on == ON + 14 * DAY
    assert second.opens_at == local(ON + 13 * DAY, 8)
    assert second.due_at == local(ON + 14 * DAY, 21)
    assert second.closes_at == second.late_until == local(ON + 17 * DAY, 0)


@pytest.mark.req("S-01")
def test_without_its_anchor_a_block_plans_nothing() -> None:
    result = plan(trial_schedule(), {AnchorEvent.ENR: local(ON, 10)}, zone=SHANGHAI)

    assert (result.assessments, result.left_out) == ((), ())


@pytest.mark.req("S-01")
def test_an_anchor_without_a_zone_is_refused() -> None:
    naive = local(ON, 10).replace(tzinfo=None)

    with pytest.raises(ValueError, match="INF1 needs a zone"):
        plan(trial_schedule(), infusion_at(naive), zone=SHANGHAI)


@pytest.mark.parametrize("minute", [-1, 1441])
def test_a_clock_time_lies_within_a_day(minute: int) -> None:
    with pytest.raises(ValueError, match=str(minute)):
        ClockTime(0, minute)


def test_a_block_that_does_not_advance_is_refused() -> None:
    with pytest.raises(ValueError, match="S6"):
        replace(WEEKLY, every=0)


@pytest.mark.req("S-01")
def test_an_hour_since_the_anchor_counts_from_the_anchor_whichever_day_is_meant() -> None:
    block = replace(WEEKLY, first=StudyDay(1), last=StudyDay(1), opens=SinceAnchor(60))

    (first,) = plan(schedule_of(block), infusion_at(local(ON, 10)), zone=SHANGHAI).assessments

    assert first.opens_at == local(ON, 11)

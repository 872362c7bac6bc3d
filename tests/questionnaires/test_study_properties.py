"""The study as shipped, wherever a participant lives and whenever she is infused: what holds.

The sampled tests draw zones, times and days; the last one goes through every zone there is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from questionnaires.planner import plan
from questionnaires.schedule import (
    AnchorEvent,
    Anchors,
    Block,
    ClockTime,
    DiarySlot,
    LeftOutReason,
    Plan,
    PlannedAssessment,
    SinceAnchor,
    SlotChoice,
)
from tests.questionnaires.forms import shipped
from tests.questionnaires.standing import Timeline
from tests.questionnaires.trial_schedule import DAY, ZONES

DIARIES = {"daily", "infusion_evening"}
SHANGHAI, KATHMANDU, LORD_HOWE = map(
    ZoneInfo, ("Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe")
)
DATES = st.dates(date(2025, 1, 1), date(2030, 6, 30))
# What a full hour of the infusion evening hangs on, and any other minute of the day.
MINUTES = st.sampled_from([19 * 60, 19 * 60 + 59, 20 * 60, 23 * 60 + 30]) | st.integers(0, 1439)
LATER = st.none() | st.sampled_from([27, 28, 29, 35]) | st.integers(1, 70)
KEPT = st.sampled_from(DiarySlot)
# From which day on she keeps it, counted from the infusion; None: always.
FROM = st.none() | st.integers(-4, 60)
STATED = settings(deadline=None, max_examples=60)


def at(on: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(*divmod(minute, 60)), tzinfo=zone)


def choice(slot: DiarySlot, on: date, from_day: int | None) -> SlotChoice:
    return SlotChoice(slot, None if from_day is None else on + DAY * from_day)


def planned(
    anchors: Anchors,
    zone: ZoneInfo,
    *,
    slots: SlotChoice | None = None,
    site: ZoneInfo | None = None,
    answered: set[tuple[str, str]] | None = None,
) -> Plan:
    return plan(
        shipped().schedule, anchors, zone=zone, anchor_zone=site or zone,
        slots=slots or SlotChoice(), answered=answered or frozenset(),
    )  # fmt: skip


def infusions(
    on: date, minute: int, zone: ZoneInfo, later: int | None = None, second_minute: int = 600
) -> dict[AnchorEvent, datetime]:
    """Return the anchors of one visit, and of a second so many days later; INF2 on D29 is 28."""
    anchors = {AnchorEvent.INF1: at(on, minute, zone)}
    if later is not None:
        anchors[AnchorEvent.INF2] = at(on + DAY * later, second_minute, zone)
    return anchors


@pytest.mark.req("S-01", "S-06")
@STATED
@given(DATES, MINUTES, LATER, MINUTES, ZONES, KEPT, FROM)
@example(date(2026, 3, 1), 600, 28, 19 * 60 + 59, SHANGHAI, DiarySlot.EVENING, None)
@example(date(2026, 3, 1), 1200, 27, 1200, KATHMANDU, DiarySlot.MORNING, None)
@example(date(2026, 9, 20), 1410, 29, 1140, LORD_HOWE, DiarySlot.EVENING, None)
@example(date(2026, 3, 1), 600, 35, 600, SHANGHAI, DiarySlot.MORNING, 8)
def test_no_date_has_two_diaries_and_none_is_without(
    on: date,
    minute: int,
    later: int | None,
    second: int,
    zone: ZoneInfo,
    slot: DiarySlot,
    from_day: int | None,
) -> None:
    slots = choice(slot, on, from_day)
    made = planned(infusions(on, minute, zone, later, second), zone, slots=slots)

    daily = Counter(it.on for it in made.assessments if it.family == "daily")
    assert set(daily.values()) == {1}
    kept = {it.on for it in made.assessments if it.family in DIARIES}
    too_short = {it.on for it in made.left_out if it.reason is LeftOutReason.WINDOW_TOO_SHORT}
    visits = {on} | ({on + DAY * later} if later is not None else set())
    assert too_short <= visits
    expected = {on + DAY * number for number in range(56)}
    if later is not None:
        expected |= {on + DAY * (later + number) for number in range(28)}
    assert kept <= expected
    assert expected - kept <= too_short


@pytest.mark.req("S-01")
@STATED
@given(DATES, ZONES, MINUTES)
@example(date(2026, 3, 1), SHANGHAI, 19 * 60)
@example(date(2026, 3, 1), SHANGHAI, 19 * 60 + 59)
@example(date(2026, 3, 1), SHANGHAI, 20 * 60)
@example(date(2026, 3, 1), SHANGHAI, 23 * 60 + 30)
def test_the_infusion_evening_is_asked_where_a_full_hour_is_left_of_the_day(
    on: date, zone: ZoneInfo, minute: int
) -> None:
    infused_at = at(on, minute, zone)

    made = planned({AnchorEvent.INF1: infused_at}, zone)

    midnight = datetime.combine(on + DAY, time(), tzinfo=zone).timestamp()
    opens = infused_at.timestamp() + 4 * 3600
    evening = [it for it in made.assessments if it.block == "S3"]
    # Only in zones whose clocks change at midnight itself is the day's end a matter of reading.
    assume(
        zone.utcoffset(datetime.combine(on, time(18)))
        == zone.utcoffset(datetime.combine(on + DAY, time(3)))
    )
    assert bool(evening) == (midnight - opens >= 3600)
    for one in evening:
        assert one.opens_at.timestamp() == opens
        assert one.closes_at.timestamp() == midnight


@pytest.mark.req("S-01")
@STATED
@given(DATES, ZONES, KEPT, FROM)
@example(date(2026, 3, 1), SHANGHAI, DiarySlot.MORNING, 8)
def test_each_diary_is_open_at_the_time_of_day_that_she_chose_for_that_date(
    on: date, zone: ZoneInfo, slot: DiarySlot, from_day: int | None
) -> None:
    slots = choice(slot, on, from_day)
    anchors = infusions(on, 600, zone, 28) | {AnchorEvent.INF1_PLANNED: at(on, 600, zone)}

    made = planned(anchors, zone, slots=slots)

    for it in made.assessments:
        if it.questionnaire != "daily":
            continue
        is_morning = slots.slot is DiarySlot.MORNING
        if slots.from_on is not None and it.on < slots.from_on:
            is_morning = not is_morning
        opens, closes = (6, 13) if is_morning else (17, 24)
        assert shows(it.opens_at, it.on, opens * 60, zone)
        assert it.closes_at <= anchors[AnchorEvent.INF1] or shows(
            it.closes_at, it.on, closes * 60, zone
        )


@pytest.mark.req("S-01")
@STATED
@given(DATES, MINUTES, st.integers(-8, 8), MINUTES, ZONES, st.sampled_from(DiarySlot))
def test_what_belongs_before_the_infusion_is_over_when_it_begins_and_nothing_is_void(
    on: date, minute: int, slip: int, planned_minute: int, zone: ZoneInfo, slot: DiarySlot
) -> None:
    infused_at = at(on, minute, zone)
    before: dict[AnchorEvent, datetime] = {
        AnchorEvent.ENR: at(on - DAY * 20, 600, zone),
        AnchorEvent.INF1_PLANNED: at(on + DAY * slip, planned_minute, zone),
    }
    slots = SlotChoice(slot)

    expected = planned(before, zone, slots=slots)
    real = planned(before | {AnchorEvent.INF1: infused_at}, zone, slots=slots)

    closing = {one.code for one in shipped().schedule.blocks if one.closed_by is AnchorEvent.INF1}
    assert closing == {"S0", "S1", "S1m", "S2", "S8a"}
    kept = {it.identity: it for it in real.assessments if it.block in closing}
    for it in kept.values():
        assert it.opens_at < it.closes_at <= it.late_until <= infused_at
    opened = {it.identity for it in expected.assessments if it.opens_at < infused_at}
    # The day of the infusion itself belongs to what follows it.
    of_the_day = {(it.family, it.occurrence) for it in real.assessments if it.on == on}
    assert opened - of_the_day <= kept.keys() <= opened


@pytest.mark.req("S-01")
@STATED
@given(DATES, ZONES, st.sampled_from(DiarySlot), st.sets(st.integers(-12, -1)))
def test_three_diaries_in_the_week_before_are_enough_and_fewer_are_not(
    on: date, zone: ZoneInfo, slot: DiarySlot, answered: set[int]
) -> None:
    made = planned(
        {AnchorEvent.INF1_PLANNED: at(on, 600, zone)}, zone, slots=SlotChoice(slot),
        answered={("daily", (on + DAY * day).isoformat()) for day in answered},
    )  # fmt: skip

    asked = {(it.on - on).days for it in made.assessments if it.family == "daily"}
    in_the_week = {day for day in answered if day >= -7}
    assert asked == ({-3, -2, -1} & answered if len(in_the_week) >= 3 else {-3, -2, -1})


@pytest.mark.req("S-03", "S-04")
@STATED
@given(DATES, ZONES, ZONES, st.integers(0, 60), st.integers(0, 1439), st.sampled_from(DiarySlot))
@example(date(2026, 3, 1), SHANGHAI, LORD_HOWE, 20, 1000, DiarySlot.EVENING)
@example(date(2026, 3, 1), LORD_HOWE, KATHMANDU, 33, 1320, DiarySlot.MORNING)
def test_moving_to_another_zone_keeps_every_day_and_moves_what_has_not_opened(
    on: date, home: ZoneInfo, away: ZoneInfo, days: int, minute: int, slot: DiarySlot
) -> None:
    anchors = infusions(on, 600, home, 28)
    slots, landed_at = SlotChoice(slot), at(on + DAY * days, minute, home)
    timeline = Timeline()
    timeline.follow(planned(anchors, home, slots=slots).assessments, now=at(on, 600, home))
    before = {it.identity: it for it in timeline.live}
    there = planned(anchors, away, slots=slots, site=home)

    timeline.follow(there.assessments, now=landed_at)

    after = {it.identity: it for it in timeline.live}
    target = {it.identity: it for it in there.assessments}
    assert len(after) == len(timeline.live)
    for identity, it in after.items():
        if identity in before and before[identity].opens_at <= landed_at:
            assert it == before[identity]
        else:
            assert it.opens_at == target[identity].opens_at
    expected = {(on + DAY * number).isoformat() for number in range(56)}
    evenings = {it.occurrence for it in timeline.live if it.family in DIARIES - {"daily"}}
    lost = expected - {it.occurrence for it in timeline.live if it.family == "daily"} - evenings
    # Four hours after the infusion may be past midnight where she has landed.
    assert lost <= {it.occurrence for it in there.left_out if it.family == "daily"}
    assert timeline.follow(there.assessments, now=landed_at).is_empty


# --- every zone ----------------------------------------------------------------------------------


@pytest.mark.req("S-03")
@pytest.mark.parametrize("on", [date(2026, 1, 20), date(2026, 8, 20)])
def test_every_window_covers_its_local_days_in_every_zone(on: date) -> None:
    """Between them the two calendars hold every change of a clock in 2026."""
    zones = list(one_for_each_clock(2026))
    assert len(zones) > 60
    assert len({zone.utcoffset(datetime(2026, 7, 1)) for zone in zones}) > 30  # noqa: DTZ001 - local

    everywhere = set()
    for zone in zones:
        anchors = infusions(on, 600, zone, 28) | {
            AnchorEvent.ENR: at(on - DAY * 10, 600, zone),
            AnchorEvent.INF1_PLANNED: at(on, 600, zone),
        }
        made = planned(anchors, zone)
        everywhere.add(frozenset((it.block, it.identity) for it in made.assessments))
        for it in made.assessments:
            assert_window_as_stated(it, anchors, zone)
    assert len(everywhere) == 1  # in no zone does a form fall out, or another come in


def assert_window_as_stated(
    it: PlannedAssessment, anchors: Mapping[AnchorEvent, datetime], zone: ZoneInfo
) -> None:
    block = shipped().schedule.block(it.block)
    assert block is not None
    last = it.on + DAY * block.days_after
    ends = [(it.closes_at, block.closes), (it.late_until, block.late_until or block.closes)]
    closed_at = anchors[block.closed_by] if block.closed_by else None
    for instant, stated in ends:
        assert shows_stated(instant, last, stated, zone) or instant == closed_at, (zone.key, it)
    assert_opens_as_stated(it, block, anchors, zone)


def assert_opens_as_stated(
    it: PlannedAssessment, block: Block, anchors: Mapping[AnchorEvent, datetime], zone: ZoneInfo
) -> None:
    if isinstance(block.opens, SinceAnchor):
        elapsed = it.opens_at.timestamp() - anchors[block.anchor].timestamp()
        assert elapsed == block.opens.minutes * 60
    else:
        first = it.on - DAY * block.days_before
        assert shows_stated(it.opens_at, first, block.opens, zone), (zone.key, it)


def shows_stated(instant: datetime, on: date, stated: ClockTime, zone: ZoneInfo) -> bool:
    return shows(instant, on + DAY * stated.days, stated.minute, zone)


def shows(instant: datetime, on: date, minute: int, zone: ZoneInfo) -> bool:
    """Tell whether an instant is the first at which the clock there shows that time or a later."""
    wall = datetime.combine(on, time()) + timedelta(minutes=minute)
    now, just_before = (
        (instant - timedelta(seconds=back)).astimezone(zone).replace(tzinfo=None) for back in (0, 1)
    )
    return just_before < wall <= now


def one_for_each_clock(year: int) -> Iterator[ZoneInfo]:
    """Yield of all IANA zones one for each way in which clocks go in a year."""
    seen = set()
    for zone in map(ZoneInfo, sorted(available_timezones())):
        clock = changes_of(zone, year)
        if clock not in seen:
            seen.add(clock)
            yield zone


@cache
def changes_of(zone: ZoneInfo, year: int) -> tuple[tuple[datetime, timedelta | None], ...]:
    """Return when, to the quarter of an hour, the offset from UTC becomes another one."""
    begin = datetime.fromisoformat(f"{year}-01-01T00:00+00:00")
    changes = [(begin, begin.astimezone(zone).utcoffset())]
    for number in range(366):
        day = begin + DAY * number
        if (day + DAY).astimezone(zone).utcoffset() == changes[-1][1]:
            continue
        for quarter in range(97):
            instant = day + timedelta(minutes=15 * quarter)
            offset = instant.astimezone(zone).utcoffset()
            if offset != changes[-1][1]:
                changes.append((instant, offset))
    return tuple(changes)

"""Wall-clock times as instants, in every zone there is."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires.windows import instant_of, instants_of
from tests.questionnaires.trial_schedule import DAY, ZONES

MINUTES = st.integers(0, 24 * 60)


@st.composite
def days_of_zones(draw: st.DrawFn) -> tuple[date, ZoneInfo]:
    """Any day of 2025-2030 in any zone; as often as not one within a day of a clock change."""
    zone = draw(ZONES)
    year = draw(st.integers(2025, 2030))
    days = [date(year, 1, 1) + DAY * number for number in range(365)]
    changes = [on for on, after in pairwise(days) if _offset(on, zone) != _offset(after, zone)]
    is_near_a_change: bool = draw(st.booleans())
    if changes and is_near_a_change:
        return draw(st.sampled_from(changes)) + DAY * draw(st.integers(-1, 1)), zone
    return draw(st.sampled_from(days)), zone


def _offset(on: date, zone: ZoneInfo) -> timedelta | None:
    return datetime(on.year, on.month, on.day, 12, tzinfo=zone).utcoffset()


@pytest.mark.req("S-03")
@settings(deadline=None)
@given(days_of_zones())
def test_a_day_from_0000_to_2400_is_the_whole_local_day(day: tuple[date, ZoneInfo]) -> None:
    on, zone = day

    opens_at, closes_at = instant_of(on, 0, zone), instant_of(on, 24 * 60, zone)

    instant = timedelta(microseconds=1)
    assert (opens_at - instant).astimezone(zone).date() == on - DAY
    assert opens_at.astimezone(zone).date() == on
    assert (closes_at - instant).astimezone(zone).date() == on
    assert closes_at.astimezone(zone).date() == on + DAY
    assert closes_at == instant_of(on + DAY, 0, zone)


@pytest.mark.req("S-03")
@settings(deadline=None)
@given(days_of_zones(), MINUTES)
def test_a_wall_clock_time_is_the_first_instant_that_shows_it_or_a_later_one(
    day: tuple[date, ZoneInfo], minute: int
) -> None:
    on, zone = day
    wall = datetime(on.year, on.month, on.day) + timedelta(minutes=minute)  # noqa: DTZ001 - local

    instant = instant_of(on, minute, zone)

    assert instant.tzinfo is UTC
    assert instant.astimezone(zone).replace(tzinfo=None) >= wall
    assert (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None) < wall


@pytest.mark.req("S-03")
@settings(deadline=None)
@given(days_of_zones(), MINUTES, MINUTES)
def test_a_clock_change_never_turns_two_times_of_a_day_round(
    day: tuple[date, ZoneInfo], one: int, other: int
) -> None:
    on, zone = day
    earlier, later = sorted((one, other))

    assert instant_of(on, earlier, zone) <= instant_of(on, later, zone)


@pytest.mark.req("S-03")
@pytest.mark.parametrize(
    ("zone", "on", "hour", "minute", "expected"),
    [
        ("Asia/Shanghai", date(2026, 3, 8), 24, 0, "2026-03-08T16:00"),
        ("Asia/Kathmandu", date(2026, 3, 8), 24, 0, "2026-03-08T18:15"),
        # The day begins at 01:00: midnight itself is skipped.
        ("America/Havana", date(2026, 3, 8), 0, 0, "2026-03-08T05:00"),
        ("America/Havana", date(2026, 3, 7), 24, 0, "2026-03-08T05:00"),
        ("America/Havana", date(2026, 3, 8), 0, 30, "2026-03-08T05:00"),
        ("Asia/Beirut", date(2026, 3, 28), 24, 0, "2026-03-28T22:00"),
        ("Atlantic/Azores", date(2026, 3, 29), 0, 30, "2026-03-29T01:00"),
        # The day before ends at 23:00.
        ("America/Scoresbysund", date(2026, 3, 28), 23, 30, "2026-03-29T01:00"),
        ("America/Scoresbysund", date(2026, 3, 28), 24, 0, "2026-03-29T01:00"),
        # Half an hour is skipped, half an hour comes twice.
        ("Australia/Lord_Howe", date(2026, 10, 4), 2, 15, "2026-10-03T15:30"),
        ("Australia/Lord_Howe", date(2026, 4, 5), 1, 45, "2026-04-04T14:45"),
        # Midnight comes twice, or the hour before it.
        ("America/Havana", date(2026, 11, 1), 0, 0, "2026-11-01T04:00"),
        ("Atlantic/Azores", date(2026, 10, 25), 0, 30, "2026-10-25T00:30"),
        ("Asia/Beirut", date(2026, 10, 24), 23, 30, "2026-10-24T20:30"),
        ("Asia/Beirut", date(2026, 10, 24), 24, 0, "2026-10-24T22:00"),
    ],
)
def test_gaps_end_at_the_transition_and_folds_take_the_first(
    zone: str, on: date, hour: int, minute: int, expected: str
) -> None:
    instant = instant_of(on, hour * 60 + minute, ZoneInfo(zone))

    assert instant == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.req("S-03")
@pytest.mark.parametrize(
    ("zone", "wall", "instants"),
    [
        ("Europe/London", "2026-03-28T01:30", ["2026-03-28T01:30"]),
        ("Europe/London", "2026-03-29T01:30", []),
        ("Europe/London", "2026-10-25T01:30", ["2026-10-25T00:30", "2026-10-25T01:30"]),
        ("Australia/Lord_Howe", "2026-10-04T02:15", []),
        ("Australia/Lord_Howe", "2026-04-05T01:45", ["2026-04-04T14:45", "2026-04-04T15:15"]),
    ],
)
def test_a_time_that_somebody_tells_may_never_have_been_or_have_come_twice(
    zone: str, wall: str, instants: list[str]
) -> None:
    found = instants_of(datetime.fromisoformat(wall), ZoneInfo(zone))

    assert found == tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in instants)

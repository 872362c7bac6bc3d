"""Quiet hours, office hours and working days, in every zone there is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires.hours import LocalHours, OfficeHours, Weekday, next_at
from questionnaires.schedule import ClockTime
from tests.questionnaires.forms import shipped
from tests.questionnaires.trial_schedule import ZONES

QUIET = LocalHours(ClockTime(0, 21 * 60 + 30), ClockTime(0, 8 * 60))
OFFICE: OfficeHours = shipped().escalation.office_hours
SHANGHAI = ZoneInfo("Asia/Shanghai")
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
MINUTE = timedelta(minutes=1)


@pytest.mark.req("N-02")
@pytest.mark.parametrize(
    ("minute", "is_quiet"),
    [(0, True), (479, True), (480, False), (1289, False), (1290, True), (1439, True)],
)
def test_quiet_hours_cross_midnight_and_are_half_open(minute: int, is_quiet: bool) -> None:
    assert QUIET.holds(minute) is is_quiet


@pytest.mark.req("N-02")
@settings(deadline=None)
@given(INSTANTS, ZONES)
def test_quiet_hours_are_left_at_their_end_and_never_before(at: datetime, zone: ZoneInfo) -> None:
    left_at = QUIET.left_from(at, zone)

    assert not QUIET.hold_at(left_at, zone)
    if QUIET.hold_at(at, zone):
        assert QUIET.hold_at(left_at - MINUTE, zone)
        assert left_at - at <= timedelta(hours=14)
    else:
        assert left_at == at


@pytest.mark.req("A-07")
@settings(deadline=None)
@given(INSTANTS, ZONES, st.sets(st.dates(date(2025, 1, 1), date(2025, 2, 1))))
def test_a_site_opens_on_its_next_working_day(
    after: datetime, zone: ZoneInfo, holidays: set[date]
) -> None:
    opening = OFFICE.next_opening(after, zone, holidays)

    local = opening.astimezone(zone)
    assert opening > after
    day = local.date().isoformat()
    assert local.weekday() < 5 or day in OFFICE.working_days
    assert local.date() not in holidays
    assert day not in OFFICE.holidays
    assert OFFICE.hold_at(opening, zone, holidays)
    assert not OFFICE.hold_at(opening - MINUTE, zone, holidays)


@pytest.mark.req("A-07")
def test_working_days_leave_out_weekends_and_holidays() -> None:
    friday = date(2026, 3, 6)

    days = [OFFICE.working_day_after(friday, n, {date(2026, 3, 10)}) for n in (1, 2, 3)]

    assert days == [date(2026, 3, 9), date(2026, 3, 11), date(2026, 3, 12)]


@pytest.mark.req("C-05")
def test_announced_holidays_are_free_and_announced_weekends_are_worked() -> None:
    before_the_holiday = date(2026, 9, 30)

    days = [OFFICE.working_day_after(before_the_holiday, n, ()) for n in (1, 2, 3)]

    # The first to the seventh of October are free; Saturday the tenth is worked.
    assert days == [date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 10)]


@pytest.mark.req("A-07")
def test_the_study_works_from_monday_to_friday() -> None:
    assert OFFICE.days == tuple(Weekday)[:5]


@pytest.mark.req("N-02")
def test_the_next_time_of_day_is_strictly_after() -> None:
    eight = datetime(2026, 3, 2, 0, tzinfo=UTC)  # 08:00 in Shanghai

    assert next_at(480, eight, SHANGHAI) == eight + timedelta(days=1)
    assert next_at(480, eight - MINUTE, SHANGHAI) == eight

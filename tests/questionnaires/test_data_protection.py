"""By when requests are answered and breaches told, and which numbers would name somebody."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.data_protection import (
    MOST_BREACH_HOURS,
    Recipient,
    Urgency,
    holds_long_number,
    notices_due,
    request_due_on,
    request_latest_on,
    urgency_of_day,
    urgency_of_instant,
)

FOUND_AT = datetime(2026, 3, 1, 2, tzinfo=UTC)


@pytest.mark.req("X-04")
@pytest.mark.parametrize(
    ("received_on", "days", "due_on"),
    [
        (date(2026, 3, 1), 30, date(2026, 3, 31)),
        (date(2026, 3, 1), 20, date(2026, 3, 21)),
        (date(2026, 1, 31), 30, date(2026, 2, 28)),  # a month, though it has 28 days
        (date(2028, 1, 31), 30, date(2028, 2, 29)),
        (date(2026, 12, 15), 30, date(2027, 1, 14)),
    ],
)
def test_a_request_is_due_after_the_days_of_the_site_and_within_a_month(
    received_on: date, days: int, due_on: date
) -> None:
    assert request_due_on(received_on, days) == due_on


@pytest.mark.req("X-04")
def test_an_extension_ends_three_months_after_she_asked() -> None:
    assert request_latest_on(date(2026, 11, 30)) == date(2027, 2, 28)


@pytest.mark.req("X-04")
def test_the_last_day_is_in_time_and_the_next_one_is_not() -> None:
    due_on = date(2026, 3, 31)
    days = (date(2026, 3, 25), date(2026, 3, 26), due_on, date(2026, 4, 1))

    assert [urgency_of_day(due_on, one) for one in days] == [
        Urgency.LATER, Urgency.SOON, Urgency.SOON, Urgency.OVERDUE,
    ]  # fmt: skip


@pytest.mark.req("X-06")
@given(st.integers(1, MOST_BREACH_HOURS))
def test_nobody_is_told_later_than_the_law_has_the_regulator_told(hours: int) -> None:
    due = notices_due(FOUND_AT, hours)

    assert set(due) == set(Recipient)
    assert due[Recipient.REGULATOR] == due[Recipient.PERSONS] == max(due.values())
    assert due[Recipient.REGULATOR] == FOUND_AT + timedelta(hours=hours)
    assert due[Recipient.DATA_PROTECTION_OFFICER] == min(due.values())


@pytest.mark.req("X-06")
def test_the_hour_itself_is_over() -> None:
    moments = (FOUND_AT - timedelta(hours=7), FOUND_AT - timedelta(hours=6), FOUND_AT)

    assert [urgency_of_instant(FOUND_AT, one) for one in moments] == [
        Urgency.LATER, Urgency.SOON, Urgency.OVERDUE,
    ]  # fmt: skip


@pytest.mark.req("X-04", "X-06")
@pytest.mark.parametrize(
    ("text", "names_somebody"),
    [
        ("电话 13800138000", True),
        ("138 0013 8000", True),
        ("电话１３８００１３８０００", True),
        ("证件 44030019680101123X", True),
        ("身份证440300196801011234。", True),
        ("2026-03-01 18:30, 12 份日记, SZ01-014", False),
        ("binder 3, page 120", False),
    ],
)
def test_long_numbers_are_found_and_dates_are_none(text: str, *, names_somebody: bool) -> None:
    assert holds_long_number(text) is names_somebody

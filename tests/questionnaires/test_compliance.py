"""Compliance against a fixture that was counted by hand."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from questionnaires.compliance import Compliance, Counted, Grouping, compliance, compliance_by

D1 = date(2026, 3, 30)
DAY = timedelta(days=1)
NOW = datetime(2026, 4, 8, 20, tzinfo=UTC)

pytestmark = pytest.mark.req("C-02")


def counted(day: int, **facts: object) -> Counted:
    on = D1 + DAY * (day - 1)
    late_until = datetime(on.year, on.month, on.day, 12, tzinfo=UTC) + DAY
    values: dict[str, object] = {
        "participant": "SZ01-001", "site": "SZ01", "block": "S5", "on": on,
        "late_until": late_until,
    }  # fmt: skip
    return Counted(**(values | facts))  # type: ignore[arg-type]


def answer(day: int) -> datetime:
    on = D1 + DAY * (day - 1)
    return datetime(on.year, on.month, on.day, 19, tzinfo=UTC)


# Ten evenings of one participant, D1 = 30 March: on time 1, 2, 5; late 3; missed 4, 9; 6 was not
# offered; a pause from D7 16:00 holds 7 and 8; 10 is still open. The practice form and a cancelled
# one count nowhere. So 4 of 6, of which one late.
HERS = [
    counted(1, answered_at=answer(1)),
    counted(2, answered_at=answer(2)),
    counted(3, answered_at=answer(3), is_late=True),
    counted(4),
    counted(5, answered_at=answer(5)),
    counted(6, is_not_offered=True),
    counted(7, suspended_at=answer(7) - timedelta(hours=3)),
    counted(8, suspended_at=answer(7) - timedelta(hours=3)),
    counted(9),
    counted(10),
    counted(1, block="S0", is_analysed=False),
    counted(2, is_cancelled=True),
]


def test_four_of_six_is_counted_by_hand() -> None:
    found = compliance(HERS, now=NOW)

    assert found == Compliance(on_time=3, late=1, missed=2, not_offered=1, suspended=2)
    assert (found.completed, found.expected, found.rate) == (4, 6, Fraction(2, 3))


def test_nothing_expected_gives_no_rate_rather_than_a_zero() -> None:
    found = compliance([counted(6, is_not_offered=True), counted(10)], now=NOW)

    assert (found.expected, found.rate) == (0, None)


@pytest.mark.parametrize(("hours", "suspended"), [(-1, 0), (1, 1)])
def test_an_answer_from_before_the_pause_counts_and_one_given_in_it_does_not(
    hours: int, suspended: int
) -> None:
    at = answer(7)
    found = compliance(
        [counted(7, answered_at=at + timedelta(hours=hours), suspended_at=at)], now=NOW
    )

    assert (found.suspended, found.completed) == (suspended, 1 - suspended)


def test_at_the_instant_the_late_part_ends_it_is_missed() -> None:
    one = counted(9)
    instant = timedelta(microseconds=1)

    assert compliance([one], now=one.late_until - instant).missed == 0
    assert compliance([one], now=one.late_until).missed == 1


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (Grouping.PARTICIPANT, {"SZ01-001": (4, 6), "SZ02-001": (1, 2)}),
        (Grouping.SITE, {"SZ01": (4, 6), "SZ02": (1, 2)}),
        (Grouping.BLOCK, {"S0": (0, 0), "S4": (1, 2), "S5": (4, 6)}),
        (Grouping.PERIOD, {"2026-03": (3, 4), "2026-04": (2, 4)}),
    ],
)
def test_groups_are_counted_apart(by: Grouping, expected: dict[str, tuple[int, int]]) -> None:
    other = {"participant": "SZ02-001", "site": "SZ02", "block": "S4"}
    both = [*HERS, counted(1, answered_at=answer(1), **other), counted(2, **other)]

    found = compliance_by(by, both, now=NOW)

    assert {name: (one.completed, one.expected) for name, one in found.items()} == expected


@pytest.mark.req("B-04")
def test_nothing_is_grouped_by_what_could_tell_who_was_infused_how_often() -> None:
    assert set(Grouping) == {"participant", "block", "site", "period"}

"""When an answer was given follows from the device's count of seconds, not from its clock."""

from datetime import datetime, timedelta

import pytest

from epro.models import Assessment, Timeliness
from epro.services import answering_time
from epro.services.answering_time import AnsweringTime
from tests.clock import START

ACTIVATED_AT = START - timedelta(days=3)
US = timedelta(microseconds=1)


def derive(
    *,
    age_s: float | None = 60.0,
    device_ahead: timedelta = timedelta(),
    known_offset_s: float | None = None,
) -> AnsweringTime:
    """Derive for a device whose clock runs ahead of ours by so much."""
    honest_age_s = age_s if age_s is not None and abs(age_s) < 1e9 else 0.0
    return answering_time.derive(
        device_answered_at=START - timedelta(seconds=honest_age_s) + device_ahead,
        age_s=age_s,
        earliest_at=ACTIVATED_AT,
        known_offset_s=known_offset_s,
        now=START,
    )


@pytest.mark.req("S-02", "T-03")
def test_the_instant_is_the_receipt_less_the_age() -> None:
    assert derive(age_s=90.5) == AnsweringTime(START - timedelta(seconds=90.5), 0.0, False)


@pytest.mark.req("T-03")
def test_a_clock_two_days_ahead_changes_nothing_but_its_offset() -> None:
    time = derive(age_s=60, device_ahead=timedelta(days=2))

    assert time == AnsweringTime(START - timedelta(seconds=60), 2 * 86_400.0, False)


@pytest.mark.req("T-03")
@pytest.mark.parametrize("age_s", [-0.001, -1.0, -86_400.0, -1e300])
def test_an_answer_from_the_future_is_answered_now_and_unsure(age_s: float) -> None:
    time = derive(age_s=age_s)

    assert (time.answered_at, time.clock_unsure) == (START, True)


@pytest.mark.req("T-03")
@pytest.mark.parametrize("age_s", [3 * 86_400 + 0.001, 1e9, 1e300])
def test_an_answer_from_before_activation_is_put_there_and_unsure(age_s: float) -> None:
    time = derive(age_s=age_s)

    assert (time.answered_at, time.clock_unsure) == (ACTIVATED_AT, True)


@pytest.mark.req("T-03")
def test_an_answer_of_the_very_moment_of_activation_is_sure() -> None:
    assert derive(age_s=3 * 86_400) == AnsweringTime(ACTIVATED_AT, 0.0, False)


@pytest.mark.req("T-03")
@pytest.mark.parametrize("age_s", [None, float("nan"), float("inf"), float("-inf")])
def test_an_age_that_is_no_number_counts_as_none_and_is_unsure(age_s: float | None) -> None:
    time = derive(age_s=age_s)

    assert (time.answered_at, time.clock_unsure) == (START, True)


def test_an_activation_that_lies_ahead_does_not_put_an_answer_into_the_future() -> None:
    time = answering_time.derive(
        device_answered_at=START, age_s=0, earliest_at=START + timedelta(hours=1),
        known_offset_s=None, now=START,
    )  # fmt: skip

    assert time.answered_at == START


@pytest.mark.req("T-03")
@pytest.mark.parametrize(
    ("offset_s", "known_offset_s", "clock_unsure"),
    [
        (300.0, 0.0, False),
        (300.001, 0.0, True),
        (-300.0, 0.0, False),
        (-300.001, 0.0, True),
        (7_200.0, 7_200.0, False),
        (7_200.0, None, False),
    ],
)
def test_a_clock_that_moved_by_more_than_five_minutes_is_unsure(
    offset_s: float, known_offset_s: float | None, clock_unsure: bool
) -> None:
    time = derive(device_ahead=timedelta(seconds=offset_s), known_offset_s=known_offset_s)

    assert time.clock_unsure is clock_unsure


def assessment_until_noon() -> Assessment:
    return Assessment(
        opens_at=START,
        closes_at=START + timedelta(hours=6),
        late_until=START + timedelta(hours=8),
    )


CLOSES_AT = START + timedelta(hours=6)
LATE_UNTIL = START + timedelta(hours=8)


@pytest.mark.req("S-02", "S-07")
@pytest.mark.parametrize(
    ("at", "timeliness"),
    [
        (START - US, Timeliness.OUT_OF_WINDOW),
        (START, Timeliness.ON_TIME),
        (CLOSES_AT - US, Timeliness.ON_TIME),
        (CLOSES_AT, Timeliness.LATE),
        (LATE_UNTIL - US, Timeliness.LATE),
        (LATE_UNTIL, Timeliness.OUT_OF_WINDOW),
    ],
)
def test_the_parts_of_a_window_are_half_open(at: datetime, timeliness: Timeliness) -> None:
    assert answering_time.timeliness(assessment_until_noon(), at) is timeliness


@pytest.mark.req("S-02")
def test_without_a_late_part_the_closing_instant_is_outside() -> None:
    assessment = assessment_until_noon()
    assessment.late_until = assessment.closes_at

    timeliness = answering_time.timeliness(assessment, CLOSES_AT)

    assert timeliness is Timeliness.OUT_OF_WINDOW

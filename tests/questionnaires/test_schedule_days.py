"""Day numbers and labels, with the infusion day as D1 and as D0."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.planner import plan
from questionnaires.schedule import (
    OffsetDay,
    StudyDay,
    day_label,
    days_after_anchor,
    study_day,
)
from tests.questionnaires.trial_schedule import (
    DAY,
    INFUSION_DAY_NUMBERS,
    SHANGHAI,
    infusion_at,
    local,
    of_family,
    trial_schedule,
)

ON = date(2026, 3, 10)


@pytest.mark.req("S-09")
@pytest.mark.parametrize(("infusion_day_number", "days"), [(1, 27), (0, 28)])
def test_the_last_diary_is_that_of_day_28(infusion_day_number: int, days: int) -> None:
    schedule = trial_schedule(infusion_day_number)

    diaries = of_family(plan(schedule, infusion_at(local(ON, 10)), zone=SHANGHAI), "daily")

    assert max(diaries) == ON + DAY * days
    assert study_day(ON, max(diaries), infusion_day_number=infusion_day_number) == 28


@pytest.mark.req("S-09")
@pytest.mark.parametrize(
    ("infusion_day_number", "labels"),
    [(1, ["D-2", "D-1", "D1", "D2"]), (0, ["D-2", "D-1", "D0", "D1"])],
)
def test_day_0_exists_only_where_the_infusion_day_is_day_0(
    infusion_day_number: int, labels: list[str]
) -> None:
    days = [ON + DAY * offset for offset in range(-2, 2)]

    numbers = [study_day(ON, on, infusion_day_number=infusion_day_number) for on in days]

    assert [day_label(number) for number in numbers] == labels


@pytest.mark.req("S-09")
@given(st.integers(-40, 200), INFUSION_DAY_NUMBERS)
def test_a_day_number_leads_back_to_its_day(offset: int, infusion_day_number: int) -> None:
    number = study_day(ON, ON + DAY * offset, infusion_day_number=infusion_day_number)

    back = days_after_anchor(StudyDay(number), infusion_day_number=infusion_day_number)

    assert back == offset


@pytest.mark.req("S-09")
@given(st.integers(-40, 200), INFUSION_DAY_NUMBERS)
def test_days_counted_from_the_anchor_do_not_depend_on_its_label(
    offset: int, infusion_day_number: int
) -> None:
    day = OffsetDay(offset)

    assert days_after_anchor(day, infusion_day_number=infusion_day_number) == offset


@pytest.mark.req("S-09")
def test_naming_day_0_where_there_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no day 0"):
        days_after_anchor(StudyDay(0), infusion_day_number=1)


@pytest.mark.req("S-09")
def test_the_infusion_day_is_day_0_or_day_1() -> None:
    with pytest.raises(ValueError, match="not D2"):
        study_day(ON, ON, infusion_day_number=2)

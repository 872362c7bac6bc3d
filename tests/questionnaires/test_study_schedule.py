"""The calendar of the study as shipped."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from questionnaires.schedule import AnchorEvent, Plan, plan
from tests.questionnaires.forms import shipped

ZONE = ZoneInfo("Asia/Shanghai")
INF1 = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in Shanghai
D1 = date(2026, 3, 2)


def planned(**anchors: datetime) -> Plan:
    recorded = {AnchorEvent[name]: at for name, at in anchors.items()}
    return plan(shipped().schedule, recorded, zone=ZONE)


def dates(made: Plan, family: str) -> list[date]:
    return [one.on for one in made.assessments if one.family == family]


def days(first: int, last: int) -> list[date]:
    """Return local dates from one label to another; D1 is the infusion day."""
    return [D1 + timedelta(days=number - 1) for number in range(first, last + 1)]


@pytest.mark.req("S-01")
def test_three_diaries_lie_before_the_planned_infusion() -> None:
    assert dates(planned(INF1_PLANNED=INF1), "daily") == days(-2, 0)  # the labels D-3 to D-1


@pytest.mark.req("S-06")
def test_everyone_keeps_a_diary_from_the_infusion_evening_to_d56() -> None:
    made = planned(INF1=INF1)

    assert dates(made, "daily") == days(1, 56)
    assert dates(made, "morning_check") == days(2, 3)


@pytest.mark.req("S-06")
@pytest.mark.parametrize("day", [27, 29, 35])
def test_a_second_infusion_visit_never_makes_two_diaries_on_a_date(day: int) -> None:
    made = planned(INF1=INF1, INF2=INF1 + timedelta(days=day - 1))

    assert dates(made, "daily") == days(1, max(56, day + 27))
    evenings = [one.on for one in made.assessments if one.questionnaire == "infusion_evening"]
    assert evenings == [D1, D1 + timedelta(days=day - 1)]


@pytest.mark.req("B-02")
def test_the_second_diary_block_is_called_like_the_first() -> None:
    titles = {shipped().block_title(code) for code in ("S5", "S5u", "S5b")}

    assert len(titles) == 1


@pytest.mark.req("S-02")
def test_a_diary_may_be_given_late_until_noon() -> None:
    diary = next(one for one in planned(INF1=INF1).assessments if one.block == "S5")

    hours = [
        at.astimezone(ZONE).strftime("%d %H:%M")
        for at in (diary.opens_at, diary.due_at, diary.closes_at, diary.late_until)
    ]
    assert hours == ["03 17:00", "03 21:00", "04 00:00", "04 12:00"]


@pytest.mark.req("N-02")
def test_reminders_fit_the_budget_of_each_day() -> None:
    budget = shipped().reminders.budget
    steps = Counter(step.block for step in shipped().reminders.steps)

    per_day: Counter[date] = Counter()
    for one in planned(INF1_PLANNED=INF1, INF1=INF1).assessments:
        per_day[one.on] += steps[one.block]

    early = set(days(1, budget.early_days))
    assert {on for on, count in per_day.items() if count > budget.limit} <= early
    assert max(per_day.values()) <= budget.early_limit


@pytest.mark.req("N-02")
def test_no_day_has_three_equal_texts() -> None:
    for block in shipped().schedule.blocks:
        texts = Counter(
            step.template for step in shipped().reminders.steps if step.block == block.code
        )
        assert max(texts.values()) == 1

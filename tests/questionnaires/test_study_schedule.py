"""The calendar of the study as shipped."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from questionnaires.planner import EVENING, plan
from questionnaires.schedule import (
    AnchorEvent,
    AnsweredBy,
    DiarySlot,
    LeftOutReason,
    Plan,
    SlotChoice,
)
from questionnaires.windows import instant_of
from tests.questionnaires.forms import shipped

ZONE = ZoneInfo("Asia/Shanghai")
INF1 = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in Shanghai
D1 = date(2026, 3, 2)


def planned(*, slots: SlotChoice = EVENING, **anchors: datetime) -> Plan:
    recorded = {AnchorEvent[name]: at for name, at in anchors.items()}
    return plan(shipped().schedule, recorded, zone=ZONE, slots=slots)


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


SLOTS = [SlotChoice(slot) for slot in DiarySlot]


def steps_by_day(made: Plan) -> dict[date, dict[datetime, set[str]]]:
    """Return the texts of each local day by instant: what is due at one shares a message."""
    found: dict[date, dict[datetime, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one, step in product(made.assessments, shipped().reminders.steps):
        if step.block == one.block:
            on = one.on + timedelta(days=step.at.days)
            at = instant_of(on, step.at.minute, ZONE)
            if one.opens_at <= at < one.late_until:
                found[on][at].add(step.template)
    return found


@pytest.mark.req("N-02")
@pytest.mark.parametrize("slots", SLOTS)
def test_reminders_fit_the_budget_of_each_day(slots: SlotChoice) -> None:
    budget = shipped().reminders.budget
    made = planned(slots=slots, INF1_PLANNED=INF1, INF1=INF1)

    per_day = {on: len(instants) for on, instants in steps_by_day(made).items()}

    early = set(days(1, budget.early_days))
    assert {on for on, count in per_day.items() if count > budget.limit} <= early
    assert max(per_day.values()) <= budget.early_limit


@pytest.mark.req("S-01")
def test_the_weekly_form_gives_way_to_the_four_weekly_one_and_keeps_its_number() -> None:
    made = planned(INF1=INF1)

    by_block = {
        block: [
            (it.occurrence, (it.on - D1).days + 1) for it in made.assessments if it.block == block
        ]
        for block in ("S6", "S7", "S7c", "S7b")
    }
    assert by_block == {
        "S6": [("1", 8), ("2", 15), ("3", 22), ("5", 36), ("6", 43), ("7", 50), ("9", 64),
               ("10", 71), ("11", 78)],
        "S7": [("1", 29), ("2", 57), ("3", 85)],
        "S7c": [("1", 113), ("2", 141), ("3", 169)],
        "S7b": [("1", 99), ("3", 127), ("5", 155)],
    }  # fmt: skip
    weeks = {one.on for one in made.left_out if one.reason is LeftOutReason.GIVES_WAY}
    assert {(on - D1).days // 7 for on in weeks} == {4, 8, 12, 16, 20, 24}


@pytest.mark.req("S-01")
def test_ratings_are_the_assessors_and_fall_on_weeks_4_12_and_24() -> None:
    made = planned(INF1_PLANNED=INF1, INF1=INF1)

    ratings = [it for it in made.assessments if it.answered_by is AnsweredBy.OUTCOMES_ASSESSOR]
    assert [(it.block, (it.on - D1).days) for it in ratings] == [
        ("S8a", -1), ("S8", 28), ("S8", 84), ("S8", 168),
    ]  # fmt: skip
    assert [it.occurrence for it in ratings] == ["1", "1", "3", "6"]
    assert ratings[0].closes_at == INF1


@pytest.mark.req("S-01")
@pytest.mark.parametrize("slots", SLOTS)
@pytest.mark.parametrize("day", [27, 28, 29, 35])
def test_whoever_works_at_night_has_her_diary_on_the_same_dates(
    slots: SlotChoice, day: int
) -> None:
    made = planned(slots=slots, INF1=INF1, INF2=INF1 + timedelta(days=day))

    assert dates(made, "daily") == days(1, max(56, day + 28))
    hours = {
        it.opens_at.astimezone(ZONE).hour for it in made.assessments if it.questionnaire == "daily"
    }
    assert hours == ({17} if slots.slot is DiarySlot.EVENING else {6})


@pytest.mark.req("S-01")
def test_the_questionnaire_before_the_visit_closes_as_the_infusion_begins() -> None:
    early = INF1 - timedelta(hours=3)

    expected, real = (
        next(it for it in made.assessments if it.block == "S2")
        for made in (planned(INF1_PLANNED=INF1), planned(INF1_PLANNED=INF1, INF1=early))
    )

    assert expected.opens_at.astimezone(ZONE).date() == D1 - timedelta(days=7)
    assert expected.closes_at == instant_of(D1, 24 * 60, ZONE)
    assert real.closes_at == real.late_until == early


@pytest.mark.req("S-01")
def test_the_practice_form_is_open_from_enrolment_to_the_infusion_and_counts_nowhere() -> None:
    enrolled = INF1 - timedelta(days=20)

    practice = next(it for it in planned(ENR=enrolled, INF1=INF1).assessments if it.block == "S0")

    assert (practice.opens_at, practice.closes_at) == (enrolled, INF1)
    block = shipped().schedule.block("S0")
    assert block is not None
    assert not block.analysed

"""Silence after an infusion is a signal: when somebody is asked to phone, and what is flagged."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires.definition import SilencePolicy
from questionnaires.planner import plan
from questionnaires.schedule import (
    AnchorEvent,
    Anchors,
    PlannedAssessment,
    days_since_infusion,
)
from questionnaires.silence import Awaited, next_look_at, signals
from questionnaires.tiers import Tier
from tests.questionnaires.forms import shipped

ZONE = ZoneInfo("Asia/Shanghai")
D1 = date(2026, 3, 2)
INF1 = datetime(2026, 3, 2, 10, tzinfo=ZONE)
POLICY: SilencePolicy = shipped().silence
MINUTE = timedelta(minutes=1)


def local(day: int, clock: str) -> datetime:
    """Return a time of study day `day`, D1 being the infusion day, in Shanghai."""
    hour, minute = (int(part) for part in clock.split(":"))
    on = D1 + timedelta(days=day - 1)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def planned(block: str, day: int, anchors: Anchors) -> PlannedAssessment:
    on = D1 + timedelta(days=day - 1)
    made = plan(shipped().schedule, anchors, zone=ZONE).assessments
    return next(one for one in made if (one.block, one.on) == (block, on))


def awaited(block: str, day: int, *, infusion_at: datetime = INF1, **facts: object) -> Awaited:
    anchors = {AnchorEvent.INF1_PLANNED: infusion_at}
    if block != "S1":
        anchors = {AnchorEvent.INF1: infusion_at}
    if block.endswith("b"):
        anchors[AnchorEvent.INF2] = infusion_at + timedelta(days=28)
    one = planned(block, day, anchors)
    made = Awaited(
        on=one.on,
        block=block,
        due_at=one.due_at,
        late_until=one.late_until,
        is_completed=False,
        days_since_infusion=days_since_infusion(anchors, one.on, zone=ZONE),
    )
    return replace(made, **facts)  # type: ignore[arg-type]


def raised(one: Awaited, now: datetime) -> list[tuple[str, Tier | None]]:
    return [(it.kind.value, it.tier) for it in signals(POLICY, one, zone=ZONE, now=now)]


# --- Call now


@pytest.mark.req("A-13")
def test_a_morning_check_asks_for_a_call_two_hours_after_due() -> None:
    check = awaited("S4", 2)

    assert raised(check, local(2, "10:59")) == []
    assert raised(check, local(2, "11:00")) == [("call_now", None)]


@pytest.mark.req("A-13")
@pytest.mark.parametrize(("block", "day"), [("S3", 1), ("S5", 2), ("S5", 3), ("S3b", 29)])
def test_a_silent_evening_asks_for_a_call_when_the_quiet_hours_end(block: str, day: int) -> None:
    diary = awaited(block, day)

    assert raised(diary, local(day + 1, "07:59")) == []
    assert raised(diary, local(day + 1, "08:00")) == [("call_now", None)]


@pytest.mark.req("A-13")
def test_an_evening_infusion_due_at_midnight_asks_for_no_call_at_night() -> None:
    diary = awaited("S3", 1, infusion_at=datetime(2026, 3, 2, 18, 30, tzinfo=ZONE))
    assert diary.due_at == local(2, "00:00")

    assert raised(diary, local(2, "02:00")) == []
    assert next_look_at(POLICY, diary, zone=ZONE, now=local(2, "00:00")) == local(2, "08:00")


@pytest.mark.req("A-13")
@pytest.mark.parametrize("day", [4, 28])
def test_after_the_early_days_nobody_is_asked_to_call(day: int) -> None:
    diary = awaited("S5", day)

    assert next_look_at(POLICY, diary, zone=ZONE, now=diary.due_at) == diary.late_until


@pytest.mark.req("A-13")
def test_a_call_that_would_come_after_the_late_part_is_dropped() -> None:
    diary = replace(awaited("S5", 2), late_until=local(3, "07:00"))

    assert next_look_at(POLICY, diary, zone=ZONE, now=diary.due_at) == diary.late_until
    assert next_look_at(POLICY, diary, zone=ZONE, now=diary.late_until) is None


# --- Missed


@pytest.mark.req("A-13")
def test_the_evening_diary_of_d2_is_missed_at_noon_of_d3() -> None:
    diary = awaited("S5", 2)

    assert raised(diary, local(3, "11:59")) == [("call_now", None)]
    assert raised(diary, local(3, "12:00")) == [("missed", Tier.ORANGE)]


@pytest.mark.req("A-13")
def test_a_morning_check_is_missed_at_its_own_close() -> None:
    check = awaited("S4", 3)

    assert raised(check, local(3, "12:00")) == [("missed", Tier.ORANGE)]


@pytest.mark.req("A-13")
@pytest.mark.parametrize(
    ("block", "day", "tier"),
    [
        ("S3", 1, Tier.ORANGE),
        ("S5", 3, Tier.ORANGE),
        ("S5", 4, Tier.YELLOW),
        ("S5", 28, Tier.YELLOW),
        ("S3b", 29, Tier.ORANGE),
        ("S4b", 31, Tier.ORANGE),
    ],
)
def test_a_miss_is_orange_on_the_first_three_days_of_either_infusion(
    block: str, day: int, tier: Tier
) -> None:
    one = awaited(block, day)

    assert raised(one, one.late_until) == [("missed", tier)]


@pytest.mark.req("A-13")
@pytest.mark.parametrize(("missed_before", "found"), [(0, []), (1, ["missed_in_a_row"])])
@pytest.mark.parametrize(("block", "day"), [("S1", -1), ("S5u", 40)])
def test_two_misses_in_a_row_alarm_in_every_daily_block(
    block: str, day: int, missed_before: int, found: list[str]
) -> None:
    diary = awaited(block, day, missed_before=missed_before)

    assert raised(diary, diary.late_until) == [(kind, Tier.YELLOW) for kind in found]


@pytest.mark.req("A-13")
@pytest.mark.parametrize(
    ("open_tiers", "found"),
    [
        ({Tier.RED_A}, ["missed_while_open"]),
        ({Tier.ORANGE, Tier.YELLOW}, ["missed_while_open"]),
        ({Tier.YELLOW}, []),
        ((), []),
    ],
)
def test_one_miss_alarms_while_an_urgent_flag_is_open(
    open_tiers: set[Tier], found: list[str]
) -> None:
    diary = awaited("S5u", 40, open_tiers=frozenset(open_tiers))

    assert raised(diary, diary.late_until) == [(kind, Tier.YELLOW) for kind in found]


@pytest.mark.req("A-13")
def test_the_most_urgent_signal_comes_first() -> None:
    diary = awaited("S5", 2, missed_before=1, open_tiers=frozenset({Tier.RED_B}))

    assert raised(diary, diary.late_until) == [
        ("missed", Tier.ORANGE),
        ("missed_in_a_row", Tier.YELLOW),
        ("missed_while_open", Tier.YELLOW),
    ]


@pytest.mark.req("A-13")
def test_who_has_answered_is_not_silent() -> None:
    diary = awaited("S5", 2, is_completed=True, missed_before=5)

    assert raised(diary, diary.late_until) == []
    assert next_look_at(POLICY, diary, zone=ZONE, now=diary.due_at) is None


@pytest.mark.req("S-07")
def test_a_late_answer_is_awaited_until_the_late_part_ends() -> None:
    diary = awaited("S5", 10)

    assert raised(diary, diary.late_until - MINUTE) == []
    assert raised(diary, diary.late_until) == [("missed", Tier.YELLOW)]


@pytest.mark.req("A-13")
@given(
    st.sampled_from([("S3", 1), ("S4", 2), ("S5", 2), ("S5", 9), ("S5u", 30)]),
    st.integers(0, 2),
)
def test_nothing_changes_between_the_instants_to_look_at(
    of: tuple[str, int], missed_before: int
) -> None:
    one = awaited(*of, missed_before=missed_before)
    start = one.due_at - timedelta(hours=1)
    looks = [start]
    while look := next_look_at(POLICY, one, zone=ZONE, now=looks[-1]):
        looks.append(look)
    assert looks[-1] == one.late_until

    for now in (start + 5 * MINUTE * number for number in range(12 * 24)):
        last_look = max(look for look in looks if look <= now)
        assert raised(one, now) == raised(one, last_look)


@pytest.mark.req("S-07")
def test_days_count_from_the_latest_infusion() -> None:
    anchors = {AnchorEvent.INF1: INF1, AnchorEvent.INF2: INF1 + timedelta(days=28)}
    days = [D1 + timedelta(days=offset) for offset in (-1, 0, 27, 28, 30)]

    since = [days_since_infusion(anchors, on, zone=ZONE) for on in days]

    assert since == [None, 0, 27, 0, 2]

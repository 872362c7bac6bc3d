"""What is reminded of next, what is caught up after an outage, and when one message is enough."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from questionnaires.reminding import (
    Decision,
    DueReminder,
    ReminderPolicy,
    ReminderStep,
    SentReminder,
    SkipReason,
    Step,
    decide,
    last_step_today,
    next_look_at,
    next_step,
    skipped_steps,
)
from questionnaires.schedule import ClockTime, Window
from tests.questionnaires.forms import shipped

SHANGHAI = ZoneInfo("Asia/Shanghai")
URUMQI_LIKE = ZoneInfo("Asia/Tashkent")
ON = date(2026, 3, 4)
POLICY: ReminderPolicy = shipped().reminders


def at(clock: str, day: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Return a local time of the diary's day, or of one so many days after it."""
    hour, minute = (int(part) for part in clock.split(":"))
    on = ON + timedelta(days=day)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone).astimezone(UTC)


DIARY = Window(at("17:00"), at("12:00", 1))


def upcoming(
    now: datetime,
    *done: str,
    window: Window = DIARY,
    block: str = "S5",
    zone: ZoneInfo = SHANGHAI,
    policy: ReminderPolicy = POLICY,
) -> tuple[str, datetime] | None:
    step = next_step(
        policy, block, planned_on=ON, window=window, zone=zone, steps_done=done, now=now
    )
    return (step.code, step.at) if step else None


def skipped(
    now: datetime,
    *done: str,
    window: Window = DIARY,
    zone: ZoneInfo = SHANGHAI,
    policy: ReminderPolicy = POLICY,
) -> dict[str, str]:
    found = skipped_steps(
        policy, "S5", planned_on=ON, window=window, zone=zone, steps_done=done, now=now
    )
    return {one.step.code: one.reason.value for one in found}


# --- The steps of one assessment


@pytest.mark.req("N-02")
def test_the_steps_come_one_after_the_other() -> None:
    assert upcoming(at("12:00")) == ("first", at("18:00"))
    assert upcoming(at("18:00")) == ("first", at("18:00"))
    assert upcoming(at("18:00"), "first") == ("last", at("21:00"))
    assert upcoming(at("21:00"), "first", "last") is None


@pytest.mark.req("N-02")
def test_a_block_without_steps_is_never_reminded_of() -> None:
    assert upcoming(at("12:00"), block="S8") is None


@pytest.mark.req("N-03")
def test_of_the_steps_that_were_missed_only_the_latest_is_sent() -> None:
    now = at("21:10")

    assert upcoming(now) == ("last", at("21:00"))
    assert skipped(now) == {"first": "overtaken"}


@pytest.mark.req("N-03")
@pytest.mark.parametrize(("clock", "is_sent"), [("20:59", True), ("21:00", False)])
def test_a_missed_step_is_useful_until_the_next_is_due(clock: str, is_sent: bool) -> None:
    assert (upcoming(at(clock)) == ("first", at("18:00"))) is is_sent


@pytest.mark.req("N-03")
@pytest.mark.parametrize(
    ("late", "reason"), [(timedelta(hours=3), {}), (timedelta(hours=3, minutes=1), "too_late")]
)
def test_a_step_more_than_three_hours_late_is_not_sent(late: timedelta, reason: object) -> None:
    one_step = replace(
        POLICY, steps=(ReminderStep("S5", "only", ClockTime(0, 1080), "diary_open"),)
    )
    now = at("18:00") + late

    assert skipped(now, policy=one_step) == ({"only": reason} if reason else {})
    assert (upcoming(now, policy=one_step) is None) is bool(reason)


@pytest.mark.req("N-03")
def test_after_two_days_down_nothing_is_sent_for_a_closed_window() -> None:
    now = at("20:00", 2)

    assert upcoming(now) is None
    assert skipped(now) == {"first": "closed", "last": "closed"}


@pytest.mark.req("N-02")
def test_a_step_before_the_opening_is_skipped() -> None:
    evening = Window(at("20:30"), at("12:00", 1))

    assert upcoming(at("12:00"), window=evening) == ("last", at("21:00"))
    assert skipped(at("17:59"), window=evening) == {}
    assert skipped(at("18:00"), window=evening) == {"first": "not_open"}


@pytest.mark.req("N-02")
@pytest.mark.parametrize(
    ("minute", "reason"), [(21 * 60 + 29, None), (21 * 60 + 30, "quiet_hours"), (8 * 60, None)]
)
def test_a_step_in_the_quiet_hours_is_skipped(minute: int, reason: str | None) -> None:
    policy = replace(
        POLICY, steps=(ReminderStep("S5", "own", ClockTime(minute // 1200 - 1, minute), "x"),)
    )
    window = Window(at("00:00", -2), at("12:00", 1))
    due_at = at(f"{minute // 60:02}:{minute % 60:02}", minute // 1200 - 1)

    found = skipped(due_at, policy=policy, window=window)

    assert found == ({"own": reason} if reason else {})


@pytest.mark.req("N-02")
def test_what_is_caught_up_is_not_sent_into_the_quiet_hours() -> None:
    now = at("21:30")

    assert upcoming(now, "first") is None
    assert skipped(now, "first") == {"last": "quiet_hours"}


@pytest.mark.req("N-02")
def test_a_step_of_the_next_morning_falls_into_the_late_part() -> None:
    morning = ReminderStep("S5", "morning", ClockTime(1, 9 * 60), "morning_open")
    policy = replace(POLICY, steps=(*POLICY.steps, morning))

    assert upcoming(at("22:00"), "first", "last", policy=policy) == ("morning", at("09:00", 1))
    closed = replace(DIARY, closes_at=at("09:00", 1))
    assert upcoming(at("22:00"), "first", "last", policy=policy, window=closed) is None


@pytest.mark.req("S-03")
def test_a_participant_who_travels_is_reminded_by_her_new_clock() -> None:
    assert upcoming(at("12:00"), zone=URUMQI_LIKE) == ("first", at("18:00", zone=URUMQI_LIKE))


@pytest.mark.req("N-03")
def test_the_instant_to_look_at_is_that_of_the_first_step_not_done() -> None:
    def look(*done: str) -> datetime | None:
        return next_look_at(POLICY, "S5", planned_on=ON, zone=SHANGHAI, steps_done=done)

    assert [look(), look("first"), look("first", "last")] == [at("18:00"), at("21:00"), None]


# --- One message for all that is due

NOON = at("12:00")
LAST = Step("last", "diary_last", at("21:00"))


def due(*templates: str, when: datetime = NOON) -> list[DueReminder]:
    return [
        DueReminder(f"a{number}", Step("first", template, when))
        for number, template in enumerate(templates)
    ]


def sent(*templates: str, when: datetime = NOON - timedelta(hours=2)) -> list[SentReminder]:
    return [SentReminder(template, when) for template in templates]


def decided(
    reminders: list[DueReminder],
    earlier: list[SentReminder] | None = None,
    *,
    is_early_day: bool = False,
    reserved: Step | None = None,
    now: datetime = NOON,
) -> Decision:
    return decide(
        POLICY,
        reminders,
        sent=earlier or [],
        is_early_day=is_early_day,
        reserved=reserved,
        zone=SHANGHAI,
        now=now,
    )


def reasons(decision: Decision) -> set[SkipReason]:
    return {one.reason for one in decision.skipped}


@pytest.mark.req("N-02")
def test_five_forms_due_share_one_message() -> None:
    forms = due("a", "b", "c", "d", "e")

    decision = decided(forms)

    assert decision.template == "a"
    assert (decision.covered, decision.skipped) == (tuple(forms), ())


@pytest.mark.req("N-02")
def test_the_shared_message_has_the_words_of_the_latest_step() -> None:
    forms = due("morning") + due("noon", when=NOON + timedelta(minutes=5))

    assert decided(forms, now=NOON + timedelta(minutes=5)).template == "noon"


@pytest.mark.req("N-02")
def test_nothing_due_is_no_message() -> None:
    assert decided([]) == Decision(None)


@pytest.mark.req("N-02")
@pytest.mark.parametrize(
    ("is_early_day", "count", "is_sent"),
    [(False, 1, True), (False, 2, False), (True, 2, True), (True, 3, False)],
)
def test_the_daily_budget_is_two_and_three_on_the_early_days(
    is_early_day: bool, count: int, is_sent: bool
) -> None:
    earlier = sent("a", "b", "c")[:count]

    decision = decided(due("d"), earlier, is_early_day=is_early_day)

    assert (decision.template is not None) is is_sent
    assert reasons(decision) == (set() if is_sent else {SkipReason.BUDGET})


@pytest.mark.req("N-02")
def test_yesterdays_messages_do_not_count() -> None:
    yesterday = sent("a", "b", "c", when=at("23:59", -1))

    assert decided(due("d"), yesterday).template == "d"


@pytest.mark.req("N-02")
def test_the_last_step_of_the_diary_is_reserved() -> None:
    earlier = sent("a")

    assert decided(due("b"), earlier).template == "b"
    assert reasons(decided(due("b"), earlier, reserved=LAST)) == {SkipReason.BUDGET}


@pytest.mark.req("N-02")
def test_the_reserved_step_itself_is_sent_and_takes_the_others_along() -> None:
    forms = [*due("weekly", when=LAST.at), DueReminder("diary", LAST)]

    decision = decided(forms, sent("a"), reserved=LAST, now=LAST.at)

    assert decision.covered == tuple(forms)


@pytest.mark.req("N-02")
def test_the_last_step_still_to_come_today_is_found() -> None:
    def last(now: datetime, *done: str) -> Step | None:
        return last_step_today(
            POLICY, "S5", planned_on=ON, window=DIARY, zone=SHANGHAI, steps_done=done, now=now
        )

    assert last(at("08:00")) == LAST
    assert last(at("18:00"), "first") == LAST
    assert last(at("08:00"), "last") == Step("first", "diary_open", at("18:00"))
    assert last(at("21:00")) is None
    assert last(at("23:59", -1)) is None


@pytest.mark.req("N-02")
def test_a_third_equal_text_within_24_hours_is_not_sent() -> None:
    day_before = sent("a", when=NOON - timedelta(hours=23)) * 2

    assert decided(due("a", "b"), day_before).template == "b"
    assert reasons(decided(due("a"), day_before)) == {SkipReason.SAME_TEXT}
    assert decided(due("a"), sent("a", "a", when=NOON - timedelta(hours=24))).template == "a"


@pytest.mark.req("N-02")
@pytest.mark.parametrize("late_s", [0.0, 0.2, 9.9])
def test_the_same_minute_of_the_day_before_is_a_day_ago_however_long_a_tick_took(
    late_s: float,
) -> None:
    yesterday = NOON - timedelta(hours=24) + timedelta(seconds=late_s)
    a_minute_later = yesterday + timedelta(minutes=1)

    assert decided(due("a"), sent("a", "a", when=yesterday)).template == "a"
    assert reasons(decided(due("a"), sent("a", "a", when=a_minute_later))) == {SkipReason.SAME_TEXT}


@pytest.mark.req("N-02")
def test_the_text_of_the_reserved_step_is_kept_for_it_too() -> None:
    decision = decided(due("diary_last"), sent("diary_last"), is_early_day=True, reserved=LAST)

    assert reasons(decision) == {SkipReason.SAME_TEXT}


@pytest.mark.req("N-02")
@pytest.mark.parametrize(
    ("clock", "is_quiet"), [("07:59", True), ("08:00", False), ("21:29", False), ("21:30", True)]
)
def test_nobody_is_woken(clock: str, is_quiet: bool) -> None:
    decision = decided(due("a"), now=at(clock))

    assert (decision.template is None) is is_quiet
    assert reasons(decision) == ({SkipReason.QUIET_HOURS} if is_quiet else set())

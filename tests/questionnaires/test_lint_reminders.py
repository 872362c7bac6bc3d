"""What keeps reminders from being published: too many on any day, at night, or without a text."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from questionnaires.definition import StudyPackage
from questionnaires.lint import Severity, check
from questionnaires.reminding import OwnTime, ReminderStep
from questionnaires.schedule import ClockTime
from questionnaires.tiers import Channel
from tests.questionnaires.forms import shipped

pytestmark = pytest.mark.req("N-02")


def faults(package: StudyPackage) -> dict[str, str]:
    found = check(package)
    assert {one.severity for one in found} <= {Severity.FAULT}
    return {one.code: f"{one.place} {one.reason}" for one in found}


def with_reminders(*more: ReminderStep, **changes: object) -> StudyPackage:
    policy = shipped().reminders
    changes = {"steps": (*policy.steps, *more)} | changes
    return replace(shipped(), reminders=replace(policy, **changes))  # type: ignore[arg-type]


def clock(text: str, days: int = 0) -> ClockTime:
    hour, minute = text.split(":")
    return ClockTime(days, int(hour) * 60 + int(minute))


def step(block: str, at: str, template: str = "morning_open", *, days: int = 0) -> ReminderStep:
    return ReminderStep(block, f"at_{at.replace(':', '')}", clock(at, days), template)


def with_movable(code: str, earliest: str, latest: str, block: str = "S5") -> StudyPackage:
    steps = tuple(
        replace(one, movable=OwnTime(clock(earliest), clock(latest)))
        if (one.block, one.code) == (block, code)
        else one
        for one in shipped().reminders.steps
    )
    return with_reminders(steps=steps)


@pytest.mark.parametrize(
    ("more", "day"),
    [
        (step("S5", "20:45"), "first on D4"),
        (step("S1", "20:45"), "first on D-3"),
        (step("S5u", "20:45"), "first on D29"),
        (step("S3", "20:45"), None),
        # That evening has the four-weekly form beside it.
        (step("S3b", "20:45"), "first on D29 (with infusion visit 2 on D29)"),
        (step("S5b", "20:45"), "first on D29 (with infusion visit 2 on D27)"),
        # On the early days three fit, and a fourth does not.
        (step("S4", "10:00"), "first on D2"),
        (step("S4b", "10:00"), "first on D28 (with infusion visit 2 on D27)"),
    ],
)
def test_steps_that_exceed_the_budget_on_any_day_of_the_plan_are_refused_by_that_day(
    more: ReminderStep, day: str | None
) -> None:
    found = faults(with_reminders(more))

    assert found.keys() == ({"budget"} if day else set())
    days = [one.reason for one in check(with_reminders(more))]
    assert day is None or any(reason.endswith(day) for reason in days)


def test_forms_due_at_one_instant_count_as_one_message() -> None:
    also = ReminderStep("S4", "evening", clock("18:00"), "diary_open")

    # The morning check cannot be answered in the evening, the diary's neighbour can.
    assert faults(with_reminders(also)) == {}
    assert faults(
        with_reminders(ReminderStep("S5", "second", clock("18:00"), "diary_open"))
    ).keys() == {"movable"}


@pytest.mark.parametrize(
    ("more", "day"),
    [
        (step("S5", "22:00"), "on D2"),
        (step("S5", "07:59", days=1), "on D3"),
        (step("S5b", "23:00"), "on D29 (with infusion visit 2 on D27)"),
    ],
)
def test_a_step_in_the_quiet_hours_is_refused_by_the_day(more: ReminderStep, day: str) -> None:
    found = faults(with_reminders(more))

    assert f"'{more.block}.{more.code}' lies in the quiet hours" in found["quiet"]
    assert found["quiet"].endswith(day)


def test_a_third_equal_text_within_a_day_is_refused_across_midnight() -> None:
    more = [
        step("S3", "20:40", "diary_last"),
        step("S4", "08:30", "diary_last"),
    ]
    assert "same_text" in faults(with_reminders(*more))


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: with_reminders(too_late_hours=0), "too_late"),
        (lambda: with_reminders(channels=()), "channels"),
        (lambda: with_reminders(channels=(Channel.SMS, Channel.SMS)), "channels"),
        (lambda: with_reminders(channels=(Channel.SMS, Channel.VOICE)), "unknown_text"),
        (lambda: with_reminders(step("S99", "20:40")), "unknown_block"),
        (lambda: with_reminders(step("S3", "20:40", "nothing")), "unknown_text"),
        (lambda: with_reminders(step("S3", "20:40", "alert_sms")), "wrong_audience"),
        (lambda: with_movable("first", "17:00", "21:00"), "movable"),
        (lambda: with_movable("first", "18:30", "20:00"), "movable"),
        (lambda: with_movable("first", "16:00", "20:00"), "movable"),
        (lambda: with_movable("last", "20:00", "21:30"), "quiet"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(
    made: Callable[[], StudyPackage], code: str
) -> None:
    assert code in faults(made())


def test_what_may_not_open_yet_at_the_earliest_time_is_named_with_its_day() -> None:
    found = faults(with_movable("first", "16:00", "20:00"))

    assert found["movable"].endswith("may be moved to before it can be answered, first on D2")


def test_a_study_needs_words_that_must_not_be_said() -> None:
    words = replace(shipped().never_say, zh=())

    assert "no_words" in faults(replace(shipped(), never_say=words))


def test_an_english_text_is_counted_in_its_own_alphabet() -> None:
    def lengths(en: str) -> dict[str, str]:
        texts = [
            replace(one, body=replace(one.body, en=en)) if one.key == "diary_open" else one
            for one in shipped().texts
        ]
        return faults(replace(shipped(), texts=tuple(texts)))

    assert "too_long" not in lengths("a" * 155)
    assert "too_long" in lengths("a" * 156)
    # One curly apostrophe makes the whole of it Chinese to the network.
    assert "too_long" in lengths("a" * 65 + "’")

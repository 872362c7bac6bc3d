"""A week of one participant, in any zone, with the machines down now and then.

What a service will do at each tick is done here with a list in place of the tables.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from questionnaires.reminding import (
    DueReminder,
    ReminderPolicy,
    ReminderStep,
    SentReminder,
    SkipReason,
    decide,
    last_step_today,
    next_look_at,
    next_step,
    skipped_steps,
)
from questionnaires.schedule import ClockTime, Window
from questionnaires.windows import instant_of
from tests.questionnaires.forms import shipped
from tests.questionnaires.trial_schedule import DAY, ZONES

TICK = timedelta(minutes=30)
DAYS = 4
BUDGETED = {SkipReason.BUDGET, SkipReason.SAME_TEXT}


class Facts(TypedDict):
    planned_on: date
    window: Window
    zone: ZoneInfo
    steps_done: Collection[str]


@dataclass
class Form:
    id: str
    block: str
    on: date
    window: Window
    done: dict[str, SkipReason | None] = field(default_factory=dict)

    def facts(self, zone: ZoneInfo) -> Facts:
        return {
            "planned_on": self.on,
            "window": self.window,
            "zone": zone,
            "steps_done": self.done.keys(),
        }


@dataclass
class Week:
    policy: ReminderPolicy
    zone: ZoneInfo
    first_on: date
    is_early: bool
    forms: list[Form]
    sent: list[SentReminder] = field(default_factory=list)

    def tick(self, now: datetime) -> int:
        """Do what is due; return how many messages that made."""
        due = []
        for form in self.forms:
            for passed in skipped_steps(self.policy, form.block, **form.facts(self.zone), now=now):
                form.done[passed.step.code] = passed.reason
            step = next_step(self.policy, form.block, **form.facts(self.zone), now=now)
            if step and step.at <= now:
                due.append(DueReminder(form.id, step))
        today = now.astimezone(self.zone).date()
        diary = next((one for one in self.forms if (one.block, one.on) == ("diary", today)), None)
        decision = decide(
            self.policy,
            due,
            sent=self.sent,
            is_early_day=self.is_early,
            reserved=last_step_today(self.policy, diary.block, **diary.facts(self.zone), now=now)
            if diary
            else None,
            zone=self.zone,
            now=now,
        )
        by_id = {form.id: form for form in self.forms}
        for reminder in decision.covered:
            assert by_id[reminder.assessment].window.holds(now)
            by_id[reminder.assessment].done[reminder.step.code] = None
        for one in decision.skipped:
            by_id[one.reminder.assessment].done[one.reminder.step.code] = one.reason
        if decision.template is None:
            return 0
        self.sent.append(SentReminder(decision.template, now))
        return 1

    def next_look_at(self, form: Form) -> datetime | None:
        return next_look_at(
            self.policy, form.block, planned_on=form.on, zone=self.zone, steps_done=form.done.keys()
        )


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    zone = draw(ZONES)
    first_on = draw(st.dates(date(2025, 1, 1), date(2030, 1, 1)))
    minutes = st.integers(8 * 60, 21 * 60 + 29)
    others = draw(st.lists(st.tuples(minutes, st.sampled_from("abc")), max_size=6))
    diary = [ReminderStep("diary", "first", ClockTime(0, 1080), "diary_open")]
    diary += [ReminderStep("diary", "last", ClockTime(0, 1260), "diary_last")]
    steps = [
        ReminderStep("other", f"s{number}", ClockTime(0, minute), template)
        for number, (minute, template) in enumerate(others)
    ]
    policy = replace(shipped().reminders, steps=(*diary, *steps))
    forms = []
    for on in (first_on + DAY * number for number in range(DAYS)):
        late_until = instant_of(on + DAY, 720, zone)
        forms.append(Form(f"d{on}", "diary", on, Window(instant_of(on, 1020, zone), late_until)))
        forms.append(Form(f"o{on}", "other", on, Window(instant_of(on, 480, zone), late_until)))
    return Week(policy, zone, first_on, draw(st.booleans()), forms)


OUTAGES = st.lists(
    st.tuples(st.integers(0, DAYS * 48), st.integers(1, 100)), max_size=3
)  # begin and length, in ticks


def live_through(week: Week, outages: list[tuple[int, int]]) -> list[datetime]:
    """Tick through the days and one more, but not in the outages; return the ticks."""
    begin = instant_of(week.first_on, 0, week.zone)
    down = {tick for start, length in outages for tick in range(start, start + length)}
    ticks = [begin + TICK * number for number in range((DAYS + 6) * 48) if number not in down]
    for now in ticks:
        assert week.tick(now) <= 1
        assert week.tick(now) == 0  # a second worker at the same instant finds nothing
    return ticks


STATED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.req("N-02")
@STATED
@given(weeks(), OUTAGES)
def test_the_budget_is_kept_nobody_is_woken_and_no_text_comes_thrice(
    week: Week, outages: list[tuple[int, int]]
) -> None:
    live_through(week, outages)

    days = Counter(one.sent_at.astimezone(week.zone).date() for one in week.sent)
    assert max(days.values(), default=0) <= week.policy.budget.on(is_early_day=week.is_early)
    assert not any(week.policy.quiet_hours.hold_at(one.sent_at, week.zone) for one in week.sent)
    for one in week.sent:
        alike = [
            other
            for other in week.sent
            if other.template == one.template
            and timedelta(0) <= one.sent_at - other.sent_at < timedelta(hours=24)
        ]
        assert len(alike) <= 2


@pytest.mark.req("N-02")
@STATED
@given(weeks(), OUTAGES)
def test_the_last_step_of_the_diary_is_never_crowded_out(
    week: Week, outages: list[tuple[int, int]]
) -> None:
    live_through(week, outages)

    last = [form.done["last"] for form in week.forms if form.block == "diary"]
    assert not BUDGETED & set(last)
    if not outages:
        assert last == [None] * DAYS


@pytest.mark.req("N-03")
@STATED
@given(weeks(), OUTAGES)
def test_every_step_is_sent_once_or_has_its_reason(
    week: Week, outages: list[tuple[int, int]]
) -> None:
    live_through(week, outages)

    for form in week.forms:
        codes = {step.code for step in week.policy.steps if step.block == form.block}
        assert form.done.keys() == codes
        assert week.next_look_at(form) is None


@pytest.mark.req("N-03")
@STATED
@given(weeks(), st.integers(0, 48))
def test_after_two_days_down_at_most_one_message_is_caught_up(week: Week, start: int) -> None:
    begin = instant_of(week.first_on, 0, week.zone)
    for number in range(start):
        week.tick(begin + TICK * number)
    before = len(week.sent)
    up_again_at = begin + TICK * start + timedelta(days=2)

    week.tick(up_again_at)
    week.tick(up_again_at)

    assert len(week.sent) - before <= 1
    for form in week.forms:
        if form.window.closes_at <= up_again_at:
            assert week.next_look_at(form) is None

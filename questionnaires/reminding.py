"""When a participant is reminded, and of what: the policy, and what follows from it at an instant.

An assessment's steps are looked at one by one (`next_step`, `skipped_steps`), a participant's due
ones together (`decide`). What was missed while nothing ran is caught up like this: of the steps
whose time has passed only the latest is still sent, and only if it is not too late for that, the
assessment can still be answered and nobody is asleep. All others are skipped, each with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from questionnaires.hours import LocalHours
from questionnaires.schedule import ClockTime, Window
from questionnaires.tiers import Channel
from questionnaires.windows import instant_of

# Providers hold back the third equal text within 24 hours.
MOST_EQUAL_TEXTS = 2
_EQUAL_TEXTS_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OwnTime:
    """Between which local times a participant may move a step, both included."""

    earliest: ClockTime
    latest: ClockTime


@dataclass(frozen=True, slots=True)
class ReminderStep:
    """Remind of a block's assessment at a local time, `at.days` from the day it belongs to."""

    block: str
    code: str
    at: ClockTime
    template: str
    movable: OwnTime | None = None

    def moved_to(self, minute: int) -> ReminderStep:
        """Return the step at a minute of its day, or as near to it as it may be moved."""
        if self.movable is None:
            return self
        nearest = min(max(minute, self.movable.earliest.minute), self.movable.latest.minute)
        return replace(self, at=ClockTime(self.at.days, nearest))


def text_key_on(channel: Channel, template: str, own: Channel) -> str:
    """Return the key of a step's text on a channel; `own` is that of the text the step names."""
    return template if channel is own else f"{template}_{channel}"


@dataclass(frozen=True, slots=True)
class DailyBudget:
    """Text messages a local day; `early_limit` on the first `early_days`, infusion day included."""

    limit: int
    early_days: int
    early_limit: int

    def on(self, *, is_early_day: bool) -> int:
        """Return how many messages a day may bring."""
        return self.early_limit if is_early_day else self.limit


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When and how often a participant is reminded; nothing is sent in the quiet hours.

    A step that could not be sent for more than `too_late_hours` is not sent any more. `channels`
    are tried in this order, from the one a participant chose on.
    """

    quiet_hours: LocalHours
    budget: DailyBudget
    steps: tuple[ReminderStep, ...]
    too_late_hours: int = 3
    channels: tuple[Channel, ...] = (Channel.SMS,)

    @property
    def own_time(self) -> OwnTime | None:
        """Return between which times a participant may choose her own; None where there is none."""
        spans = [step.movable for step in self.steps if step.movable]
        if not spans:
            return None
        return OwnTime(
            min((span.earliest for span in spans), key=lambda one: one.minute),
            max((span.latest for span in spans), key=lambda one: one.minute),
        )

    def moved_to(self, minute: int | None) -> ReminderPolicy:
        """Return the policy of a participant who chose that minute of the day; None: she did not.

        Nothing else about a person moves a reminder.
        """
        if minute is None:
            return self
        return replace(self, steps=tuple(step.moved_to(minute) for step in self.steps))


class SkipReason(StrEnum):
    """Why a step is not sent."""

    NOT_OPEN = "not_open"
    CLOSED = "closed"
    QUIET_HOURS = "quiet_hours"
    OVERTAKEN = "overtaken"
    TOO_LATE = "too_late"
    BUDGET = "budget"
    SAME_TEXT = "same_text"
    OPTED_OUT = "opted_out"
    NOT_TAKING_PART = "not_taking_part"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of one assessment; due from `at` (UTC) on."""

    code: str
    template: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SkippedStep:
    """A step whose time has passed and that will not be sent."""

    step: Step
    reason: SkipReason


# --- The steps of one assessment -----------------------------------------------------------------


def next_step(
    policy: ReminderPolicy,
    block: str,
    *,
    planned_on: date,
    window: Window,
    zone: ZoneInfo,
    steps_done: Collection[str],
    now: datetime,
) -> Step | None:
    """Return the step to send next, due when its `at` is not after `now`; None when none is left.

    The assessment is neither answered nor cancelled. `window` is as long as it can be answered:
    from opens_at until late_until. `zone` is where the participant is now. `steps_done` are the
    codes of the steps that were sent or skipped.
    """
    steps = _steps(policy, block, planned_on, zone)
    return next(
        (
            step
            for step in steps
            if step.code not in steps_done
            and _reason_against(step, steps, policy, window, zone, now=now) is None
        ),
        None,
    )


def skipped_steps(
    policy: ReminderPolicy,
    block: str,
    *,
    planned_on: date,
    window: Window,
    zone: ZoneInfo,
    steps_done: Collection[str],
    now: datetime,
) -> tuple[SkippedStep, ...]:
    """Return the steps not done whose time has passed and that are not sent any more, with why."""
    steps = _steps(policy, block, planned_on, zone)
    return tuple(
        SkippedStep(step, reason)
        for step in steps
        if step.code not in steps_done
        and step.at <= now
        and (reason := _reason_against(step, steps, policy, window, zone, now=now))
    )


def next_look_at(
    policy: ReminderPolicy,
    block: str,
    *,
    planned_on: date,
    zone: ZoneInfo,
    steps_done: Collection[str],
) -> datetime | None:
    """Return when a step is next to be sent or noted as skipped; what `next_reminder_at` holds.

    It may lie in the past: then there is something to do now.
    """
    steps = _steps(policy, block, planned_on, zone)
    return next((step.at for step in steps if step.code not in steps_done), None)


def last_step_today(
    policy: ReminderPolicy,
    block: str,
    *,
    planned_on: date,
    window: Window,
    zone: ZoneInfo,
    steps_done: Collection[str],
    now: datetime,
) -> Step | None:
    """Return the last step of a diary that is still to come on the local day of `now`.

    It is what `decide` keeps one message for.
    """
    steps = _steps(policy, block, planned_on, zone)
    return next(
        (
            step
            for step in reversed(steps)
            if step.code not in steps_done
            and step.at > now
            and _is_same_day(step.at, now, zone)
            and _reason_against(step, steps, policy, window, zone, now=now) is None
        ),
        None,
    )


def _steps(
    policy: ReminderPolicy, block: str, planned_on: date, zone: ZoneInfo
) -> tuple[Step, ...]:
    """Return all steps of an assessment, by time."""
    steps = (
        Step(
            one.code,
            one.template,
            instant_of(planned_on + timedelta(days=one.at.days), one.at.minute, zone),
        )
        for one in policy.steps
        if one.block == block
    )
    return tuple(sorted(steps, key=lambda step: step.at))


def _reason_against(
    step: Step,
    steps: Sequence[Step],
    policy: ReminderPolicy,
    window: Window,
    zone: ZoneInfo,
    *,
    now: datetime,
) -> SkipReason | None:
    """Return why a step is not sent, at its time or, where that has passed, now."""
    quiet_hours = policy.quiet_hours
    reasons = [
        (SkipReason.NOT_OPEN, step.at < window.opens_at),
        (SkipReason.CLOSED, max(step.at, now) >= window.closes_at),
        (SkipReason.QUIET_HOURS, quiet_hours.hold_at(step.at, zone)),
    ]
    if step.at <= now:
        later = steps[steps.index(step) + 1 :]
        reasons += [
            (SkipReason.OVERTAKEN, any(one.at <= now for one in later)),
            (SkipReason.TOO_LATE, now - step.at > timedelta(hours=policy.too_late_hours)),
            (SkipReason.QUIET_HOURS, quiet_hours.hold_at(now, zone)),
        ]
    return next((reason for reason, applies in reasons if applies), None)


# --- What is due for one participant -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A step that is due, and the id of the assessment it reminds of."""

    assessment: str
    step: Step


@dataclass(frozen=True, slots=True)
class SentReminder:
    """A message that went to the participant, or is about to: queued counts as sent.

    `on` is the day of hers that it belongs to. Left out, it is the day of `sent_at` where she is
    now: for whoever has flown since that may be another one.
    """

    template: str
    sent_at: datetime
    on: date | None = None


@dataclass(frozen=True, slots=True)
class SkippedReminder:
    """A due step for which no message is sent."""

    reminder: DueReminder
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Decision:
    """One message with that template for all `covered`, or none."""

    template: str | None
    covered: tuple[DueReminder, ...] = ()
    skipped: tuple[SkippedReminder, ...] = ()


def decide(
    policy: ReminderPolicy,
    due: Sequence[DueReminder],
    *,
    sent: Sequence[SentReminder],
    is_early_day: bool,
    reserved: Step | None,
    zone: ZoneInfo,
    now: datetime,
) -> Decision:
    """Decide on one message for everything that is due for a participant at `now`.

    `sent` holds at least the last two days. A day is a local day of `zone`; what was sent counts
    for the day it belongs to. `reserved` is the last step of the day's diary (`last_step_today`):
    while it is to come, one message of the day and one use of its text are kept for it.
    """
    if not due:
        return Decision(None)
    if policy.quiet_hours.hold_at(now, zone):
        return _none(due, SkipReason.QUIET_HOURS)
    counted = list(sent)
    if reserved and reserved.at > now and _is_same_day(reserved.at, now, zone):
        counted.append(SentReminder(reserved.template, reserved.at))
    today = sum(1 for one in counted if _is_of_today(one, now, zone))
    if today >= policy.budget.on(is_early_day=is_early_day):
        return _none(due, SkipReason.BUDGET)
    # By the minute: what goes out at nine each day is a day apart, however long a tick took.
    since = _minute_of(now) - _EQUAL_TEXTS_WITHIN
    used = Counter(one.template for one in counted if _minute_of(one.sent_at) > since)
    template = next((one for one in _by_latest(due) if used[one] < MOST_EQUAL_TEXTS), None)
    if template is None:
        return _none(due, SkipReason.SAME_TEXT)
    return Decision(template, covered=tuple(due))


def _none(due: Iterable[DueReminder], reason: SkipReason) -> Decision:
    return Decision(None, skipped=tuple(SkippedReminder(one, reason) for one in due))


def _by_latest(due: Sequence[DueReminder]) -> list[str]:
    """Return the texts of what is due, that of the latest step first."""
    return [one.step.template for one in sorted(due, key=lambda one: one.step.at, reverse=True)]


def _minute_of(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _is_of_today(one: SentReminder, now: datetime, zone: ZoneInfo) -> bool:
    on = one.on or one.sent_at.astimezone(zone).date()
    return on == now.astimezone(zone).date()


def _is_same_day(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    return one.astimezone(zone).date() == other.astimezone(zone).date()

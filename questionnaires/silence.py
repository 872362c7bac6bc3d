"""What follows when an answer does not come (R34): whom to phone, and what to flag.

- *call now*: on the early days, a line on the work list some time after due; for other forms on a
  later day, at a local time that the policy names. Where that falls into the participant's quiet
  hours it waits for their end: an infusion evening that is due at 24:00 asks for a call at 08:00,
  not at 02:00. It is dropped once the late part is over.
- *missed*, *missed in a row*, *missed while open*: flags, at the instant the late part ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from questionnaires.definition import SilencePolicy
from questionnaires.tiers import Tier
from questionnaires.windows import instant_of


class SilenceKind(StrEnum):
    """What a silence gives rise to."""

    CALL_NOW = "call_now"
    MISSED = "missed"
    MISSED_IN_A_ROW = "missed_in_a_row"
    MISSED_WHILE_OPEN = "missed_while_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One assessment that an answer is awaited for, and what its silence is judged by.

    Only for one that was offered and neither paused nor cancelled. `on` is its local day and
    `days_since_infusion` that day's (see `schedule`). `missed_before` counts those of the same
    family missed one after another just before it, whichever block they came from. `open_tiers` are
    the tiers of the participant's flags that are not closed.
    """

    block: str
    on: date
    due_at: datetime
    late_until: datetime
    is_completed: bool
    days_since_infusion: int | None
    missed_before: int = 0
    open_tiers: frozenset[Tier] = frozenset()


@dataclass(frozen=True, slots=True)
class Signal:
    """What holds since `at`; a flag where it has a tier, else a line on the work list."""

    kind: SilenceKind
    at: datetime
    tier: Tier | None


def signals(
    policy: SilencePolicy, awaited: Awaited, *, zone: ZoneInfo, now: datetime
) -> tuple[Signal, ...]:
    """Return all that holds at `now`, the most urgent first; each is to be raised only once.

    `zone` is the participant's. The flag takes the tier of the first.
    """
    if awaited.is_completed:
        return ()
    if now >= awaited.late_until:
        return tuple(sorted(_flags(policy, awaited), key=lambda one: -_urgency(one)))
    call_at = _call_at(policy, awaited, zone)
    if call_at is not None and call_at <= now:
        return (Signal(SilenceKind.CALL_NOW, call_at, None),)
    return ()


def next_look_at(
    policy: SilencePolicy, awaited: Awaited, *, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """Return the first instant after `now` at which `signals` can change; None if it never will."""
    if awaited.is_completed:
        return None
    instants = (_call_at(policy, awaited, zone), awaited.late_until)
    return min((at for at in instants if at is not None and at > now), default=None)


def first_look_at(policy: SilencePolicy, awaited: Awaited, *, zone: ZoneInfo) -> datetime:
    """Return when `signals` first has something to say of what nobody has looked at.

    That may have passed, as after an infusion that was entered late: then it is time at once.
    """
    return _call_at(policy, awaited, zone) or awaited.late_until


def is_early(days_since_infusion: int | None, early_days: int) -> bool:
    """Tell whether a day is one of the first after an infusion, the infusion day included."""
    return days_since_infusion is not None and days_since_infusion < early_days


def _call_at(policy: SilencePolicy, awaited: Awaited, zone: ZoneInfo) -> datetime | None:
    call_now = policy.call_now
    is_meant = awaited.block in call_now.blocks and is_early(
        awaited.days_since_infusion, policy.early_days
    )
    asked = [
        instant_of(awaited.on + timedelta(days=one.at.days), one.at.minute, zone)
        for one in policy.call_later
        if awaited.block in one.blocks
    ]
    if is_meant:
        asked.append(awaited.due_at + timedelta(minutes=call_now.minutes_after_due))
    if not asked:
        return None
    call_at = policy.quiet_hours.left_from(min(asked), zone)
    return call_at if call_at < awaited.late_until else None


def _flags(policy: SilencePolicy, awaited: Awaited) -> list[Signal]:
    missed, in_a_row = policy.missed, policy.missed_in_a_row
    while_open = policy.missed_while_open
    tiers: list[tuple[SilenceKind, Tier]] = []
    if awaited.block in missed.blocks:
        early = is_early(awaited.days_since_infusion, policy.early_days)
        tiers.append((SilenceKind.MISSED, missed.early_tier if early else missed.tier))
    if awaited.block in in_a_row.blocks and awaited.missed_before + 1 >= in_a_row.count:
        tiers.append((SilenceKind.MISSED_IN_A_ROW, in_a_row.tier))
    if awaited.block in while_open.blocks and awaited.open_tiers & set(while_open.open_tiers):
        tiers.append((SilenceKind.MISSED_WHILE_OPEN, while_open.tier))
    return [Signal(kind, awaited.late_until, tier) for kind, tier in tiers]


def _urgency(signal: Signal) -> int:
    return signal.tier.urgency if signal.tier else -1

"""Who is told of a flag, and who next if nobody takes it: the policy, and the rungs as instants.

A ladder begins when the flag became urgent (`urgent_since`) and ends when somebody acknowledges it.
Rungs follow from the clock of the site alone, so the instant of the next one can be stored. An
ORANGE flag of *tonight* that is not taken when the night begins, or is raised in it, is climbed as
RED-B from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from questionnaires.hours import LocalHours, OfficeHours, next_at
from questionnaires.schedule import ClockTime
from questionnaires.tiers import Channel, Tier
from questionnaires.windows import instant_of

HEARD = "heard"  # the text that a phone says once a key was pressed


class Recipient(StrEnum):
    """Who is told, by what they are at the flag's site; the sponsor learns the site only.

    On call and backup are who the roster names at that hour.
    """

    COORDINATOR = "coordinator"
    ON_CALL = "on_call"
    BACKUP = "backup"
    INVESTIGATOR = "investigator"
    PRINCIPAL_INVESTIGATOR = "principal_investigator"
    SPONSOR_CONTACT = "sponsor_contact"


class LadderCase(StrEnum):
    """Which flags of its tier a ladder is for, by `tonight` and when they were raised."""

    ALWAYS = "always"
    TONIGHT = "tonight"
    IN_OFFICE_HOURS = "in_office_hours"
    OUTSIDE_OFFICE_HOURS = "outside_office_hours"


class IncidentKind(StrEnum):
    """A technical failure that staff are told of; texts `incident_<kind>_<channel>` say it."""

    UNDELIVERED = "undelivered"
    SILENT_WORKER = "silent_worker"


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Minutes really elapsed since the ladder began."""

    minutes: int


@dataclass(frozen=True, slots=True)
class SinceOpening:
    """Minutes elapsed since the site next opens, 0 being that instant."""

    minutes_after_opening: int


@dataclass(frozen=True, slots=True)
class OnWorkingDay:
    """A local time of the first (second, …) working day after the day the ladder began."""

    number: int
    at: ClockTime


Moment: TypeAlias = Elapsed | SinceOpening | OnWorkingDay


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """Tell these people by these channels, with the texts `<template>_<channel>`.

    `someone_new`: of these people those who have not been told yet, or all where everyone has.
    `phone_task`: the work list asks as well to phone the principal investigator.
    """

    when: Moment
    to: tuple[Recipient, ...]
    by: tuple[Channel, ...]
    template: str
    someone_new: bool = False
    phone_task: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Phones ring as well, where the site wants it: whose step has come, again and again.

    The text is `<template>_voice`.
    """

    every_minutes: int
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How flags of one tier are told and climbed; `acknowledge` is by when somebody should act."""

    tier: Tier
    case: LadderCase = LadderCase.ALWAYS
    acknowledge: Moment
    steps: tuple[LadderStep, ...]
    calls: Calls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One mail a day about all flags of these tiers that wait, with the text `<template>_email`.

    It comes on working days, at the hour of the site, and counts the flags; it names none.
    """

    tiers: tuple[Tier, ...]
    to: tuple[Recipient, ...]
    template: str


@dataclass(frozen=True, slots=True)
class Night:
    """When flags of `tonight` are climbed as those of another tier."""

    hours: LocalHours
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriousClock:
    """From the site's awareness of a serious event: hours until its report, and when to warn.

    The sponsor's days are shown as information and count from its own awareness.
    """

    report_hours: int
    warn_hours: tuple[int, ...]
    sponsor_days_if_fatal: int
    sponsor_days: int


USUAL_CLOCK = SeriousClock(
    report_hours=24, warn_hours=(12, 20, 24), sponsor_days_if_fatal=7, sponsor_days=15
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPolicy:
    """All ladders of the study. A flag takes the first that fits its tier and case."""

    office_hours: OfficeHours
    night: Night
    ladders: tuple[Ladder, ...]
    serious: SeriousClock = USUAL_CLOCK
    digest: Digest | None = None

    def is_in_digest(self, tier: Tier) -> bool:
        """Tell whether flags of a tier are told once a day, all together."""
        return self.digest is not None and tier in self.digest.tiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Who is told at an instant (UTC), unless the flag has been acknowledged by then.

    `number` counts from 0, the first telling; `tier` is what the flag is climbed as.
    """

    number: int
    at: datetime
    tier: Tier
    recipients: tuple[Recipient, ...]
    channels: tuple[Channel, ...]
    template: str
    someone_new: bool
    phone_task: bool
    calls: Calls | None = None

    def text_key(self, channel: Channel) -> str:
        """Return the key of the text for a channel."""
        return text_key(self.template, channel)


@dataclass(frozen=True, slots=True)
class _Start:
    """When a ladder begins, and the site's clock and holidays."""

    at: datetime
    zone: ZoneInfo
    holidays: Collection[date]


def text_key(template: str, channel: Channel) -> str:
    """Return the key under which texts.yaml holds a template for a channel."""
    return f"{template}_{channel}"


def ladder(
    policy: EscalationPolicy,
    tier: Tier,
    *,
    tonight: bool,
    urgent_since: datetime,
    zone: ZoneInfo,
    holidays: Collection[date] = (),
) -> tuple[Rung, ...]:
    """Return all rungs of a flag, by time. `zone` is the site's, `holidays` its free local days.

    Raises LookupError where the policy has no ladder for the flag, which the check of a package
    refuses.
    """
    start = _Start(urgent_since, zone, holidays)
    night_at = _night_at(policy, tier, start, tonight=tonight)
    climbed: list[tuple[datetime, Tier, LadderStep, Calls | None]] = []
    if night_at is None or night_at > urgent_since:
        own = _ladder_for(policy, tier, start, tonight=tonight)
        climbed += [
            (at, tier, step, own.calls)
            for at, step in _placed(policy, own, start)
            if night_at is None or at < night_at
        ]
    if night_at is not None:
        as_tier = policy.night.tier
        at_night = _Start(night_at, zone, holidays)
        other = _ladder_for(policy, as_tier, at_night, tonight=False)
        climbed += [
            (at, as_tier, step, other.calls) for at, step in _placed(policy, other, at_night)
        ]
    return tuple(
        Rung(
            number=number,
            at=at,
            tier=climbed_as,
            recipients=step.to,
            channels=step.by,
            template=step.template,
            someone_new=step.someone_new,
            phone_task=step.phone_task,
            calls=calls,
        )
        for number, (at, climbed_as, step, calls) in enumerate(
            sorted(climbed, key=lambda one: one[0])
        )
    )


def acknowledge_by(
    policy: EscalationPolicy,
    tier: Tier,
    *,
    tonight: bool,
    urgent_since: datetime,
    zone: ZoneInfo,
    holidays: Collection[date] = (),
) -> datetime:
    """Return by when somebody should have acknowledged a flag; arguments as for `ladder`."""
    start = _Start(urgent_since, zone, holidays)
    night_at = _night_at(policy, tier, start, tonight=tonight)
    targets = []
    if night_at is None or night_at > urgent_since:
        own = _ladder_for(policy, tier, start, tonight=tonight)
        targets.append(_instant(policy, own.acknowledge, start))
    if night_at is not None:
        at_night = _Start(night_at, zone, holidays)
        other = _ladder_for(policy, policy.night.tier, at_night, tonight=False)
        targets.append(_instant(policy, other.acknowledge, at_night))
    return min(targets)


def due_rungs(rungs: Sequence[Rung], *, climbed: int, now: datetime) -> tuple[Rung, ...]:
    """Return the rungs whose time has come, without the first `climbed`, which are done.

    After an outage that can be several. All are told: the people of a rung do not see to it that
    those of another have heard.
    """
    return tuple(rung for rung in rungs[climbed:] if rung.at <= now)


def next_rung_at(rungs: Sequence[Rung], *, climbed: int) -> datetime | None:
    """Return when the next rung is due, the first `climbed` being done; None at the top."""
    return rungs[climbed].at if climbed < len(rungs) else None


def calling(rungs: Sequence[Rung], *, climbed: int) -> tuple[Rung, ...]:
    """Return the rungs that were reached and whose people are called, the first ones first.

    The sponsor is told once and never called: what a phone says is for the site alone.
    """
    return tuple(
        rung
        for rung in rungs[:climbed]
        if rung.calls is not None and Recipient.SPONSOR_CONTACT not in rung.recipients
    )


def next_call_at(rungs: Sequence[Rung], *, climbed: int, now: datetime) -> datetime | None:
    """Return when phones ring next after `now`, counted from when they first rang; None: never.

    Rounds that an outage has swallowed are not made up for: one call is as good as five.
    """
    reached = calling(rungs, climbed=climbed)
    if not reached or reached[-1].calls is None:
        return None
    every = timedelta(minutes=reached[-1].calls.every_minutes)
    return reached[0].at + every * ((now - reached[0].at) // every + 1)


def _night_at(
    policy: EscalationPolicy, tier: Tier, start: _Start, *, tonight: bool
) -> datetime | None:
    """Return when a flag is first climbed as that of another tier, if it ever is."""
    night = policy.night
    if not tonight or tier.urgency >= night.tier.urgency:
        return None
    if night.hours.hold_at(start.at, start.zone):
        return start.at
    return next_at(night.hours.begin.minute, start.at, start.zone)


def _ladder_for(policy: EscalationPolicy, tier: Tier, start: _Start, *, tonight: bool) -> Ladder:
    is_office = policy.office_hours.hold_at(start.at, start.zone, start.holidays)
    cases = {
        LadderCase.ALWAYS,
        LadderCase.IN_OFFICE_HOURS if is_office else LadderCase.OUTSIDE_OFFICE_HOURS,
    }
    if tonight:
        cases.add(LadderCase.TONIGHT)
    for one in policy.ladders:
        if one.tier is tier and one.case in cases:
            return one
    raise LookupError(f"No ladder for {tier}")


def _placed(
    policy: EscalationPolicy, chosen: Ladder, start: _Start
) -> Iterator[tuple[datetime, LadderStep]]:
    for step in chosen.steps:
        yield _instant(policy, step.when, start), step


def _instant(policy: EscalationPolicy, moment: Moment, start: _Start) -> datetime:
    office = policy.office_hours
    if isinstance(moment, Elapsed):
        return start.at + timedelta(minutes=moment.minutes)
    if isinstance(moment, SinceOpening):
        opening = office.next_opening(start.at, start.zone, start.holidays)
        return opening + timedelta(minutes=moment.minutes_after_opening)
    began_on = start.at.astimezone(start.zone).date()
    on = office.working_day_after(began_on, moment.number, start.holidays)
    return instant_of(on + timedelta(days=moment.at.days), moment.at.minute, start.zone)

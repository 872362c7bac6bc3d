"""Checks the policies: which silence alarms, who is told, and in what order.

Each fault is a code for machines, the place, and a reason for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from itertools import product
from typing import TypeAlias
from zoneinfo import ZoneInfo

from questionnaires.definition import Audience, MessageTemplate, StudyPackage
from questionnaires.escalating import (
    HEARD,
    Calls,
    Digest,
    IncidentKind,
    Ladder,
    LadderCase,
    LadderStep,
    Recipient,
    SeriousClock,
    acknowledge_by,
    ladder,
    text_key,
)
from questionnaires.hours import OfficeHours
from questionnaires.tiers import Channel, Tier
from questionnaires.windows import instant_of

Fault: TypeAlias = tuple[str, str, str]

# A Monday, away from the clock changes of most zones; any would do.
_MONDAY = date(2026, 6, 1)
_PHYSICIANS = {
    Recipient.ON_CALL, Recipient.BACKUP, Recipient.INVESTIGATOR, Recipient.PRINCIPAL_INVESTIGATOR,
}  # fmt: skip
_TOLD_BY_MAIL_AND_TEXT = ("handed", "joined", "drill", "serious_due", "serious_overdue")
_CASES = {LadderCase.IN_OFFICE_HOURS, LadderCase.OUTSIDE_OFFICE_HOURS}


def find_policy_faults(package: StudyPackage) -> Iterator[Fault]:
    """Yield what cannot be meant in the silence and the ladders of a package."""
    yield from _silence(package)
    yield from _escalation(package)


# --- Silence -------------------------------------------------------------------------------------


def _silence(package: StudyPackage) -> Iterator[Fault]:
    policy = package.silence
    known = {block.code for block in package.schedule.blocks}
    for name, blocks in (
        ("call_now", policy.call_now.blocks),
        *(("call_later", one.blocks) for one in policy.call_later),
        ("missed", policy.missed.blocks),
        ("missed_in_a_row", policy.missed_in_a_row.blocks),
        ("missed_while_open", policy.missed_while_open.blocks),
    ):
        for block in sorted(set(blocks) - known):
            yield "unknown_block", f"silence {name}", f"names '{block}', which is no block"
    if policy.early_days < 1:
        yield "early_days", "silence early_days", "must be 1 or more"
    if policy.call_now.minutes_after_due < 0:
        yield "minutes", "silence call_now", "would call before it is due"
    if policy.missed.early_tier.urgency < policy.missed.tier.urgency:
        yield "tier", "silence missed", "is less urgent on the early days than later"
    if policy.missed_in_a_row.count < 2:
        yield "count", "silence missed_in_a_row", "must count 2 or more"


# --- Escalation ----------------------------------------------------------------------------------


def _escalation(package: StudyPackage) -> Iterator[Fault]:
    policy = package.escalation
    office = policy.office_hours
    if not office.days or not office.begin.minute < office.end.minute:
        yield "office_hours", "escalation office_hours", "must have days, and begin before they end"
        return
    yield from _calendar(office)
    yield from _serious(policy.serious)
    if policy.night.tier is Tier.YELLOW:
        yield "tier", "escalation night", "must not be climbed as YELLOW"
    for number, one in enumerate(policy.ladders, start=1):
        place = f"escalation ladder {number} ({one.tier}, {one.case})"
        for step in one.steps:
            yield from _step(package, step, place)
        yield from _people(one, place)
        yield from _calls(package, one.calls, place)
    yield from _digest(package, policy.digest)
    if missing := [tier for tier in Tier if not _is_covered(policy.ladders, tier)]:
        yield "no_ladder", "escalation ladders", f"do not cover every {missing[0]} flag"
    elif all(one.steps for one in policy.ladders):
        yield from _order(package)
    names = [*(f"incident_{kind}" for kind in IncidentKind), *_TOLD_BY_MAIL_AND_TEXT]
    for name, channel in product(names, (Channel.SMS, Channel.EMAIL)):
        key = text_key(name, channel)
        yield from _text(package.text(key), key, {Audience.STAFF}, f"escalation {name}")


def _calendar(office: OfficeHours) -> Iterator[Fault]:
    for day in (*office.holidays, *office.working_days):
        if not _is_date(day):
            yield "date", "escalation office_hours", f"names '{day}', which is no date"
    if both := set(office.holidays) & set(office.working_days):
        yield "date", "escalation office_hours", f"has {min(both)} as free and as worked"


def _serious(clock: SeriousClock) -> Iterator[Fault]:
    marks = clock.warn_hours
    if not marks or list(marks) != sorted(set(marks)) or min(marks) < 1:
        yield "warn_hours", "escalation serious", "must be hours in ascending order"
    elif clock.report_hours not in marks:
        yield "warn_hours", "escalation serious", "does not warn when the report is due"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_covered(ladders: Iterable[Ladder], tier: Tier) -> bool:
    cases = {one.case for one in ladders if one.tier is tier}
    return LadderCase.ALWAYS in cases or cases >= _CASES


def _people(one: Ladder, place: str) -> Iterator[Fault]:
    told = {recipient for step in one.steps for recipient in step.to}
    if not one.steps or not all(step.to and step.by for step in one.steps):
        yield "nobody", place, "has a step that tells nobody, or no step"
    elif not told & _PHYSICIANS:
        yield "no_physician", place, "never tells an investigator"
    if one.tier.is_red and any(len(set(step.by)) < 2 for step in one.steps):
        yield "one_channel", place, "tells by one channel only; RED goes by two or more"


def _step(package: StudyPackage, step: LadderStep, place: str) -> Iterator[Fault]:
    to_sponsor = Recipient.SPONSOR_CONTACT in step.to
    if to_sponsor and len(step.to) > 1:
        yield "mixed", place, "tells the sponsor and the site in one step"
    audience = {Audience.SPONSOR if to_sponsor else Audience.STAFF}
    for channel in step.by:
        key = text_key(step.template, channel)
        yield from _text(package.text(key), key, audience, place)


def _calls(package: StudyPackage, calls: Calls | None, place: str) -> Iterator[Fault]:
    """Look that what a phone says is there, and what is said once somebody has heard it."""
    if calls is None:
        return
    if calls.every_minutes < 1:
        yield "calls", place, "calls again after no time at all"
    for template in (calls.template, HEARD):
        key = text_key(template, Channel.VOICE)
        yield from _text(package.text(key), key, {Audience.STAFF}, place)


def _digest(package: StudyPackage, digest: Digest | None) -> Iterator[Fault]:
    if digest is None:
        return
    place = "escalation digest"
    if not digest.to or set(digest.to) & {Recipient.SPONSOR_CONTACT}:
        yield "nobody", place, "must be for people of the site"
    if late := [tier for tier in digest.tiers if tier is not Tier.YELLOW]:
        yield "tier", place, f"holds {late[0]}, which does not wait for the next working day"
    key = text_key(digest.template, Channel.EMAIL)
    yield from _text(package.text(key), key, {Audience.STAFF}, place)


def _text(
    text: MessageTemplate | None, key: str, audience: Collection[Audience], place: str
) -> Iterator[Fault]:
    if text is None:
        yield "unknown_text", place, f"names '{key}', which is no text"
    elif text.audience not in audience or not key.endswith(f"_{text.channel}"):
        yield "wrong_audience", place, f"names '{key}', which is for others or another channel"


def _order(package: StudyPackage) -> Iterator[Fault]:
    """Climb every ladder at each hour of a week: somebody is told in time."""
    policy, zone = package.escalation, ZoneInfo("UTC")
    week = [instant_of(_MONDAY, 0, zone) + timedelta(hours=hour) for hour in range(7 * 24)]
    for tier, tonight in product(Tier, (False, True)):
        place = f"escalation ladder of {tier}"
        for at in week:
            rungs = ladder(policy, tier, tonight=tonight, urgent_since=at, zone=zone)
            by = acknowledge_by(policy, tier, tonight=tonight, urgent_since=at, zone=zone)
            if rungs[0].at > by and not policy.is_in_digest(tier):
                yield "too_late", place, "tells nobody until it should be acknowledged"
                break
            if tier is not Tier.YELLOW and rungs[0].at > at:
                yield "too_late", place, "does not tell at once"
                break

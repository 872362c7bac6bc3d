"""Which reminder goes out at which minute, from reminders.yaml and docs/messages.md."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.oracle.protocol import (
    Protocol,
    clock,
    days_and_minute,
    is_quiet,
    minute_of,
)
from epro.rehearsal.oracle.timetable import Asked, Step

A_DAY = timedelta(hours=24)
FARTHEST_AHEAD = timedelta(days=10)  # farther than any step lies before the day of its form
MOST_OF_ONE_TEXT = 2


@dataclass(frozen=True, slots=True)
class Due:
    """A step of an assessment at its instant."""

    asked: Asked
    code: str
    at: datetime
    template: str
    day: date


@dataclass(frozen=True, slots=True)
class Message:
    """What went out: the text, when, the day of hers that it belongs to, and by which way."""

    template: str
    at: datetime
    day: date
    channel: str = ""


def all_steps(protocol: Protocol, one: Asked, *, zone: ZoneInfo, own_time: str | None) -> list[Due]:
    """Return every step of an assessment by time, done or not."""
    found = []
    for step in protocol.reminders["steps"]:
        if step["block"] != one.block:
            continue
        days, minute = days_and_minute(step["at"])
        span = step.get("movable")
        if own_time and span:
            earliest, latest = minute_of(span["earliest"]), minute_of(span["latest"])
            minute = min(max(minute_of(own_time), earliest), latest)
        day = one.on + timedelta(days=days)
        found.append(Due(one, step["code"], clock(day, minute, zone), step["template"], day))
    return sorted(found, key=lambda due: due.at)


def pending(
    protocol: Protocol,
    asked: Iterable[Asked],
    *,
    zone: ZoneInfo,
    own_time: str | None,
    until: datetime,
) -> Iterator[Due]:
    """Yield the steps that nothing was decided about yet, of what is still awaited.

    Of what comes to be asked later than some days after `until` nothing is due by then.
    """
    for one in asked:
        if (
            one.on <= (until + FARTHEST_AHEAD).date()
            and len(one.steps_done) < protocol.step_count(one.block)
            and one.is_awaited
            and not one.by_assessor
        ):
            for due in all_steps(protocol, one, zone=zone, own_time=own_time):
                if due.code not in one.steps_done:
                    yield due


def decide(
    protocol: Protocol,
    due: Sequence[Due],
    *,
    still_to_come: Iterable[Due],
    sent: Sequence[Message],
    days_since_infusion: int | None,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[Message | None, Mapping[int, Step]]:
    """Decide about everything that is due at once; return the message, and what became of each.

    The steps are those of `due`, by their place in it.
    """
    steps: dict[int, Step] = {}
    sendable: list[int] = []
    for place, one in enumerate(due):
        reason = _against(protocol, one, due, zone=zone, now=now)
        if reason is None:
            sendable.append(place)
        else:
            steps[place] = Step(one.code, one.at, now, one.template, reason)
    if not sendable:
        return None, steps
    message, reason = _message(
        protocol, [due[place] for place in sendable],
        reserved=_reserved(still_to_come, zone=zone, now=now),
        sent=sent, days_since_infusion=days_since_infusion, zone=zone, now=now,
    )  # fmt: skip
    for place in sendable:
        one = due[place]
        template = message.template if message else one.template
        steps[place] = Step(one.code, one.at, now, template, reason)
    return message, steps


def _against(
    protocol: Protocol, one: Due, due: Sequence[Due], *, zone: ZoneInfo, now: datetime
) -> str | None:
    """Return why a step is dropped whatever else is due, in the order the documents name it."""
    quiet = protocol.reminders["quiet_hours"]
    if one.at < one.asked.opens_at:
        return "not_open"
    if max(one.at, now) >= one.asked.late_until:
        return "closed"
    if is_quiet(one.at, quiet, zone):
        return "quiet_hours"
    if any(other.asked is one.asked and other.at > one.at for other in due):
        return "overtaken"
    if now - one.at > timedelta(hours=protocol.reminders.get("too_late_hours", 3)):
        return "too_late"
    return "quiet_hours" if is_quiet(now, quiet, zone) else None


def _reserved(still_to_come: Iterable[Due], *, zone: ZoneInfo, now: datetime) -> Due | None:
    """Return the last step of today's diary, for which one message is kept."""
    today = now.astimezone(zone).date()
    steps = [
        one
        for one in still_to_come
        if one.asked.family == "daily"
        and one.asked.occurrence == today.isoformat()
        and one.at > now
        and one.at.astimezone(zone).date() == today
        and one.asked.opens_at <= one.at < one.asked.late_until
    ]
    return max(steps, key=lambda one: one.at, default=None)


def _message(
    protocol: Protocol,
    due: Sequence[Due],
    *,
    reserved: Due | None,
    sent: Sequence[Message],
    days_since_infusion: int | None,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[Message | None, str | None]:
    """Return the one message for all that is due, or why there is none."""
    budget: dict[str, Any] = protocol.reminders["budget"]
    counted = [*sent]
    if reserved is not None:
        counted.append(Message(reserved.template, reserved.at, reserved.day))
    is_early = days_since_infusion is not None and days_since_infusion < budget["early_days"]
    today = now.astimezone(zone).date()
    limit = budget["early_limit"] if is_early else budget["limit"]
    if sum(one.day == today for one in counted) >= limit:
        return None, "budget"
    a_day_ago = _by_the_minute(now) - A_DAY
    recent = [one.template for one in counted if _by_the_minute(one.at) > a_day_ago]
    # Of several at one minute the block that comes first by its code gives the words.
    order = sorted(due, key=lambda it: (it.asked.block, it.asked.on))
    for one in sorted(order, key=lambda it: it.at, reverse=True):
        if recent.count(one.template) < MOST_OF_ONE_TEXT:
            return Message(one.template, now, one.day), None
    return None, "same_text"


def _by_the_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)

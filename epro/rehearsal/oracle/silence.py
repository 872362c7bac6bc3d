"""What follows when an answer does not come, from SAFETY's R34: whom to phone, what to flag."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from epro.rehearsal.oracle.protocol import Protocol, clock, days_and_minute, end_of_quiet
from epro.rehearsal.oracle.timetable import Asked


def unnoticed(asked: Iterable[Asked], until: datetime) -> list[Asked]:
    """Return what opens by then, may be missed and is not yet."""
    return [
        one
        for one in asked
        if one.missed_at is None
        and one.opens_at <= until
        and one.is_awaited
        and one.is_analysed
        and not one.by_assessor
    ]


def call_at(
    protocol: Protocol, one: Asked, *, days_since_infusion: int | None, zone: ZoneInfo
) -> datetime | None:
    """Return when the site is asked to phone, if an answer does not come.

    Not once the form takes no answer any more; and what fell into a pause is not made up for.
    """
    policy = protocol.silence
    instants: list[datetime] = []
    if one.block in policy["call_now"]["blocks"] and _is_early(protocol, days_since_infusion):
        instants.append(one.due_at + timedelta(minutes=policy["call_now"]["minutes_after_due"]))
    for later in policy["call_later"]:
        if one.block in later["blocks"]:
            days, minute = days_and_minute(later["at"])
            instants.append(clock(one.on + timedelta(days=days), minute, zone))
    if not instants:
        return None
    at = end_of_quiet(min(instants), policy["quiet_hours"], zone)
    fell_into_pause = one.resumed_at is not None and at <= one.resumed_at
    return None if fell_into_pause or at >= one.late_until else at


def tiers(
    protocol: Protocol,
    one: Asked,
    *,
    days_since_infusion: int | None,
    missed_in_a_row: int,
    open_tiers: Collection[str],
) -> list[str]:
    """Return the tiers at which a form that was missed is flagged, if at any."""
    policy, found = protocol.silence, []
    if one.block in policy["missed"]["blocks"]:
        is_early = _is_early(protocol, days_since_infusion)
        found.append(policy["missed"]["early_tier" if is_early else "tier"])
    in_a_row = policy["missed_in_a_row"]
    if one.block in in_a_row["blocks"] and missed_in_a_row >= in_a_row["count"]:
        found.append(in_a_row["tier"])
    while_open = policy["missed_while_open"]
    if one.block in while_open["blocks"] and set(open_tiers) & set(while_open["open_tiers"]):
        found.append(while_open["tier"])
    return found


def missed_in_a_row(asked: Iterable[Asked], last: Asked) -> int:
    """Count how many of one family were missed one after another, the last one included."""
    before = [
        one
        for one in asked
        if one.family == last.family
        and one.late_until <= last.late_until
        and not (one.cancelled_at or one.is_not_offered or one.suspended_at)
    ]
    count = 0
    for one in sorted(before, key=lambda it: it.late_until, reverse=True):
        if one.completed_at:
            break
        count += 1
    return count


def _is_early(protocol: Protocol, days_since_infusion: int | None) -> bool:
    return days_since_infusion is not None and days_since_infusion < protocol.silence["early_days"]

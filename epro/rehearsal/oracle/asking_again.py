"""When a reported problem is asked about again, from docs/adverse-events.md and study.yaml."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from epro.rehearsal.oracle.answers import Inputs, all_hold
from epro.rehearsal.oracle.protocol import RED, Protocol, clock, days_and_minute
from epro.rehearsal.oracle.timetable import Asked, Identity

BLOCK = "AE"
FAMILY = "follow_up:"


@dataclass(slots=True)
class Report:
    """A problem that was reported: when something was last heard of it, and whether it is over.

    It is settled once a physician has found that it is no event, or that the event has ended.
    """

    family: str
    heard_at: list[datetime] = field(default_factory=list)
    is_over: bool = False
    is_settled: bool = False

    def hear(self, protocol: Protocol, said: Inputs, at: datetime) -> None:
        """Take what she says of it, in the report or when she is asked again."""
        self.heard_at.append(at)
        self.is_over |= all_hold(protocol.adverse_events["ended_when"], said)


def is_follow_up(identity: Identity) -> bool:
    """Tell whether an assessment asks again about a report."""
    return identity[0].startswith(FAMILY)


def askings(
    protocol: Protocol,
    reports: Iterable[Report],
    asked: Iterable[Asked],
    *,
    zone: ZoneInfo,
    open_tiers: Iterable[str],
    is_paused: bool,
    ended_at: datetime | None,
    now: datetime,
) -> Iterator[Asked]:
    """Yield the next asking about each report that goes on; none once the study has ended."""
    policy, today = protocol.adverse_events, now.astimezone(zone).date()
    is_red = any(tier in RED for tier in open_tiers)
    days = policy["ask_again_days_red" if is_red else "ask_again_days"]
    standing = [one for one in asked if not one.cancelled_at]
    for report in reports:
        own = [one for one in standing if one.family == report.family]
        if report.is_over or report.is_settled or any(one.is_open_at(now) for one in own):
            continue
        news = [at.astimezone(zone).date() for at in report.heard_at]
        news += [one.on for one in own if _came_to_nothing(one, is_paused=is_paused, now=now)]
        one = _asking(protocol, report, max(max(news) + timedelta(days=days), today), zone)
        if ended_at is None or one.opens_at < ended_at:
            yield one


def _came_to_nothing(one: Asked, *, is_paused: bool, now: datetime) -> bool:
    """Tell whether an asking closed without an answer; what a pause fell on is no news after it."""
    is_over = one.late_until <= now and not one.completed_at
    return is_over and (one.suspended_at is None or is_paused)


def _asking(protocol: Protocol, report: Report, on: date, zone: ZoneInfo) -> Asked:
    policy = protocol.adverse_events

    def at(name: str) -> datetime:
        days, minute = days_and_minute(policy[name])
        return clock(on + timedelta(days=days), minute, zone)

    closes_at = at("follow_up_closes")
    return Asked(
        family=report.family, occurrence=on.isoformat(), block=BLOCK, form=policy["follow_up"],
        on=on, opens_at=at("follow_up_opens"), due_at=at("follow_up_due"), closes_at=closes_at,
        late_until=closes_at,
    )  # fmt: skip

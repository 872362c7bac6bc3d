"""Which assessments a participant has, from the protocol's table and the visits on record.

Day by day: what the table's rows would ask on a day, and of those of one family the one that
ranks first. What is asked once is known by its family and date, or by its row and number.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.oracle.protocol import DAY, Protocol, clock, days_and_minute, duration

Identity = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Asked:
    """One assessment, with how it stands: what follows from its not being answered, too."""

    family: str
    occurrence: str
    block: str
    form: str
    on: date
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    late_until: datetime
    closed_by: str | None = None
    by_assessor: bool = False
    is_analysed: bool = True
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    missed_at: datetime | None = None
    suspended_at: datetime | None = None
    resumed_at: datetime | None = None
    is_not_offered: bool = False
    steps_done: dict[str, "Step"] = field(default_factory=dict)
    called_at: datetime | None = None

    @property
    def identity(self) -> Identity:
        """What it stays known by, wherever it moves."""
        return self.family, self.occurrence

    @property
    def is_awaited(self) -> bool:
        """Whether an answer could still be looked for; a pause suspends that."""
        return not (
            self.completed_at or self.cancelled_at or self.is_not_offered or self.suspended_at
        )

    def timeliness(self, answered_at: datetime) -> str:
        """Return how an answer of that instant stands to the window."""
        if self.opens_at <= answered_at < self.closes_at:
            return "on_time"
        return "late" if self.closes_at <= answered_at < self.late_until else "out_of_window"

    def is_open_at(self, now: datetime) -> bool:
        """Tell whether it takes an answer that has not come."""
        return self.opens_at <= now < self.late_until and not self.completed_at


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one reminder step: sent with others in one message, or dropped and why.

    `not_sent` is why a message could not leave; with `may_fail` her number takes nothing.
    """

    code: str
    due_at: datetime
    decided_at: datetime
    template: str
    dropped: str | None = None
    not_sent: str | None = None
    may_fail: bool = False


def timetable(
    protocol: Protocol,
    anchors: Mapping[str, datetime],
    *,
    zone: ZoneInfo,
    slot_on: Callable[[date], str],
    answered: Collection[Identity],
) -> dict[Identity, Asked]:
    """Return what the table asks, by identity."""
    wanted = [
        (block, one)
        for block in protocol.blocks
        if block["anchor"] in anchors
        for one in _rows(protocol, block, anchors, zone)
        if block.get("slot") in {None, slot_on(one.on)}
        and _stands(protocol, block, one, anchors, answered)
    ]
    wanted.sort(key=lambda pair: -pair[0].get("priority", 0))
    asked: dict[Identity, Asked] = {}
    for gives_way in (False, True):
        for block, one in wanted:
            before = block.get("gives_way_to", [])
            if bool(before) is not gives_way:
                continue
            if any(other.block in before and other.on == one.on for other in asked.values()):
                continue
            asked.setdefault(one.identity, one)
    return asked


def _rows(
    protocol: Protocol, block: dict[str, Any], anchors: Mapping[str, datetime], zone: ZoneInfo
) -> Iterator[Asked]:
    anchor_at = anchors[block["anchor"]]
    anchor_on = anchor_at.astimezone(protocol.site_zone).date()
    on = anchor_on + protocol.offset(block["first"]) * DAY
    last = anchor_on + protocol.offset(block["last"]) * DAY
    number = 0
    while on <= last:
        number += 1
        if number in block.get("only", [number]):
            yield _row(block, number, on, anchor_at, anchors, zone)
        on += block.get("every", 1) * DAY


def _row(
    block: dict[str, Any],
    number: int,
    on: date,
    anchor_at: datetime,
    anchors: Mapping[str, datetime],
    zone: ZoneInfo,
) -> Asked:
    first_on, last_on = (
        on - block.get("days_before", 0) * DAY,
        on + block.get("days_after", 0) * DAY,
    )
    opens_at = (
        anchor_at + duration(block["opens"]["after_anchor"])
        if isinstance(block["opens"], dict)
        else _clock(block["opens"], first_on, zone)
    )
    closes_at = _clock(block["closes"], last_on, zone)
    late_until = closes_at
    if "late_until" in block:
        late_until = max(closes_at, _clock(block["late_until"], last_on, zone))
    ended_at = anchors.get(block.get("closed_by", ""))
    if ended_at is not None:
        closes_at, late_until = min(closes_at, ended_at), min(late_until, ended_at)
    due_at = _clock(block["due"], on, zone)
    return Asked(
        family=block.get("family", block["code"]),
        occurrence=on.isoformat() if "family" in block else str(number),
        block=block["code"], form=block["questionnaire"], on=on, opens_at=opens_at,
        due_at=due_at if opens_at < due_at < closes_at else closes_at,
        closes_at=closes_at, late_until=late_until, closed_by=block.get("closed_by"),
        by_assessor=block.get("answered_by") == "outcomes_assessor",
        is_analysed=block.get("analysed", True),
    )  # fmt: skip


def _stands(
    protocol: Protocol,
    block: dict[str, Any],
    one: Asked,
    anchors: Mapping[str, datetime],
    answered: Collection[Identity],
) -> bool:
    """Tell whether a row gives an assessment; if not, the day goes to the next of its family."""
    ended_at = anchors.get(block.get("closed_by", ""))
    if ended_at is not None and ended_at <= one.opens_at:
        return False
    is_short = one.closes_at - one.opens_at < protocol.shortest
    if is_short and one.closes_at != ended_at:
        return False
    if "END" in anchors and one.opens_at >= anchors["END"]:
        return False
    enough = block.get("enough")
    if enough and one.identity not in answered:
        anchor_on = anchors[block["anchor"]].astimezone(protocol.site_zone).date()
        first, last = (
            anchor_on + protocol.offset(enough[name]) * DAY for name in ("first", "last")
        )
        days = [on for family, on in answered if family == one.family]
        given = sum(first.isoformat() <= on <= last.isoformat() for on in days)
        return given < int(enough["answers"])
    return True


def replan(
    asked: dict[Identity, Asked],
    wanted: Mapping[Identity, Asked],
    *,
    now: datetime,
    left_at: datetime | None,
) -> None:
    """Bring what stands into line with what is wanted now.

    What is answered or has opened stays. The rest moves, comes or goes. What would lie in the past
    as a whole is not offered. What a visit closes ends with it. After leaving nothing stays open
    that could still be answered then.
    """
    for identity, one in asked.items():
        if one.cancelled_at is not None:
            continue
        target = wanted.get(identity)
        if left_at is not None and not one.completed_at and one.late_until > left_at:
            one.cancelled_at = now
        elif one.completed_at or (one.opens_at <= now and not one.is_not_offered):
            _close_with_its_visit(one, target)
        elif target is None:
            one.cancelled_at = now
        else:
            _move(one, target, now=now)
    for identity, target in wanted.items():
        if left_at is not None and target.late_until > left_at:
            continue
        former = asked.get(identity)
        if former is None:
            target.is_not_offered = target.late_until <= now
            asked[identity] = target
        elif former.cancelled_at is not None:
            former.cancelled_at = None
            _move(former, target, now=now)


def pause(asked: Iterable[Asked], *, now: datetime) -> None:
    """Suspend everything that could still be answered: it is neither due nor missed."""
    for one in asked:
        if one.is_awaited and one.late_until > now:
            one.suspended_at = now


def resume(asked: Iterable[Asked], *, now: datetime) -> None:
    """Ask again what can still be answered; what came to its end in the pause stays suspended."""
    for one in asked:
        if one.suspended_at and not one.completed_at and one.late_until > now:
            one.suspended_at, one.resumed_at = None, now


def _close_with_its_visit(one: Asked, target: Asked | None) -> None:
    if target is None or one.completed_at or not target.closed_by or target.block != one.block:
        return
    if target.closes_at > one.opens_at:
        one.due_at, one.closes_at, one.late_until = (
            target.due_at, target.closes_at, target.late_until,
        )  # fmt: skip


def _move(one: Asked, target: Asked, *, now: datetime) -> None:
    for name in (
        "block",
        "form",
        "on",
        "opens_at",
        "due_at",
        "closes_at",
        "late_until",
        "closed_by",
    ):
        setattr(one, name, getattr(target, name))
    one.is_not_offered = target.late_until <= now


def _clock(written: str, on: date, zone: ZoneInfo) -> datetime:
    days, minute = days_and_minute(written)
    return clock(on + timedelta(days=days), minute, zone)

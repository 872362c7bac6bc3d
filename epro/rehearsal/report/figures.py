"""The figures of a rehearsal as plain values: what the report draws and what is compared."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

from epro.rehearsal.facts import Did, Script, site_of
from epro.rehearsal.observing import Row, SeenFlag
from epro.rehearsal.population import DAY
from epro.rehearsal.report.settings import settings_of
from epro.rehearsal.running import Outcome, Plan

TIERS = ("RED_A", "RED_B", "ORANGE", "YELLOW")
WORK = {
    Did.ACKNOWLEDGED: "flags taken", Did.CALLED: "calls", Did.CLOSED: "flags closed",
    Did.DECIDED: "candidates decided", Did.SIGNED_OFF: "sign-offs tried", Did.LOCKED: "locks",
}  # fmt: skip
# What a comparison reads of both.
COMPARED = (
    "plan", "totals", "dropped", "flags", "rules", "quarters", "each_flag", "study", "work",
    "compliance",
)  # fmt: skip
Figures = dict[str, Any]
Clock = Callable[[str, datetime], datetime]


class NoResult(Exception):
    """A file that no rehearsal has written."""


def figures(outcome: Outcome) -> Figures:
    """Return everything that the report shows, ready to be written as JSON."""
    plan, seen, local = outcome.plan, outcome.seen, _clock_of(outcome.script)
    awaited = [row for row in seen.rows.get("assessment", []) if _counts(row)]
    reminders = seen.rows.get("reminder", [])
    return {
        "plan": {
            "participants": plan.count, "seed": plan.seed, "weeks": plan.weeks,
            "begins_on": plan.begins_on.isoformat(), "package": plan.package.name,
        },
        "differences": [asdict(one) for one in outcome.differences],
        "totals": {
            "forms expected": sum(_is_answered(row) or _is_missed(row) for row in awaited),
            "answered": sum(_is_answered(row) for row in awaited),
            "missed": sum(_is_missed(row) for row in awaited),
            "reminders sent": len(_sent_at(reminders, local)),
            "reminder steps dropped": sum(bool(row.data["skipped_reason"]) for row in reminders),
            "texts on phones, hers and the sites'": len(seen.arrived),
            "flags": len(seen.flags),
            "calls asked for": len(seen.calls),
            "changes in the EDC's copy": sum(
                row.count for rows in seen.rows.values() for row in rows
            ),
        },
        "days": _days(awaited, _sent_at(reminders, local), seen.flags, local),
        "flags": {tier: _of_tier(seen.flags, tier) for tier in TIERS},
        "rules": dict(sorted(Counter(rule for one in seen.flags for rule in one.rules).items())),
        "quarters": {
            "reminders": _by_quarter(_sent_at(reminders, local)),
            "answers": _by_quarter(
                local(fact.person, fact.what["answered_at"]) for fact in outcome.script.facts
                if fact.did is Did.ANSWERED
            ),
        },
        "dropped": _dropped(reminders),
        "each_flag": _each_flag(plan, seen.flags, local),
        "study": settings_of(plan.package),
        "work": _work(outcome),
        "compliance": _compliance(outcome, awaited),
        "cost": {
            "moves of the clock": outcome.moved_count,
            "requests": {
                kind: [count, round(outcome.took_s[kind] / count * 1000, 1)]
                for kind, count in sorted(outcome.asked.items(), key=lambda it: -it[1])
            },
        },
    }  # fmt: skip


def weeks_shown(result: Figures) -> list[dict[str, int]]:
    """Return compliance by week, of those weeks in which enough forms were asked for.

    Enough are as many as a quarter of the participants: of fewer a share says little.
    """
    weeks: list[dict[str, int]] = result["compliance"]
    return [one for one in weeks if 4 * one["expected"] >= result["plan"]["participants"]]


def read_result(file: Path) -> Figures:
    """Read what an earlier rehearsal has written. Raises NoResult for anything else."""
    try:
        content: Figures = json.loads(file.read_text(encoding="utf-8"))
        missing = [name for name in COMPARED if name not in content]
    except (ValueError, TypeError) as fault:
        raise NoResult(f"{file} is no result of a rehearsal.") from fault
    if missing:
        raise NoResult(
            f"{file} cannot be compared: {', '.join(missing)} missing. It is of another version, "
            "or no result.json of a rehearsal."
        )
    return content


def _counts(row: Row) -> bool:
    data = row.data
    return (
        data["answered_by"] == "participant"
        and data["block"] != "S0"
        and not (data["cancelled_at"] or data["not_offered"])
    )


def _is_answered(row: Row) -> bool:
    return row.data["completed_at"] is not None


def _is_missed(row: Row) -> bool:
    return row.data["completed_at"] is None and row.data["missed_noticed_at"] is not None


def _days(
    awaited: Iterable[Row], sent_at: Iterable[datetime], flags: Iterable[SeenFlag], local: Clock
) -> dict[str, dict[str, int]]:
    """Return for every day what was due, answered, missed, reminded of and flagged."""
    days: dict[str, Counter[str]] = defaultdict(Counter)
    for row in awaited:
        days[row.data["planned_on"]]["answered"] += _is_answered(row)
        days[row.data["planned_on"]]["missed"] += _is_missed(row)
    for at in sent_at:
        days[at.date().isoformat()]["reminders"] += 1
    for flag in flags:
        days[local(flag.person, flag.raised_at).date().isoformat()][flag.tier] += 1
    known = sorted(day for day, counts in days.items() if any(counts.values()))
    if not known:
        return {}
    return {day.isoformat(): dict(days[day.isoformat()]) for day in _every_day(known[0], known[-1])}


def _clock_of(script: Script) -> Clock:
    """Return what says the time at somebody's site."""
    zones = {code: ZoneInfo(zone) for code, zone in script.zones.items()}
    return lambda person, at: at.astimezone(zones[site_of(person)])


def _sent_at(reminders: Iterable[Row], local: Clock) -> list[datetime]:
    """Return when messages left, by the site's clock; one for several steps counts once."""
    messages = {
        (row.person, row.data["sent_at"]) for row in reminders if row.data["sent_at"] is not None
    }
    return sorted(local(person, datetime.fromisoformat(sent_at)) for person, sent_at in messages)


def _by_quarter(instants: Iterable[datetime]) -> list[int]:
    """Count local times by the quarter of an hour of the day."""
    counts = Counter(at.hour * 4 + at.minute // 15 for at in instants)
    return [counts[quarter] for quarter in range(96)]


def _each_flag(plan: Plan, flags: Iterable[SeenFlag], local: Clock) -> list[dict[str, Any]]:
    """Return every flag by whose it is and on which day of the rehearsal, that day first."""
    found = [
        {
            "day": (local(one.person, one.raised_at).date() - plan.begins_on).days,
            "person": one.person, "tier": one.tier, "rules": sorted(one.rules),
            "on": local(one.person, one.raised_at).date().isoformat(),
        }
        for one in flags
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one["day"], one["person"], one["rules"]))


def _every_day(first: str, last: str) -> Iterator[date]:
    on = date.fromisoformat(first)
    while on <= date.fromisoformat(last):
        yield on
        on += DAY


def _dropped(reminders: Iterable[Row]) -> dict[str, int]:
    reasons = (row.data["skipped_reason"] for row in reminders)
    return dict(Counter(reason for reason in reasons if reason))


def _of_tier(flags: Iterable[SeenFlag], tier: str) -> dict[str, Any]:
    ours = [one for one in flags if one.tier == tier]
    minutes = sorted(
        (one.acknowledged_at - one.urgent_since) / timedelta(minutes=1)
        for one in ours
        if one.acknowledged_at
    )
    return {
        "count": len(ours),
        "escalated": sum(len(one.told) > 1 for one in ours),
        "median_minutes": round(median(minutes), 1) if minutes else None,
        "p90_minutes": _ninetieth(minutes),
        "minutes": [round(one, 1) for one in minutes],
    }


def _ninetieth(minutes: list[float]) -> float | None:
    """Return within how many minutes nine of ten were taken; never more than the longest took."""
    if len(minutes) < 2:
        return round(minutes[0], 1) if minutes else None
    return round(min(quantiles(minutes, n=10)[-1], minutes[-1]), 1)


def _work(outcome: Outcome) -> dict[str, dict[str, list[int]]]:
    """Return for each of the staff how often an act fell into each hour of the day."""
    work: dict[str, dict[str, list[int]]] = defaultdict(dict)
    local = _clock_of(outcome.script)
    for fact in outcome.script.facts:
        if fact.did in WORK:
            hours = work[fact.what["by"]].setdefault(WORK[fact.did], [0] * 24)
            hours[local(fact.person, fact.at).hour] += 1
    return dict(sorted(work.items()))


def _compliance(outcome: Outcome, awaited: Iterable[Row]) -> list[dict[str, int]]:
    """Return for each week since the infusion visit how many were expected, completed, on time."""
    infused = {one.code: one.place.day(one.infused_at) for one in outcome.plan.people}
    on_time = {
        row.data["assessment_id"]
        for row in outcome.seen.rows.get("response", [])
        if row.data["timeliness"] == "on_time" and row.data["counts"]
    }
    weeks: dict[int, Counter[str]] = defaultdict(Counter)
    for row in awaited:
        if not (_is_answered(row) or _is_missed(row)):
            continue
        days = (date.fromisoformat(row.data["planned_on"]) - infused[row.person]).days
        week = weeks[days // 7]
        week["expected"] += 1
        week["completed"] += _is_answered(row)
        week["on_time"] += row.id in on_time
    return [{"week": week, **weeks[week]} for week in sorted(weeks)]

"""Which rules the answers of a form meet, read literally from rules.yaml.

A rule is met when any trigger is, a trigger when all its clauses hold. `!=` also holds where
nothing was answered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import ge, gt, le, lt
from statistics import median
from typing import Any

from epro.rehearsal.oracle.protocol import URGENCY, Protocol
from epro.rehearsal.oracle.words import lexicons_met

Inputs = dict[str, Any]
BASELINE = timedelta(days=28)
LOWER_IF_AXILLARY = 3  # tenths of a degree
AXILLARY = "axillary"
ORDER: Mapping[str, Callable[[Any, Any], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
OF_ONE_ENTRY = ("change_from_baseline", "levels_from_baseline", "held_at_baseline")


@dataclass(slots=True)
class Entry:
    """A form that was sent in: the day it is about, when it was answered, and what it said."""

    response: str
    on: date
    answered_at: datetime
    said: Inputs


def met(
    protocol: Protocol, entry: Entry, others: Sequence[Entry], infusions: Sequence[datetime]
) -> list[dict[str, Any]]:
    """Return the rules that are met, the most urgent first; `others` are all other entries."""
    inputs = _with_temperature(protocol, entry.said)
    before = [at for at in infusions if at <= entry.answered_at]
    if before:
        inputs["hours_since_infusion"] = (entry.answered_at - max(before)) / timedelta(hours=1)
    first = min(infusions, default=None)
    baseline: list[Inputs] = []
    if first is not None and entry.answered_at >= first:
        baseline = [
            _with_temperature(protocol, one.said)
            for one in others
            if first - BASELINE <= one.answered_at < first
        ]
    _add_trends(protocol, inputs, baseline, entry, others)
    inputs |= dict.fromkeys(lexicons_met(protocol.lexicons, entry.said), True)
    found = [
        rule
        for rule in protocol.rules
        if rule.get("is_on", True)
        and any(all(_holds(clause, inputs) for clause in trigger) for trigger in rule["triggers"])
    ]
    return most_urgent_first(found)


def most_urgent_first(rules: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rules by tier, each once; of one tier that of tonight comes first."""
    each = {rule["id"]: rule for rule in rules}.values()
    return sorted(each, key=lambda rule: (-URGENCY[rule["tier"]], not rule.get("tonight", False)))


def _with_temperature(protocol: Protocol, said: Inputs) -> Inputs:
    """Add the highest temperature, in tenths of a degree as if taken by mouth."""
    taken = []
    for value, route in (("temp", "temp_route"), ("temp_again", "temp_again_route")):
        if isinstance(said.get(value), int | float):
            tenths = round(Decimal(str(said[value])) * 10)
            known = (
                said.get(route) if said.get(route) in {AXILLARY, "oral", "ear"} else protocol.route
            )
            taken.append(tenths + (LOWER_IF_AXILLARY if known == AXILLARY else 0))
    return {**said, "temperature_tenths_oral": max(taken)} if taken else dict(said)


def _add_trends(
    protocol: Protocol,
    inputs: Inputs,
    baseline: Sequence[Inputs],
    entry: Entry,
    others: Sequence[Entry],
) -> None:
    """Add what earlier entries say; the simple trends first, because the others may read them."""
    simple = [one for one in protocol.trends if one["kind"] in OF_ONE_ENTRY]
    _add_simple(simple, inputs, baseline)
    for trend in protocol.trends:
        if trend in simple:
            continue
        held = {entry.on} if all_hold(trend["when"], inputs) else set()
        for one in others:
            back = (entry.on - one.on).days
            if 0 <= back < trend["days"]:
                past = _with_temperature(protocol, one.said)
                _add_simple(simple, past, baseline)
                if all_hold(trend["when"], past):
                    held.add(one.on)
        if trend["kind"] == "days_of_last":
            inputs[trend["name"]] = len(held)
        else:
            inputs[trend["name"]] = _running(held, entry.on, trend["days"])


def _running(held: Iterable[date], on: date, most: int) -> int:
    days = set(held)
    count = 0
    while count < most and on - timedelta(days=count) in days:
        count += 1
    return count


def _add_simple(
    trends: Sequence[Mapping[str, Any]], inputs: Inputs, baseline: Sequence[Inputs]
) -> None:
    for trend in trends:
        if not baseline:
            continue
        if trend["kind"] == "held_at_baseline":
            inputs[trend["name"]] = any(all_hold(trend["when"], one) for one in baseline)
            continue
        question = trend["question"]
        known = [one[question] for one in baseline if isinstance(one.get(question), int | float)]
        now = inputs.get(question)
        if not known or not isinstance(now, int | float):
            continue
        usual = median(known)
        if trend["kind"] == "levels_from_baseline":
            steps = trend["level_from"]
            inputs[trend["name"]] = sum(now >= one for one in steps) - sum(
                usual >= one for one in steps
            )
        else:
            inputs[trend["name"]] = now - usual


def all_hold(clauses: Iterable[Mapping[str, Any]], inputs: Mapping[str, Any]) -> bool:
    """Tell whether every clause holds for what was answered."""
    return all(_holds(clause, inputs) for clause in clauses)


def _holds(clause: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    value, wanted = inputs.get(clause["question"]), clause["answer"]
    given = value if isinstance(value, list | tuple) else [value]
    is_equal = value is not None and any(_same(one, wanted) for one in given)
    match clause["operator"]:
        case "exists":
            return (value is not None and value != []) is wanted
        case "=":
            return is_equal
        case "!=":
            return not is_equal
        case operator:
            return _is_number(value) and ORDER[operator](value, wanted)


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

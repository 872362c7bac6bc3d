"""How many plans a second the pure planner makes, and how that grows with what it plans."""

from datetime import UTC, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from questionnaires.planner import plan
from questionnaires.schedule import AnchorEvent, Anchors
from tests.bench.section import Section
from tests.factories import shipped_package

ROUNDS = 200


def measure() -> Section:
    """Plan one participant over and over: with the visit only planned, one visit, two visits."""
    first = datetime(2026, 3, 1, 2, tzinfo=UTC)
    planned: Anchors = {AnchorEvent.INF1_PLANNED: first}
    one: Anchors = {**planned, AnchorEvent.INF1: first}
    two: Anchors = {**one, AnchorEvent.INF2: first + timedelta(days=28)}
    found = {
        "before the visit": _measured(planned),
        "one visit": _measured(one),
        "two visits": _measured(two),
    }
    each = {name: seconds / count for name, (count, seconds) in found.items()}
    return Section(
        title="Planning",
        how=f"The whole plan of one participant, {ROUNDS} times, from schedule, anchors and zone.",
        columns=("anchors", "assessments", "plans per second", "time per assessment, ratio"),
        rows=[
            (name, str(count), f"{1 / seconds:,.0f}", f"{each[name] / each['one visit']:.2f}")
            for name, (count, seconds) in found.items()
        ],
        finding="Within a third the time per assessment is the same: work grows with the plan.",
    )


def _measured(anchors: Anchors) -> tuple[int, float]:
    schedule, zone = shipped_package().schedule, ZoneInfo("Asia/Shanghai")
    count = len(plan(schedule, anchors, zone=zone).assessments)
    begun = perf_counter()
    for _ in range(ROUNDS):
        plan(schedule, anchors, zone=zone)
    return count, (perf_counter() - begun) / ROUNDS

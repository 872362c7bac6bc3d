"""How many plans a second the pure planner makes, and how that grows with what it plans."""

from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

from questionnaires.planner import plan
from questionnaires.schedule import AnchorEvent, Anchors
from tests.bench.section import Ratio, Section
from tests.factories import shipped_package

BATCHES, PLANS = 10, 20


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
        how=(
            "The whole plan of one participant, from schedule, anchors and zone: the best of "
            f"{BATCHES} batches of {PLANS}, in time of the processor alone."
        ),
        columns=("anchors", "assessments", "plans per second", "time per assessment, ratio"),
        rows=[
            (name, str(count), f"{1 / seconds:,.0f}", f"{each[name] / each['one visit']:.2f}")
            for name, (count, seconds) in found.items()
        ],
        finding=(
            f"{each['two visits'] / each['one visit']:.2f} times as long per assessment with a "
            "second visit, whose diaries are weighed against those of the first date by date: work "
            "grows with the plan."
        ),
        ratios={"two visits to one": Ratio(each["two visits"] / each["one visit"], 15)},
    )


def _measured(anchors: Anchors) -> tuple[int, float]:
    schedule, zone = shipped_package().schedule, ZoneInfo("Asia/Shanghai")
    count = len(plan(schedule, anchors, zone=zone).assessments)
    batches = []
    for _ in range(BATCHES):
        begun = process_time()
        for _plan in range(PLANS):
            plan(schedule, anchors, zone=zone)
        batches.append(process_time() - begun)
    # The best, because whatever else the machine does only ever adds.
    return count, min(batches) / PLANS

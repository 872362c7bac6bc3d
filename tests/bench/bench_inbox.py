"""How long the safety inbox takes with 500 open flags, against an empty one."""

from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy import insert, select

from epro.access import Role
from epro.models import (
    FlagTrigger,
    Participant,
    SafetyFlag,
    Screening,
    ScreeningSource,
    StudyVersion,
)
from epro.serving import leave_to_stay
from questionnaires.tiers import Tier
from tests.api.world import PARTICIPANT, World
from tests.bench.section import Ratio, Section
from tests.databases import DatabaseKind, DatabaseShelf

FLAG_COUNT = 500
RUNS = 60
TIERS = (Tier.RED_A, Tier.RED_B, Tier.ORANGE, Tier.YELLOW)


def measure() -> Section:
    """Ask for the whole page again and again, in one process without a network."""
    with (
        TemporaryDirectory() as folder,
        DatabaseShelf(Path(folder)) as shelf,
        World(shelf.new(DatabaseKind.POSTGRESQL)) as world,
    ):
        browser = world.sign_in_to_console(Role.COORDINATOR)
        leave_to_stay()
        empty, empty_cpu = _times(browser)
        _raise_flags(world)
        leave_to_stay()
        full, full_cpu = _times(browser)
    return Section(
        title="Safety inbox",
        how=f"GET /console/flags on PostgreSQL with {FLAG_COUNT} open flags (1,000 triggers), "
        f"against the same page without any; {RUNS} times each, server time alone. CPU is what "
        "the web process itself needs of it, however busy the machine is.",
        columns=("open flags", "p50", "p95", "CPU (median)", "against empty (CPU)"),
        rows=[
            ("0", _ms(median(empty)), _ms(_p95(empty)), _ms(empty_cpu), "1.0"),
            (str(FLAG_COUNT), _ms(median(full)), _ms(_p95(full)), _ms(full_cpu),
             f"{full_cpu / empty_cpu:.1f}"),
        ],
        finding="The page may take 200 ms (p95).",
        ratios={f"CPU with {FLAG_COUNT} open flags to empty": Ratio(full_cpu / empty_cpu, 20)},
    )  # fmt: skip


def _times(browser: FlaskClient) -> tuple[list[float], float]:
    """Return how long each answer took, and the median of what it cost this process."""
    times, costs = [], []
    for _ in range(RUNS + 5):
        begun, spent = perf_counter(), process_time()
        answer = browser.get("/console/flags")
        times.append(perf_counter() - begun)
        costs.append(process_time() - spent)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
    return times[5:], median(costs[5:])


def _raise_flags(world: World) -> None:
    now = world.clock.now()
    with world.database.transaction() as session:
        her = session.scalars(select(Participant).where(Participant.code == PARTICIPANT)).one()
        version = session.scalars(select(StudyVersion.id)).first()
        flags: list[dict[str, Any]] = []
        screenings: list[dict[str, Any]] = []
        triggers: list[dict[str, Any]] = []
        for number in range(FLAG_COUNT):
            flag_id, tier = uuid4(), TIERS[number % len(TIERS)]
            at = now - timedelta(minutes=number)
            flags.append(
                {"id": flag_id, "participant_id": her.id, "site_id": her.site_id,
                 "study_version_id": version, "version": 1, "tier": tier, "tonight": False,
                 "possible_serious": True, "raised_at": at, "urgent_since": at, "rung_count": 0}
            )  # fmt: skip
            for rule in ("R09", "R10"):
                screening_id = uuid4()
                screenings.append(
                    {"id": screening_id, "participant_id": her.id, "study_version_id": version,
                     "source": ScreeningSource.RESPONSE, "source_id": str(uuid4()), "revision": 1,
                     "body_sha256": "", "inputs": {}, "rules_met": [rule], "answered_at": at,
                     "screened_at": at}
                )  # fmt: skip
                triggers.append(
                    {"flag_id": flag_id, "screening_id": screening_id, "rule": rule, "tier": tier,
                     "met_at": at}
                )  # fmt: skip
        for table, rows in ((SafetyFlag, flags), (Screening, screenings), (FlagTrigger, triggers)):
            session.execute(insert(table), rows)


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"

"""How long each page of the console takes, and what it weighs, in a trial and in a huge one."""

from collections.abc import Iterator, Sequence
from gzip import compress
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import text

from epro.access import Role
from epro.serving import leave_to_stay
from tests.api.world import HERE, World
from tests.bench.section import Ratio, Section
from tests.databases import DatabaseKind, DatabaseShelf
from tests.many import FIRST_NUMBER, add_events, add_many, keep_candidates

RUNS = 10
SIZES = ((60, 168), (5_000, 28))
FIRST = f"{HERE}-{FIRST_NUMBER}"
PAGES = (
    "/today", "/participants", "/participants?sort=compliance&down=1",
    f"/participants/{FIRST}", f"/participants/{FIRST}/timeline?days=180",
    "/compliance", "/compliance?days=28", "/messages", "/messages?outcome=failed", "/reviews",
    "/reviews?all=1", "/contacts", f"/journal?participant={FIRST}", "/corrections", "/flags",
    "/audit-review?by=participant&from=2020-01-01", "/events", "/events/table",
)  # fmt: skip
# Who reads a page that coordinators do not.
READERS = {
    "/audit-review": Role.PRINCIPAL_INVESTIGATOR,
    "/events": Role.INVESTIGATOR,
    "/events/table": Role.INVESTIGATOR,
}


def measure() -> Section:
    """Ask for every page again and again, in one process without a network."""
    found = {size: dict(_measured(*size)) for size in SIZES}
    small, large = (found[size] for size in SIZES)
    small_ms, large_ms = (
        sum(int(one[0].split()[0]) for one in it.values()) for it in (small, large)
    )
    return Section(
        title="Console pages",
        how=f"GET of each page as a coordinator on PostgreSQL (the audit review, over all days, as "
        f"the principal investigator, events as an investigator), {RUNS} times, server time alone: "
        "60 participants with 24 weeks of diary, and 5,000 participants with four weeks. Two of "
        "three days are answered, each has its reminder, one message of fifty failed, and nothing "
        "was ever reviewed. Each has one adverse event, and candidates are kept. CPU is what web "
        "process and database need of the processor together (median), however busy the machine "
        "is. Weight is the HTML, compressed.",
        columns=(
            "page", "60 × 24 weeks: CPU", "p50", "p95", "KB",
            "5,000 × 4 weeks: CPU", "p50", "p95", "KB",
        ),
        rows=[(path, *small[path], *large[path]) for path in PAGES],
        finding="A page may take 200 ms and weigh 25 KB.",
        ratios={"CPU of all pages of the large trial to the small": Ratio(large_ms / small_ms, 25)},
    )  # fmt: skip


def _measured(people: int, days: int) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    with (
        TemporaryDirectory() as folder,
        DatabaseShelf(Path(folder)) as shelf,
        World(shelf.new(DatabaseKind.POSTGRESQL)) as world,
    ):
        add_many(world, people, days=days)
        add_events(world)
        keep_candidates(world)
        leave_to_stay()
        for path in PAGES:
            reader = READERS.get(path.partition("?")[0], Role.COORDINATOR)
            browser = world.sign_in_to_console(reader)
            times, costs = [], []
            for _ in range(RUNS + 2):
                begun, spent = perf_counter(), process_time() + _database_cpu(world)
                answer = browser.get(f"/console{path}")
                times.append(perf_counter() - begun)
                costs.append(process_time() + _database_cpu(world) - spent)
                if answer.status_code != 200:
                    raise RuntimeError(f"{path}: {answer.text}")
            times = times[2:]
            weight = len(compress(answer.data)) / 1024
            yield path, (
                _ms(median(costs[2:])), _ms(median(times)), _ms(_p95(times)), f"{weight:.1f}"
            )  # fmt: skip


def _database_cpu(world: World) -> float:
    """Return the seconds that the database's processes have spent on this trial so far."""
    asked = text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend'"
    )
    with world.database.reading() as session:
        pids = session.scalars(asked).all()
    return sum(
        int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9 for pid in pids
    )  # fmt: skip


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"

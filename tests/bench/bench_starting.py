"""How long the system takes to start, and how much memory it holds: the two kinds of process."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from epro.migrate import upgrade
from tests.bench.section import Ratio, Section
from tests.bench.storing import memory_mb, new_port, serving

ROUNDS = 3


def measure() -> Section:
    """Start the web server some times on an empty database; note the best, and what it holds."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/epro.sqlite3"
        began = time.perf_counter()
        upgrade(url)
        migrated_s = time.perf_counter() - began
        found = [_start(Path(folder), url) for _ in range(ROUNDS)]
    started_s, held = min(took for took, _mb in found), max(mb for _took, mb in found)
    return Section(
        title="Starting",
        how=(
            f"`epro web` on SQLite with one process, until it answers (the best of {ROUNDS}), and "
            "the memory that it and its parent hold then, shared parts counted once."
        ),
        columns=("what", "figure"),
        rows=[
            ("all migrations, from nothing", f"{migrated_s:.1f} s"),
            ("until the web server answers", f"{started_s:.1f} s"),
            ("memory of the web server", f"{held:.0f} MB"),
        ],
        ratios={"memory of the web server, MB": Ratio(held, 5)},
    )


def _start(folder: Path, url: str) -> tuple[float, float]:
    port, began = new_port(), time.perf_counter()
    environment = {"EPRO_VAR": str(folder), "EPRO_DATABASE_URL": url}
    with serving(("epro", "web", "--port", str(port)), environment, port, "/healthz") as pid:
        return time.perf_counter() - began, memory_mb(pid)

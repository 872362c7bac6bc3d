"""Measure, and write what was found into docs/benchmarks.md: `make bench`, or by name.

    python -m tests.bench                 every benchmark
    python -m tests.bench planning feed   only these
    python -m tests.bench --again feed    measure again and compare with the page, which stays

A benchmark is a module `tests/bench/bench_NAME.py` with a function `measure() -> Section`. Each
states ratios taken within one run; absolute figures are this machine's and only beside them.
"""

import argparse
import importlib
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.section import Section, differences, ratios_in

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`; each section by one module of `tests/bench/`. Compare the ratios: figures
in units of time depend on the machine and on what else it was doing. Each section names the ratios
that a second run on a quiet machine finds again, and how closely; `make bench AGAIN=1` measures
again and says which it did not.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks that were named, or all; return the exit code."""
    known = sorted(one.stem.removeprefix("bench_") for one in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}")
    parser.add_argument(
        "--again", action="store_true", help="compare with the page; it fails outside the spread"
    )
    given = parser.parse_args(arguments)
    names = given.names or known
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    missed: list[str] = []
    for number, name in enumerate(names, start=1):
        sys.stderr.write(f"[{number}/{len(names)}] {name} ...\n")
        section = importlib.import_module(f"tests.bench.bench_{name}").measure()
        sys.stdout.write(section.to_markdown())
        if given.again:
            stated = ratios_in(PAGE.read_text(encoding="utf-8"), name)
            missed += [f"{name}: {one}" for one in differences(stated, section.ratios)]
        else:
            _put(name, section)
    if given.again:
        sys.stderr.writelines(f"{one}\n" for one in missed or ["All ratios were found again."])
        return 1 if missed else 0
    sys.stderr.write(f"Written to {PAGE.relative_to(Path.cwd())}\n")
    return 0


def _put(name: str, section: Section) -> None:
    """Replace the section of that name in the page, or add it at the end."""
    page = PAGE.read_text() if PAGE.exists() else HEAD
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    measured = f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}"
    written = f"{begin}\n{section.to_markdown()}\nMeasured {measured}.\n{end}"
    pattern = re.compile(re.escape(begin) + ".*" + re.escape(end), re.DOTALL)
    if pattern.search(page):
        page = pattern.sub(lambda _: written, page)
    else:
        page = f"{page.rstrip()}\n\n{written}\n"
    PAGE.write_text(page)


def _machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return (
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

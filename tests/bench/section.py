"""What a benchmark found: a table, what was measured, what follows, and what comes out again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

ONE = re.compile(r"(?P<name>[^;:]+) (?P<value>[0-9.]+) ± (?P<spread>[0-9]+) %")
LEAD = "A second run finds again: "


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure that another run on a quiet machine finds again, within `spread` percent of it."""

    value: float
    spread: int

    def is_found_again(self, value: float) -> bool:
        """Tell whether another run's figure lies within the spread of this one."""
        return abs(value - self.value) <= self.value * self.spread / 100 + 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of docs/benchmarks.md. `how` says what was measured against what, in a sentence.

    `ratios` are taken within one run; what is only this machine's is in the rows alone.
    """

    title: str
    how: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    finding: str = ""
    ratios: Mapping[str, Ratio] = field(default_factory=dict)

    def to_markdown(self) -> str:
        """Return the section as it stands in the page."""
        lines = [
            f"## {self.title}", "", self.how, "",
            f"| {' | '.join(self.columns)} |", f"|{'---|' * len(self.columns)}",
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]  # fmt: skip
        if self.finding:
            lines += ["", self.finding]
        if self.ratios:
            said = (f"{name} {one.value:.2f} ± {one.spread} %" for name, one in self.ratios.items())
            lines += ["", f"{LEAD}{'; '.join(said)}."]
        return "\n".join([*lines, ""])


def ratios_in(page: str, name: str) -> Mapping[str, Ratio]:
    """Return the ratios that a page states for a benchmark, by their names."""
    found = re.search(f"<!-- {name}: begin -->(.*)<!-- {name}: end -->", page, re.DOTALL)
    line = re.search(f"^{re.escape(LEAD)}(.*)\\.$", found[1], re.MULTILINE) if found else None
    if line is None:
        return {}
    return {
        one["name"].strip(): Ratio(float(one["value"]), int(one["spread"]))
        for one in ONE.finditer(line[1])
    }


def differences(stated: Mapping[str, Ratio], found: Mapping[str, Ratio]) -> Iterator[str]:
    """Yield each stated ratio that a second run did not find again, or did not measure."""
    for name, one in stated.items():
        other = found.get(name)
        if other is None:
            yield f"{name}: stated as {one.value:.2f}, not measured any more"
        elif not one.is_found_again(other.value):
            yield f"{name}: {other.value:.2f}, not {one.value:.2f} ± {one.spread} %"

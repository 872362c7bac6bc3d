"""What a benchmark found: a table, what was measured, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of docs/benchmarks.md. `how` says what was measured against what, in a sentence."""

    title: str
    how: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    finding: str = ""

    def to_markdown(self) -> str:
        """Return the section as it stands in the page."""
        lines = [
            f"## {self.title}", "", self.how, "",
            f"| {' | '.join(self.columns)} |", f"|{'---|' * len(self.columns)}",
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]  # fmt: skip
        return "\n".join([*lines, *(["", self.finding] if self.finding else []), ""])

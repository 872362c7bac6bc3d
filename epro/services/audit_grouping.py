"""Figures of the audit review by site, participant or user: counted at once, written out by line.

A trial has thousands of participants and a page shows some: only those become lines.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from epro.services.audit_figures import Figure, Found, Who

# Counted by person, and not by case: one participant may share with many.
BY_PERSON = frozenset({Figure.SHARED_DEVICE, Figure.SHARED_ADDRESS})


@dataclass(frozen=True, slots=True)
class Count:
    """So many cases out of so many; `of` is None where there is no whole to count out of."""

    cases: int
    of: int | None

    @property
    def share(self) -> float | None:
        """The cases as a part of the whole, 0 to 1; None of nothing."""
        return self.cases / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Line:
    """One site, participant or user with every figure counted for it."""

    name: str
    site: str
    counts: Mapping[Figure, Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How often each name has cases of each figure, and out of how many.

    `sites` has all names, each with its site; `outs` are wholes that are the same for all names.
    """

    figures: Sequence[Figure]
    sites: Mapping[str, str]
    cases: Mapping[Figure, Mapping[str, int]]
    wholes: Mapping[Figure, Mapping[str, int] | None]
    outs: Mapping[Figure, int] = field(default_factory=dict)

    def count(self, name: str, figure: Figure) -> Count:
        """Return one figure of one name."""
        whole = self.wholes[figure]
        out_of = None if whole is None else whole.get(name, 0)
        return Count(self.cases[figure].get(name, 0), self.outs.get(figure, out_of))

    def line(self, name: str) -> Line:
        """Return every figure of one name."""
        counts = {figure: self.count(name, figure) for figure in self.figures}
        return Line(name, self.sites[name], counts)

    def names(self, *, by: Figure | None = None, is_descending: bool = False) -> Sequence[str]:
        """Return all names in order, or by the share that a figure's cases have."""
        names = sorted(self.sites)
        if by is None or by not in self.figures:
            return names[::-1] if by is None and is_descending else names

        def place(name: str) -> tuple[float, int]:
            count = self.count(name, by)
            return count.share or 0, count.cases

        return sorted(names, key=place, reverse=is_descending)

    def lines(self) -> list[Line]:
        """Return a line for each name, in order."""
        return [self.line(name) for name in self.names()]


def grouped(
    found: Mapping[Figure, Found],
    figures: Iterable[Figure],
    name_of: Callable[[Who], str | None],
    *,
    named: Sequence[str] = (),
    outs: Mapping[Figure, int] | None = None,
) -> Grouping:
    """Count each name that is counted somewhere, and those that are named."""
    figures = list(figures)
    sites: dict[str, str] = {}
    # Figures share their wholes: each of those is gone through once.
    counted: dict[int, Counter[str]] = {}
    cases: dict[Figure, Counter[str]] = {}
    for figure in figures:
        whole = found[figure].whole
        if whole is not None and id(whole) not in counted:
            counted[id(whole)] = _summed(whole, name_of, sites)
        people = found[figure].people
        each = dict.fromkeys(people, 1) if figure in BY_PERSON else Counter(people)
        cases[figure] = _summed(each, name_of, sites)
    sites |= {name: name for name in named}
    wholes = {
        figure: None if (own := found[figure].whole) is None else counted[id(own)]
        for figure in figures
    }
    return Grouping(figures=figures, sites=sites, cases=cases, wholes=wholes, outs=outs or {})


def _summed(
    numbers: Mapping[Who, int], name_of: Callable[[Who], str | None], sites: dict[str, str]
) -> Counter[str]:
    """Sum up by name, and note the site of each."""
    summed: Counter[str] = Counter()
    for who, number in numbers.items():
        if (name := name_of(who)) is not None:
            sites[name] = sites.get(name) or who.site
            summed[name] += number
    return summed

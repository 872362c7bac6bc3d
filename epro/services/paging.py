"""Lists page by page: the lines of one page, and how many there are in all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

Line = TypeVar("Line")
Shown = TypeVar("Shown")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Paged(Generic[Line]):
    """One page of a list; pages count from 1, and one beyond the last is empty."""

    lines: Sequence[Line]
    total: int
    page: int = 1
    size: int = PAGE

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return ceil(self.total / self.size)

    def each(self, shown_as: Callable[[Line], Shown]) -> "Paged[Shown]":
        """Return the page with each line as something else."""
        return Paged([shown_as(one) for one in self.lines], self.total, self.page, self.size)


def page_of(lines: Sequence[Line], page: int, *, size: int = PAGE) -> Paged[Line]:
    """Return a page of a list that is at hand whole."""
    return Paged(lines[(page - 1) * size : page * size], len(lines), page, size)


def read_page(
    session: Session, query: Select[*tuple[Any, ...]], page: int, *, size: int = PAGE
) -> Paged[Row[*tuple[Any, ...]]]:
    """Read a page of what a query finds in its order, and count what it finds in all."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    rows = session.execute(query.limit(size).offset((page - 1) * size)).all()
    return Paged(rows, total or 0, page, size)

"""Lists page by page: the lines of one page, and how many there are in all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

Line = TypeVar("Line")
Shown = TypeVar("Shown")
Column = TypeVar("Column", bound=StrEnum)
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Generic[Column]):
    """Which lines of a list, by which column; without one in the order that the list has by itself.

    `participant` and `site` narrow it to one, by code.
    """

    participant: str | None = None
    site: str | None = None
    column: Column | None = None
    is_descending: bool = False
    page: int = 1


def by_column(
    query: Select[*tuple[Any, ...]],
    value: ColumnElement[Any] | InstrumentedAttribute[Any],
    *,
    is_descending: bool,
) -> Select[*tuple[Any, ...]]:
    """Put what a query finds in the order of a value; what has none comes last either way."""
    return query.order_by(value.is_(None), value.desc() if is_descending else value.asc())


@dataclass(frozen=True, slots=True)
class Paged(Generic[Line]):
    """One page of a list; pages count from 1, and whoever asks beyond the last gets the last.

    A list may have become shorter since somebody turned to a page: none looks empty that is not.
    """

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
    page = within(page, len(lines), size)
    return Paged(lines[(page - 1) * size : page * size], len(lines), page, size)


def read_page(
    session: Session, query: Select[*tuple[Any, ...]], page: int, *, size: int = PAGE
) -> Paged[Row[*tuple[Any, ...]]]:
    """Read a page of what a query finds in its order, and count what it finds in all."""
    rows = session.execute(query.limit(size).offset((page - 1) * size)).all()
    if page == 1 and len(rows) < size:
        return Paged(rows, len(rows), page, size)  # all of them: there is nothing to count
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    total = session.scalar(counted) or 0
    if (last := within(page, total, size)) != page:
        page = last
        rows = session.execute(query.limit(size).offset((page - 1) * size)).all()
    return Paged(rows, total, page, size)


def within(page: int, total: int, size: int) -> int:
    """Return the page that is shown to whoever asks for this one: never one beyond the last."""
    return min(page, max(ceil(total / size), 1))

"""Entities of the feed, found by id, participant and time of their last change, page by page.

A page says up to which place of the journal it looked; the pages behind it look no further, so that
somebody who reads them all gets one state of the trial.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from epro.models import JournalEntry, JournalLink
from epro.services import feed, feed_entities
from epro.services.feed_items import Choice, FeedType
from questionnaires.catalogue import Catalogue

COMPARISONS = ("eq", "ne", "ge", "gt", "le", "lt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; `updated` are comparisons (see COMPARISONS) with aware instants."""

    kind: FeedType
    ids: tuple[str, ...] = ()
    participant: str | None = None
    updated: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One entity: its newest state as the feed serves it, and when it was last changed."""

    item: dict[str, Any]
    change_count: int
    last_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """One page: what was found, up to which place, how much there is in all, and whether more."""

    found: Sequence[Found]
    upto_seq: int
    total: int
    has_more: bool


def find(
    session: Session,
    choice: Choice,
    search: Search,
    *,
    after: str,
    upto_seq: int | None,
    limit: int,
    catalogue: Catalogue,
) -> Hits:
    """Return the entities that follow an id, in the order of ids, at most `limit`."""
    upto = feed.head(session) if upto_seq is None else min(upto_seq, feed.head(session))
    if search.kind not in choice.entity_types:
        return Hits(found=(), upto_seq=upto, total=0, has_more=False)
    everything = _matching(choice, search, upto)
    total = session.scalar(select(func.count()).select_from(everything.subquery())) or 0
    rows = session.execute(
        everything.where(JournalEntry.entity_id > after)
        .order_by(JournalEntry.entity_id)
        .limit(limit + 1)
    ).all()
    wanted: dict[str, datetime] = dict(list(rows[:limit]))
    changes: dict[str, list[dict[str, Any]]] = {entity_id: [] for entity_id in wanted}
    for item in feed_entities.changes_of(
        session, choice, search.kind, list(wanted), upto_seq=upto, catalogue=catalogue
    ):
        changes[item["entity_id"]].append(item)
    return Hits(
        found=[
            Found(
                item=max(items, key=lambda item: int(item["version"])),
                change_count=len(items), last_updated=wanted[entity_id],
            )
            for entity_id, items in changes.items()
        ],
        upto_seq=upto, total=total, has_more=len(rows) > limit,
    )  # fmt: skip


def _matching(choice: Choice, search: Search, upto: int) -> Select[str, datetime]:
    last_updated = func.max(JournalEntry.recorded_at)
    query = (
        select(JournalEntry.entity_id, last_updated)
        .join(JournalLink, JournalLink.entry_id == JournalEntry.id)
        .where(
            JournalEntry.entity_type == search.kind,
            JournalLink.seq <= upto,
            *feed.conditions(choice),
        )
        .group_by(JournalEntry.entity_id)
    )
    if search.ids:
        query = query.where(JournalEntry.entity_id.in_(search.ids))
    if search.participant is not None:
        query = query.where(JournalEntry.participant_code == search.participant)
    for comparison, at in search.updated:
        query = query.having(_compared(last_updated, comparison, at))
    return query


def _compared(what: ColumnElement[datetime], comparison: str, at: datetime) -> ColumnElement[bool]:
    conditions: dict[str, ColumnElement[bool]] = {
        "eq": what == at, "ne": what != at, "ge": what >= at, "gt": what > at, "le": what <= at,
        "lt": what < at,
    }  # fmt: skip
    return conditions[comparison]

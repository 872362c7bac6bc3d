"""Entities of the feed, found by id, participant and time of their last change, page by page.

A page says up to which place of the journal it looked; the pages behind it look no further, so that
somebody who reads them all gets one state of the trial.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from epro.models import JournalEntry, JournalLink
from epro.services import feed, feed_entities, feed_limits
from epro.services.feed_items import VOIDING, Choice, FeedType, item_of
from questionnaires.catalogue import Catalogue

IS_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
COMPARISONS = ("eq", "ne", "ge", "gt", "le", "lt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which ones are wanted; `updated` are comparisons (see COMPARISONS) with aware instants."""

    ids: tuple[str, ...] = ()
    participant: str | None = None
    updated: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Narrowing):
    """What is looked for: entities of one kind."""

    kind: FeedType


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChanges:
    """One page of single changes: as the feed serves them, and up to which place it looked."""

    items: Sequence[dict[str, Any]]
    upto_seq: int
    has_more: bool


def find_changes(
    session: Session,
    choice: Choice,
    wanted: Narrowing,
    *,
    after_seq: int,
    upto_seq: int | None,
    limit: int,
    catalogue: Catalogue,
) -> FoundChanges:
    """Return single changes behind a place, by change id, in the order of the feed."""
    upto = feed.head(session) if upto_seq is None else min(upto_seq, feed.head(session))
    query = (
        select(JournalLink.seq, JournalLink.hash, JournalEntry.body)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .where(
            JournalLink.seq > after_seq, JournalLink.seq <= upto, *feed_limits.conditions(choice)
        )
        .order_by(JournalLink.seq)
        .limit(limit + 1)
    )
    if wanted.ids:
        known = [UUID(one) for one in wanted.ids if IS_UUID.fullmatch(one)]
        query = query.where(JournalEntry.change_id.in_(known))
    if wanted.participant is not None:
        query = query.where(JournalEntry.participant_code == wanted.participant)
    for comparison, at in wanted.updated:
        query = query.where(_compared(JournalEntry.recorded_at, comparison, at))
    rows = session.execute(query).all()
    return FoundChanges(
        items=[
            item_of(seq, digest, body, scopes=choice.scopes, catalogue=catalogue)
            for seq, digest, body in rows[:limit]
        ],
        upto_seq=upto, has_more=len(rows) > limit,
    )  # fmt: skip


def _matching(choice: Choice, search: Search, upto: int) -> Select[str, datetime]:
    last_updated = func.max(JournalEntry.recorded_at)
    query = (
        select(JournalEntry.entity_id, last_updated)
        .join(JournalLink, JournalLink.entry_id == JournalEntry.id)
        .where(
            JournalEntry.entity_type == search.kind,
            JournalLink.seq <= upto,
            JournalEntry.entity_id.not_in(_voided(search.kind, upto)),
            *feed_limits.conditions(choice),
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


def _voided(kind: FeedType, upto: int) -> Select[str]:
    """Select what was entered in error: for this format it does not stand any more."""
    return (
        select(JournalEntry.entity_id)
        .join(JournalLink, JournalLink.entry_id == JournalEntry.id)
        .where(
            JournalEntry.entity_type == kind,
            JournalEntry.verb.in_(VOIDING),
            JournalLink.seq <= upto,
        )
    )


def _compared(
    what: ColumnElement[datetime] | InstrumentedAttribute[datetime], comparison: str, at: datetime
) -> ColumnElement[bool]:
    conditions: dict[str, ColumnElement[bool]] = {
        "eq": what == at, "ne": what != at, "ge": what >= at, "gt": what > at, "le": what <= at,
        "lt": what < at,
    }  # fmt: skip
    return conditions[comparison]

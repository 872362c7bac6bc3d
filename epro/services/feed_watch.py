"""Importers that have fallen behind: a line on the data manager's list until they go on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.access import system_actor
from epro.models import EdcClient, EdcConsumer, JournalEntry, JournalKind, JournalLink, WorkKind
from epro.services import work_list
from epro.services.feed_items import FeedType

WATCHER = system_actor("feed watch")
PATIENCE = timedelta(hours=24)


def watch(session: Session, *, now: datetime) -> int:
    """Put a line on the list for each importer with a change a day old that it has not stored."""
    added = [
        work_list.add(
            session, WATCHER, WorkKind.STALE_FEED, about=about(client, consumer),
            site_id=None, participant_id=None, now=now,
        )
        for consumer, client in consumers(session)
        if is_behind(session, consumer, now=now)
    ]  # fmt: skip
    return sum(item is not None for item in added)


def consumers(session: Session) -> Sequence[tuple[EdcConsumer, EdcClient]]:
    """Return every importer that still gets in, with its client."""
    rows = session.execute(
        select(EdcConsumer, EdcClient)
        .join(EdcClient, EdcClient.id == EdcConsumer.client_id)
        .where(EdcClient.revoked_at.is_(None))
        .order_by(EdcClient.name, EdcConsumer.name)
    )
    return [(consumer, client) for consumer, client in rows]


def is_behind(session: Session, consumer: EdcConsumer, *, now: datetime) -> bool:
    """Tell whether a change waits for this importer longer than a day."""
    types = consumer.filter.split(",") if consumer.filter != "*" else list(FeedType)
    waiting = (
        select(JournalLink.seq)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .where(
            JournalLink.seq > consumer.seq,
            JournalEntry.kind == JournalKind.CHANGE,
            JournalEntry.entity_type.in_(types),
            JournalEntry.recorded_at <= now - PATIENCE,
        )
        # The first one will do: whoever has never pulled has the whole journal waiting.
        .limit(1)
    )
    return session.scalar(waiting) is not None


def caught_up(session: Session, client: EdcClient, consumer: EdcConsumer, *, now: datetime) -> None:
    """Take the importer's lines off the list: it has gone on."""
    work_list.settle(
        session, WATCHER, WorkKind.STALE_FEED, about=f"{client.name}/{consumer.name}@", now=now
    )


def about(client: EdcClient, consumer: EdcConsumer) -> str:
    """Return where an importer stands still, for the list."""
    return f"{client.name}/{consumer.name}@{consumer.seq}"

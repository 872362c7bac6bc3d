"""Single entities out of the feed: how one stands, and everything that was changed about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.errors import NotFound
from epro.models import JournalEntry, JournalLink
from epro.services import feed_limits
from epro.services.feed_items import Choice, FeedType, item_of
from questionnaires.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity by its changes in order of version, each as the feed serves it; never empty."""

    changes: list[dict[str, Any]]

    @property
    def current(self) -> dict[str, Any]:
        """The newest state."""
        return self.changes[-1]

    @property
    def version(self) -> int:
        """Which state it is in."""
        version: int = self.current["version"]
        return version


def get(
    session: Session, choice: Choice, kind: FeedType, entity_id: str, *, catalogue: Catalogue
) -> Entity:
    """Return one entity within what the choice may see. Raises NotFound, as for one that is not."""
    if kind not in choice.entity_types:
        raise NotFound
    changes = list(changes_of(session, choice, kind, [entity_id], catalogue=catalogue))
    if not changes:
        raise NotFound
    return Entity(sorted(changes, key=lambda change: change["version"]))


def changes_of(
    session: Session,
    choice: Choice,
    kind: FeedType,
    entity_ids: list[str],
    *,
    upto_seq: int | None = None,
    catalogue: Catalogue,
) -> Iterator[dict[str, Any]]:
    """Yield the changes of these entities, in the order of the feed."""
    query = (
        select(JournalLink.seq, JournalLink.hash, JournalEntry.body)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .where(
            JournalEntry.entity_type == kind,
            JournalEntry.entity_id.in_(entity_ids),
            *feed_limits.conditions(choice),
        )
        .order_by(JournalLink.seq)
    )
    if upto_seq is not None:
        query = query.where(JournalLink.seq <= upto_seq)
    for seq, digest, body in session.execute(query):
        yield item_of(seq, digest, body, scopes=choice.scopes, catalogue=catalogue)

"""The feed of changes for the clinical database: every change once, in the journal's own order.

The caller reads within `sequenced_reading`: everything committed has its place by then, and places
are never given again. So a page follows from its cursor alone, and nothing can slip in behind it.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from epro.access import Actor
from epro.crypto import Keyring
from epro.db import insert_if_absent
from epro.errors import CursorEpochUnknown, CursorFilterMismatch
from epro.models import EdcClient, EdcConsumer, EdcEpoch, JournalEntry, JournalKind, JournalLink
from epro.services import feed_cursor, feed_limits, feed_watch, journal
from epro.services.feed_cursor import Position
from epro.services.feed_items import Choice, FeedType, HeldBack, line_of
from epro.services.journal import FIRST_HASH, Subject
from questionnaires.catalogue import Catalogue

EPOCH_ROW = 1
# Rows looked at in one go: bounds memory, and how wrongly a database can guess.
STRIDE = 1_000
# Enough of a hash to tell two chains apart.
HASH_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A stretch of the feed: everything of the choice after `after_seq`, up to `upto_seq`.

    `head` is the end of the journal when it was read; `lag_seconds` the age, in trial time, of the
    oldest entry that has no place yet because a transaction is still open.
    """

    lines: Sequence[str]
    after_seq: int
    upto_seq: int
    next_cursor: str
    has_more: bool
    head: int
    lag_seconds: float

    @property
    def sha256(self) -> str:
        """SHA-256 of the lines, each with its newline: of the NDJSON form without the last line."""
        return hashlib.sha256("".join(f"{line}\n" for line in self.lines).encode()).hexdigest()


def read_page(
    session: Session,
    choice: Choice,
    *,
    cursor: str | None,
    limit: int,
    catalogue: Catalogue,
    keyring: Keyring,
    now: datetime,
) -> Page:
    """Return the changes that follow a cursor, at most `limit`; from the first one without.

    Raises CursorInvalid, CursorFilterMismatch, CursorEpochUnknown.
    """
    # First, and once: what comes after it while we read belongs to the next page.
    end = head(session)
    epoch = current_epoch(session)
    after_seq = _seq_of(session, cursor, choice, epoch=epoch, keyring=keyring) if cursor else 0
    columns = (JournalLink.seq, JournalLink.hash, JournalEntry.body)
    rows = list(islice(walk(session, choice, columns, after_seq, end), limit + 1))
    served = rows[:limit]
    has_more = len(rows) > limit
    # Without more of the choice everything up to the head was examined, and is never read again.
    upto_seq = served[-1][0] if has_more else end
    oldest = journal.lag(session).oldest_recorded_at
    return Page(
        lines=[
            line_of(seq, digest, body, scopes=choice.scopes, catalogue=catalogue)
            for seq, digest, body in served
        ],
        after_seq=after_seq,
        upto_seq=upto_seq,
        next_cursor=feed_cursor.seal(
            Position(epoch, upto_seq, choice.filter, _hash_at(session, upto_seq)), keyring=keyring
        ),
        has_more=has_more,
        head=end,
        lag_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Total:
    """All changes of one type: how many, and the SHA-256 over their hashes, a line each."""

    type: FeedType
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an importer should have up to a place; of what is held back now only the number."""

    epoch: str
    upto: int
    totals: Sequence[Total]
    held_back: dict[HeldBack, int]


def manifest(
    session: Session, choice: Choice, *, upto: int | None, catalogue: Catalogue, now: datetime
) -> Manifest:
    """Count and hash every change of the choice up to a place, the head at most.

    Reads in a stream: as little memory for a million changes as for ten.
    """
    end = head(session)
    upto = end if upto is None else min(upto, end)
    counts = dict.fromkeys(choice.entity_types, 0)
    digests = {name: hashlib.sha256() for name in choice.entity_types}
    for name, digest in walk(
        session, choice, (JournalEntry.entity_type, JournalLink.hash), 0, upto
    ):
        counts[name] += 1
        digests[name].update(f"{digest}\n".encode())
    return Manifest(
        epoch=current_epoch(session),
        upto=upto,
        totals=[
            Total(FeedType(name), counts[name], digests[name].hexdigest())
            for name in choice.entity_types
        ],
        held_back=feed_limits.held_back(session, choice, catalogue=catalogue, now=now),
    )


def acknowledge(
    session: Session,
    actor: Actor,
    consumer: str,
    cursor: str,
    *,
    keyring: Keyring,
    now: datetime,
) -> EdcConsumer:
    """Note how far an importer has stored the feed; return how far that is. It never goes back.

    Raises CursorInvalid and CursorEpochUnknown.
    """
    epoch = current_epoch(session)
    position = feed_cursor.unseal(cursor, keyring=keyring)
    _refuse_other_life(session, position, epoch)
    values = {"epoch": epoch, "filter": position.filter, "seq": position.seq}
    is_new = insert_if_absent(
        session, EdcConsumer,
        {"client_id": actor.id, "name": consumer, "acknowledged_at": now, **values},
    )  # fmt: skip
    row = session.scalars(
        select(EdcConsumer)
        .where(EdcConsumer.client_id == actor.id, EdcConsumer.name == consumer)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if is_new or row.epoch != epoch or row.seq < position.seq:
        row.epoch, row.filter, row.seq = epoch, position.filter, position.seq
        row.acknowledged_at = now
        session.flush()
        record_pull(session, actor, "feed.acknowledged", {"consumer": consumer, **values}, now=now)
        if not feed_watch.is_behind(session, row, now=now):
            feed_watch.caught_up(session, session.get_one(EdcClient, actor.id), row, now=now)
    return row


def record_pull(
    session: Session, actor: Actor, verb: str, what: dict[str, object], *, now: datetime
) -> None:
    """Put on record that a machine took something; such entries are never served."""
    journal.record(
        session, actor, verb, Subject(entity_type="edc_client", entity_id=actor.name),
        after=what, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip


def cursor_at(session: Session, seq: int, *, keyring: Keyring) -> str:
    """Return the cursor of the whole feed that goes on behind a place."""
    epoch = current_epoch(session)
    everything = Choice(None, frozenset()).filter
    return feed_cursor.seal(
        Position(epoch, seq, everything, _hash_at(session, seq)), keyring=keyring
    )


def current_epoch(session: Session) -> str:
    """Return the life of the journal that cursors of today belong to."""
    return session.get_one(EdcEpoch, EPOCH_ROW).epoch


def begin_epoch(session: Session, actor: Actor, *, reason: str, now: datetime) -> str:
    """Begin a new life of the journal, after a restore: every cursor given so far is void."""
    row = session.get_one(EdcEpoch, EPOCH_ROW, with_for_update=True)
    old, row.epoch = row.epoch, secrets.token_hex(8)
    session.flush()
    journal.record(
        session, actor, "edc_epoch.begun", Subject(entity_type="edc_epoch", entity_id=row.epoch),
        after={"epoch": row.epoch}, before={"epoch": old}, reason=reason, now=now,
    )  # fmt: skip
    return row.epoch


def _seq_of(session: Session, cursor: str, choice: Choice, *, epoch: str, keyring: Keyring) -> int:
    position = feed_cursor.unseal(cursor, keyring=keyring)
    _refuse_other_life(session, position, epoch)
    if position.filter != choice.filter:
        raise CursorFilterMismatch
    return position.seq


def _refuse_other_life(session: Session, position: Position, epoch: str) -> None:
    """Refuse a cursor from before a restore, also when nobody has said that there was one."""
    if position.epoch != epoch or position.hash != _hash_at(session, position.seq):
        raise CursorEpochUnknown


def _hash_at(session: Session, seq: int) -> str:
    """Return how the hash of a link begins; nothing when the chain does not go that far."""
    if seq == 0:
        return FIRST_HASH[:HASH_LENGTH]
    digest = session.scalar(select(JournalLink.hash).where(JournalLink.seq == seq))
    return (digest or "")[:HASH_LENGTH]


def head(session: Session) -> int:
    """Return the last place of the journal; 0 for an empty one."""
    return session.scalar(select(func.max(JournalLink.seq))) or 0


def walk(
    session: Session,
    choice: Choice,
    columns: Sequence[InstrumentedAttribute[Any]],
    after_seq: int,
    upto_seq: int,
) -> Iterator[Sequence[Any]]:
    """Yield what is served of a stretch of the journal, in order, reading a stride at a time.

    Places have no gaps, so a stride is never more rows than its length. Asked for the whole stretch
    at once, a database may collect and sort the entire journal for a single page.
    """
    for start in range(after_seq, upto_seq, STRIDE):
        yield from session.execute(
            select(*columns)
            .join_from(JournalLink, JournalEntry, JournalEntry.id == JournalLink.entry_id)
            .where(
                JournalLink.seq > start,
                JournalLink.seq <= min(start + STRIDE, upto_seq),
                *feed_limits.conditions(choice),
            )
            .order_by(JournalLink.seq)
        )

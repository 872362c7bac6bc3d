"""The journal: every change and access on record, and the chain that shows it is whole.

Writers insert entries in their own transaction and wait for nobody. Sequence values commit out of
order, so a reader that remembers the last id would lose rows; `sequence` gives each entry its place
only when nothing can come before it any more, and only linked entries are ever read in order.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from epro.access import Actor
from epro.db import table_of
from epro.kept import KeptInsert
from epro.models import JournalEntry, JournalKind, JournalLink

FIRST_HASH = "0" * 64
SEQUENCER_LOCK = 0x6570726F  # "epro"
BATCH = 1_000
PLAIN = (str, bool, int, float)
SEVERAL = (list, tuple)


def _xid_on(dialect: str) -> dict[str, Any]:
    is_known = dialect == "postgresql"
    return {"xid": text("pg_current_xact_id()::text::bigint") if is_known else null()}


ADD = KeptInsert(table_of(JournalEntry), _xid_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an entry is about. Participant and site are codes; identity never appears."""

    entity_type: str
    entity_id: str
    version: int = 1
    participant_code: str | None = None
    site_code: str | None = None
    site_id: UUID | None = None


def record(  # noqa: PLR0913  what a record holds
    session: Session,
    actor: Actor,
    verb: str,
    subject: Subject,
    *,
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    reason: str | None = None,
    occurred_at: datetime | None = None,
    kind: JournalKind = JournalKind.CHANGE,
    now: datetime,
) -> None:
    """Put one change or access on record, in the caller's transaction.

    `verb` is `noun.verb` (`response.stored`); `after` is the whole entity, `before` the old values
    of what changed. `occurred_at` keeps the offset it comes with; left out, it is `now`.
    """
    record_all(
        session,
        [entry(actor, verb, subject, after=after, before=before, reason=reason,
               occurred_at=occurred_at, kind=kind, now=now)],
    )  # fmt: skip


def entry(  # noqa: PLR0913  what a record holds
    actor: Actor,
    verb: str,
    subject: Subject,
    *,
    after: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    reason: str | None = None,
    occurred_at: datetime | None = None,
    kind: JournalKind = JournalKind.CHANGE,
    now: datetime,
) -> dict[str, Any]:
    """Return one journal row as plain values, for `record_all`."""
    change_id = uuid4()
    body = {
        "change_id": str(change_id),
        "kind": kind.value,
        "verb": verb,
        "entity_type": subject.entity_type,
        "entity_id": subject.entity_id,
        "version": subject.version,
        "participant": subject.participant_code,
        "site": subject.site_code,
        "actor": {
            "kind": actor.kind.value,
            "name": actor.name,
            "role": actor.role_at(subject.site_id).value,
            "device_session": str(actor.device_session_id) if actor.device_session_id else None,
            "client": actor.client,
        },
        "occurred_at": (occurred_at or now).isoformat(),
        "recorded_at": now.astimezone(UTC).isoformat(),
        "reason": reason,
        "after": plain(after),
        "before": plain(before or {}),
    }
    return {
        "change_id": change_id,
        "kind": kind,
        "verb": verb,
        "entity_type": subject.entity_type,
        "entity_id": subject.entity_id,
        "participant_code": subject.participant_code,
        "site_code": subject.site_code,
        "recorded_at": now,
        "body": canonical(body),
    }


def record_all(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """Insert journal rows made by `entry`, in their order."""
    ADD.run(session, *entries)


def canonical(body: Mapping[str, Any]) -> str:
    """Return the one JSON text of a record: sorted keys, no spaces, characters as they are."""
    return json.dumps(
        body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def plain(value: Any) -> Any:
    """Turn instants, dates, ids and enums into what JSON knows; fail on anything else."""
    if value is None or isinstance(value, PLAIN):
        return value
    if isinstance(value, SEVERAL):  # before what has to be asked of an abstract class
        return [plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be put on record.")


# --- the chain ------------------------------------------------------------------------------------


def sequence(session: Session) -> int:
    """Link every entry whose place is certain; return how many were linked.

    On PostgreSQL an entry's place is certain once no transaction that began before it can still
    commit: its transaction id lies below the snapshot's horizon. (One at or above the snapshot's
    end, yet visible, was written by another cluster, before a restore.) SQLite has one writer.
    One sequencer runs at a time.
    """
    if _is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock(SEQUENCER_LOCK)))
    last, horizon = _last_link(session), _horizon(session)
    seq, prev_hash = (last.seq, last.hash) if last else (0, FIRST_HASH)
    linked = 0
    for batch in _batches(session, _unlinked(session, last, horizon)):
        links = []
        for entry_id, body in batch:
            seq += 1
            digest = link_hash(prev_hash, seq, body)
            links.append({"seq": seq, "entry_id": entry_id, "prev_hash": prev_hash,
                          "hash": digest, "horizon": horizon})  # fmt: skip
            prev_hash = digest
        session.execute(insert(JournalLink), links)
        linked += len(links)
    return linked


def link_hash(prev_hash: str, seq: int, body: str) -> str:
    """Return the hash that binds an entry to its place: SHA-256, 64 hex digits."""
    return hashlib.sha256(f"{prev_hash}\n{seq}\n{body}".encode()).hexdigest()


def _unlinked(session: Session, last: JournalLink | None, horizon: int | None) -> Select[int, str]:
    query = select(JournalEntry.id, JournalEntry.body).order_by(JournalEntry.id)
    query = query.where(_is_waiting(session, last, horizon))
    if horizon is None:
        return query
    end = text("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return query.where(or_(JournalEntry.xid < horizon, JournalEntry.xid >= end))


def _is_waiting(
    session: Session, last: JournalLink | None, horizon: int | None
) -> ColumnElement[bool]:
    """Return what holds for an entry without a place, reading only the end of the journal.

    After a restore the horizon may lie below that of the last link; then all of it is read.
    """
    if not _is_postgresql(session):
        return JournalEntry.id > (last.entry_id if last else 0)
    has_no_link = ~exists().where(JournalLink.entry_id == JournalEntry.id)
    if last is None or last.horizon is None or horizon is None or last.horizon > horizon:
        return has_no_link
    return and_(has_no_link, JournalEntry.xid >= last.horizon)


def _last_link(session: Session) -> JournalLink | None:
    return session.scalars(select(JournalLink).order_by(JournalLink.seq.desc()).limit(1)).first()


def _horizon(session: Session) -> int | None:
    """Return the PostgreSQL transaction below which every other has ended; None on SQLite."""
    if not _is_postgresql(session):
        return None
    query = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    horizon: int = session.execute(query).scalar_one()
    return horizon


def _batches(session: Session, query: Select[int, str]) -> Iterator[Sequence[Row[int, str]]]:
    yield from session.execute(query, execution_options={"yield_per": BATCH}).partitions(BATCH)


# --- reading --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkedEntry:
    """One entry with its place in the chain; `body` is the text that was hashed."""

    seq: int
    hash: str
    body: str

    @property
    def content(self) -> dict[str, Any]:
        """The body as values; for people, never for handing on."""
        content: dict[str, Any] = json.loads(self.body)
        return content


def read_after(
    session: Session, seq: int, *, limit: int, kind: JournalKind | None = JournalKind.CHANGE
) -> list[LinkedEntry]:
    """Return the linked entries that follow `seq`, in order. The same call gives the same rows."""
    query = _linked().where(JournalLink.seq > seq).limit(limit)
    if kind is not None:
        query = query.where(JournalEntry.kind == kind)
    return [LinkedEntry(seq, digest, body) for seq, digest, body in session.execute(query)]


def history_of(
    session: Session,
    *,
    entity_type: str | None = None,
    entity_id: str | None = None,
    participant_code: str | None = None,
    within: ColumnElement[bool] | None = None,
    after_seq: int = 0,
    is_newest_first: bool = False,
    limit: int = 100,
) -> list[LinkedEntry]:
    """Return what happened to one entity or one participant, in order, as far as one may read.

    `after_seq` is where the page before ended, from whichever end the journal is told; 0 begins.
    """
    query = _linked(is_newest_first=is_newest_first).limit(limit)
    if after_seq:
        seq = JournalLink.seq
        query = query.where(seq < after_seq if is_newest_first else seq > after_seq)
    if entity_type is not None:
        query = query.where(JournalEntry.entity_type == entity_type)
    if entity_id is not None:
        query = query.where(JournalEntry.entity_id == entity_id)
    if participant_code is not None:
        query = query.where(JournalEntry.participant_code == participant_code)
    if within is not None:
        query = query.where(within)
    return [LinkedEntry(seq, digest, body) for seq, digest, body in session.execute(query)]


def _linked(*, is_newest_first: bool = False) -> Select[int, str, str]:
    return (
        select(JournalLink.seq, JournalLink.hash, JournalEntry.body)
        .join(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .order_by(JournalLink.seq.desc() if is_newest_first else JournalLink.seq)
    )


@dataclass(frozen=True, slots=True)
class Lag:
    """Entries that have no place yet; `oldest_recorded_at` is trial time."""

    count: int
    oldest_recorded_at: datetime | None


def lag(session: Session) -> Lag:
    """Return how many entries wait for the sequencer and since when."""
    is_waiting = _is_waiting(session, _last_link(session), _horizon(session))
    query = select(func.count(JournalEntry.id), func.min(JournalEntry.recorded_at))
    count, oldest = session.execute(query.where(is_waiting)).one()
    return Lag(count, oldest)


# --- proof ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the journal is not what it was."""

    seq: int
    entry_id: int
    change_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found: how many links hold, the head of the chain, and the first break."""

    linked_count: int
    unlinked_count: int
    head: str
    first_break: Break | None


def verify(session: Session) -> Verification:
    """Recompute the whole chain; stop at the first entry that does not hold and name it.

    Checked are the hashes, the numbering without gaps, and that the columns which index an entry
    still say what its hashed body says.
    """
    verified_count, head = 0, FIRST_HASH
    first_break: Break | None = None
    with session.execute(
        select(JournalLink, JournalEntry)
        .outerjoin(JournalEntry, JournalEntry.id == JournalLink.entry_id)
        .order_by(JournalLink.seq),
        execution_options={"yield_per": BATCH},
    ) as rows:
        for link, stored in rows:
            if first_break := _break_at(link, stored, expected_seq=verified_count + 1, after=head):
                break
            verified_count, head = verified_count + 1, link.hash
    return Verification(verified_count, lag(session).count, head, first_break)


def _break_at(
    link: JournalLink, stored: JournalEntry | None, *, expected_seq: int, after: str
) -> Break | None:
    reason = _why_broken(link, stored, expected_seq, after)
    if reason is None:
        return None
    return Break(link.seq, link.entry_id, str(stored.change_id) if stored else "?", reason)


def _why_broken(
    link: JournalLink, stored: JournalEntry | None, expected_seq: int, prev_hash: str
) -> str | None:
    if stored is None:
        return "the entry is missing"
    if link.seq != expected_seq:
        return f"number {expected_seq} is missing"
    if link.prev_hash != prev_hash:
        return "it does not follow the entry before it"
    if link.hash != link_hash(prev_hash, link.seq, stored.body):
        return "its text was changed"
    body = json.loads(stored.body)
    columns = {
        "change_id": str(stored.change_id), "kind": stored.kind.value, "verb": stored.verb,
        "entity_type": stored.entity_type, "entity_id": stored.entity_id,
        "participant": stored.participant_code, "site": stored.site_code,
        "recorded_at": stored.recorded_at.isoformat(),
    }  # fmt: skip
    for name, value in columns.items():
        if body[name] != value:
            return f"its column for {name} was changed"
    return None


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"

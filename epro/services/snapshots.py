"""Snapshots for the clinical database: files of everything up to one place of the journal.

They are made once, kept for a week in pieces, and served as they were hashed: what is fetched later
is what was meant then. The cursor to go on from belongs to the same place.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from epro.access import Actor, ActorKind, Permission, Scope
from epro.crypto import Keyring
from epro.errors import InvalidInput, NotFound, NotPermitted
from epro.models import EdcSnapshot, EdcSnapshotFile, EdcSnapshotPart, JournalKind
from epro.services import feed, feed_exports, feed_tables, journal
from epro.services.feed_exports import Extent
from epro.services.feed_items import Choice
from epro.services.journal import Subject
from questionnaires.catalogue import Catalogue

LIFE = timedelta(days=7)
PART_BYTES = 256 * 1024
MOST_WAITING = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """One file of a snapshot: its media type, and what writes it."""

    media_type: str
    write: Callable[[Session, Extent], Iterator[bytes]]


SCOPES_OF_USERS: Mapping[Scope, Permission] = {
    Scope.READ: Permission.EXPORT_DATA,
    Scope.FREE_TEXT: Permission.READ_RESPONSE,
    Scope.FLAGS: Permission.READ_FLAG,
    Scope.ADVERSE_EVENTS: Permission.READ_ADVERSE_EVENT,
}
KINDS: Mapping[str, Kind] = {
    "changes.ndjson": Kind("application/x-ndjson", feed_exports.ndjson),
    "odm.xml": Kind("text/xml", feed_exports.odm_snapshot),
    "odm-history.xml": Kind("text/xml", feed_exports.odm_history),
    "qs.json": Kind("application/json", feed_tables.qs_json),
    "ae.json": Kind("application/json", feed_tables.ae_json),
    "qs.csv": Kind("text/csv", feed_tables.qs_csv),
    "ae.csv": Kind("text/csv", feed_tables.ae_csv),
    "code-book.csv": Kind("text/csv", feed_tables.code_book_csv),
}


def request(session: Session, actor: Actor, names: Sequence[str], *, now: datetime) -> EdcSnapshot:
    """Ask for files of everything so far; the worker makes them.

    The same again while they are being made is the same snapshot.

    The caller has given the journal's entries their places. Raises NotPermitted for somebody who
    may not take everything away, and InvalidInput for whoever has several waiting already.
    """
    files = [name for name in KINDS if name in (names or KINDS)]
    scopes = sorted(scopes_of(actor))
    if not scopes:
        raise NotPermitted
    upto_seq = feed.head(session)
    waiting = session.scalars(
        select(EdcSnapshot).where(_is_of(actor), EdcSnapshot.ready_at.is_(None))
    ).all()
    for known in waiting:
        if (known.files, known.scopes) == (files, scopes):
            return known
    if len(waiting) >= MOST_WAITING:
        message = f"{len(waiting)} snapshots are being made already."
        raise InvalidInput(details={"problems": [{"place": "files", "message": message}]})
    snapshot = EdcSnapshot(
        **{_owner(actor): actor.id}, scopes=scopes, files=files, upto_seq=upto_seq,
        requested_at=now, expires_at=now + LIFE,
    )  # fmt: skip
    session.add(snapshot)
    session.flush()
    what = {"snapshot": snapshot.id, "files": files, "upto_seq": upto_seq}
    put_on_record(session, actor, "snapshot.requested", what, now=now)
    return snapshot


def get(session: Session, actor: Actor, snapshot_id: UUID, *, now: datetime) -> EdcSnapshot:
    """Return one's own snapshot, if one may still see all of it. Raises NotFound."""
    snapshot = session.get(EdcSnapshot, snapshot_id)
    if (
        snapshot is None
        or getattr(snapshot, _owner(actor)) != actor.id
        or snapshot.expires_at <= now
        or not set(snapshot.scopes) <= scopes_of(actor)
    ):
        raise NotFound
    return snapshot


def own(session: Session, actor: Actor, *, now: datetime) -> Sequence[EdcSnapshot]:
    """Return one's own snapshots that are still kept and may still be seen, the latest first."""
    rows = session.scalars(
        select(EdcSnapshot)
        .where(_is_of(actor), EdcSnapshot.expires_at > now)
        .order_by(EdcSnapshot.requested_at.desc(), EdcSnapshot.id)
    )
    return [one for one in rows if set(one.scopes) <= scopes_of(actor)]


def file_of(session: Session, snapshot: EdcSnapshot, name: str) -> EdcSnapshotFile:
    """Return one file that is there. Raises NotFound."""
    found = next((one for one in files_of(session, snapshot) if one.name == name), None)
    if found is None:
        raise NotFound
    return found


def record_reading(
    session: Session, actor: Actor, snapshot: EdcSnapshot, file: EdcSnapshotFile, *, now: datetime
) -> None:
    """Put on record that a file leaves, with its hash."""
    what = {
        "snapshot": snapshot.id, "file": file.name, "upto_seq": snapshot.upto_seq,
        "size": file.size, "sha256": file.sha256,
    }  # fmt: skip
    put_on_record(session, actor, "snapshot.read", what, now=now)


def put_on_record(
    session: Session, actor: Actor, verb: str, what: dict[str, object], *, now: datetime
) -> None:
    """Put on record what a machine took, or a person."""
    if actor.kind is ActorKind.CLIENT:
        feed.record_pull(session, actor, verb, what, now=now)
        return
    journal.record(
        session, actor, verb,
        Subject(entity_type="export", entity_id=str(what["snapshot"])),
        after=what, kind=JournalKind.ACCESS, now=now,
    )  # fmt: skip


def scopes_of(actor: Actor) -> frozenset[Scope]:
    """Return what the files of an actor may hold; nothing for whoever may not have any.

    A file is of the whole study: a user needs each permission at every site. Days since the second
    infusion leave to machines alone, under a scope of their own (D16).
    """
    if actor.kind is ActorKind.CLIENT:
        return actor.scopes
    if actor.sites_for(Permission.EXPORT_DATA) is not None:
        return frozenset()
    return frozenset(
        scope for scope, needed in SCOPES_OF_USERS.items() if actor.sites_for(needed) is None
    )


def files_of(session: Session, snapshot: EdcSnapshot) -> Sequence[EdcSnapshotFile]:
    """Return the files that are there, in the order of their kinds."""
    files = session.scalars(
        select(EdcSnapshotFile).where(EdcSnapshotFile.snapshot_id == snapshot.id)
    ).all()
    return sorted(files, key=lambda file: list(KINDS).index(file.name))


def cursor_of(session: Session, snapshot: EdcSnapshot, *, keyring: Keyring) -> str:
    """Return the cursor of the whole feed that goes on where the snapshot ends."""
    return feed.cursor_at(session, snapshot.upto_seq, keyring=keyring)


def part(session: Session, file_id: UUID, number: int) -> bytes | None:
    """Return one piece of a file; None behind the last."""
    return session.scalar(
        select(EdcSnapshotPart.content).where(
            EdcSnapshotPart.file_id == file_id, EdcSnapshotPart.number == number
        )
    )


def _owner(actor: Actor) -> str:
    return "client_id" if actor.kind is ActorKind.CLIENT else "user_id"


def _is_of(actor: Actor) -> ColumnElement[bool]:
    is_his: ColumnElement[bool] = getattr(EdcSnapshot, _owner(actor)) == actor.id
    return is_his


# --- what the worker does -------------------------------------------------------------------------


def next_wanted(session: Session, *, now: datetime) -> tuple[EdcSnapshot, str | None] | None:
    """Return the snapshot that was asked for first and its next file; None without any.

    No file means that all are there.
    """
    snapshot = session.scalars(
        select(EdcSnapshot)
        .where(EdcSnapshot.ready_at.is_(None), EdcSnapshot.expires_at > now)
        .order_by(EdcSnapshot.requested_at, EdcSnapshot.id)
        .limit(1)
    ).first()
    if snapshot is None:
        return None
    there = {file.name for file in files_of(session, snapshot)}
    return snapshot, next((name for name in snapshot.files if name not in there), None)


def write(
    session: Session, snapshot: EdcSnapshot, name: str, out: IO[bytes], *, catalogue: Catalogue
) -> None:
    """Write one file, from what the snapshot's scopes may see up to its place."""
    choice = Choice(None, frozenset(map(Scope, snapshot.scopes)))
    extent = Extent(choice=choice, upto_seq=snapshot.upto_seq, catalogue=catalogue)
    for piece in KINDS[name].write(session, extent):
        out.write(piece)


def store(session: Session, snapshot: EdcSnapshot, name: str, written: IO[bytes]) -> None:
    """Keep a file that was written, in pieces."""
    written.seek(0)
    digest, size = hashlib.sha256(), 0
    file = EdcSnapshotFile(snapshot_id=snapshot.id, name=name, size=0, sha256="")
    session.add(file)
    session.flush()
    number = 0
    while piece := written.read(PART_BYTES):
        digest.update(piece)
        size += len(piece)
        row = {"file_id": file.id, "number": number, "content": piece}
        session.execute(insert(EdcSnapshotPart).values(row))
        number += 1
    file.size, file.sha256 = size, digest.hexdigest()
    session.flush()


def finish(session: Session, snapshot: EdcSnapshot, *, now: datetime) -> None:
    """Note that all files are there."""
    session.get_one(EdcSnapshot, snapshot.id).ready_at = now
    session.flush()


def expire(session: Session, *, now: datetime) -> int:
    """Remove snapshots whose time is over; return how many."""
    over = session.scalars(select(EdcSnapshot.id).where(EdcSnapshot.expires_at <= now)).all()
    files = select(EdcSnapshotFile.id).where(EdcSnapshotFile.snapshot_id.in_(over))
    session.execute(delete(EdcSnapshotPart).where(EdcSnapshotPart.file_id.in_(files)))
    session.execute(delete(EdcSnapshotFile).where(EdcSnapshotFile.snapshot_id.in_(over)))
    session.execute(delete(EdcSnapshot).where(EdcSnapshot.id.in_(over)))
    return len(over)

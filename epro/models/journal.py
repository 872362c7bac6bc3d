"""The one record of every change: audit trail and EDC feed in one. Both tables are append-only."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base, BigId


class JournalKind(StrEnum):
    CHANGE = "change"
    ACCESS = "access"


class JournalEntry(Base):
    """One change or access. `body` is the record, as canonical JSON text; the columns index it.

    `xid` is the PostgreSQL transaction that wrote it (empty on SQLite); the sequencer needs it to
    know which entries can no longer be preceded by one that is still being written.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("ix_journal_entry_entity", "entity_type", "entity_id"),
        Index("ix_journal_entry_participant", "participant_code"),
        Index("ix_journal_entry_xid", "xid"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    change_id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[JournalKind]
    verb: Mapped[str]
    entity_type: Mapped[str]
    entity_id: Mapped[str]
    participant_code: Mapped[str | None]
    site_code: Mapped[str | None]
    recorded_at: Mapped[datetime]
    body: Mapped[str]
    xid: Mapped[int | None] = mapped_column(BigInteger)


class JournalLink(Base):
    """The place of one entry in the chain; written by the sequencer alone.

    `seq` has no gaps. `hash` covers `prev_hash`, `seq` and the bytes of the entry's body.
    `horizon` is the PostgreSQL snapshot horizon below which everything was linked by then.
    """

    __tablename__ = "journal_link"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    prev_hash: Mapped[str]
    hash: Mapped[str]
    horizon: Mapped[int | None] = mapped_column(BigInteger)

"""The clinical database on the other side: who may pull, with which secret, how far it has come."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base
from questionnaires.schedule import AnchorEvent


class EdcClient(Base):
    """A machine that pulls changes. It is revoked, never deleted: what it did stays on record.

    `scopes` say what it may ask for; `networks`, when there are any, from where (CIDR).
    """

    __tablename__ = "edc_client"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    networks: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class EdcClientSecret(Base):
    """The keyed hash of one secret; good until `expires_at`, a wall-clock time."""

    __tablename__ = "edc_client_secret"
    __table_args__ = (Index("ix_edc_client_secret_client_id", "client_id"),)

    secret_lookup: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("edc_client.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class EdcConsumer(Base):
    """How far one importer of a client says it has stored the feed; only watched, never trusted."""

    __tablename__ = "edc_consumer"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("edc_client.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[str]
    filter: Mapped[str]
    seq: Mapped[int] = mapped_column(BigInteger)
    acknowledged_at: Mapped[datetime]


class EdcEpoch(Base):
    """One row: the life of the journal that cursors belong to; a restored database begins anew."""

    __tablename__ = "edc_epoch"

    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[str]


class EdcSnapshot(Base):
    """Files of everything up to a place of the journal, asked for by a client, or by a user.

    `scopes` are what the files may hold. The worker makes them; `ready_at` says when all were
    there.
    """

    __tablename__ = "edc_snapshot"
    __table_args__ = (
        CheckConstraint("(client_id IS NULL) <> (user_id IS NULL)", name="asked_for_by_one"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("edc_client.id"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    files: Mapped[list[str]] = mapped_column(JSON)
    upto_seq: Mapped[int] = mapped_column(BigInteger)
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]


class EdcSnapshotFile(Base):
    """One file of a snapshot: its size in bytes and SHA-256."""

    __tablename__ = "edc_snapshot_file"
    __table_args__ = (UniqueConstraint("snapshot_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    snapshot_id: Mapped[UUID] = mapped_column(ForeignKey("edc_snapshot.id"))
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]


class EdcSnapshotPart(Base):
    """A piece of a file, so that no machine has to hold the whole of it."""

    __tablename__ = "edc_snapshot_part"

    file_id: Mapped[UUID] = mapped_column(ForeignKey("edc_snapshot_file.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class AnchorQuery(Base):
    """An anchor that the clinical database gives otherwise than the site; the site decides.

    `standing_version` is the version of the anchor that it differs from.
    """

    __tablename__ = "anchor_query"
    __table_args__ = (
        Index("uq_anchor_query_proposal", "participant_id", "event", "proposed_at",
              "standing_version", unique=True),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("edc_client.id"))
    version: Mapped[int] = mapped_column(default=1)
    event: Mapped[AnchorEvent]
    standing_version: Mapped[int]
    proposed_at: Mapped[datetime]
    reason: Mapped[str | None]
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    is_accepted: Mapped[bool | None]
    decision_reason: Mapped[str | None]

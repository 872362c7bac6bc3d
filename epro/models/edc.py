"""The clinical database on the other side: who may pull, with which secret, how far it has come."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


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

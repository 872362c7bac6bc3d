"""Training rooms: where the people of a site practise, each a database of its own."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class RoomState(StrEnum):
    """How far a training room has come; follows from its times."""

    BEING_FILLED = "being_filled"
    OPEN = "open"
    FAILED = "failed"
    CLOSED = "closed"


class TrainingRoom(Base):
    """One room of a site, of which at most one stands; nothing of what happens inside is here.

    `code` is what the site is called inside, never a real site's. `number` counts the rooms that
    the site has had: clearing one closes it and opens the next. `filling_at` is when somebody
    began to fill it, `fault` why it could not be
    filled; `removed_at` is when the database of a closed room was thrown away.
    """

    __tablename__ = "training_room"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        Index("uq_training_room_standing", "site_id", unique=True,
              sqlite_where=text("closed_at IS NULL"),
              postgresql_where=text("closed_at IS NULL")),
        Index("uq_training_room_code", "code", unique=True,
              sqlite_where=text("closed_at IS NULL"),
              postgresql_where=text("closed_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    number: Mapped[int]
    code: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    filling_at: Mapped[datetime | None]
    filled_at: Mapped[datetime | None]
    fault: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    @property
    def name(self) -> str:
        """What its database is called; a cleared room's successor is called otherwise."""
        return f"room_{self.code.lower()}_{self.number}"

    @property
    def state(self) -> RoomState:
        if self.closed_at is not None:
            return RoomState.CLOSED
        if self.filled_at is not None:
            return RoomState.OPEN
        return RoomState.BEING_FILLED if self.fault is None else RoomState.FAILED

    @property
    def facts(self) -> dict[str, Any]:
        """What the journal keeps of it."""
        names = ("number", "code", "filled_at", "fault", "closed_at", "removed_at")
        return {name: getattr(self, name) for name in names}

"""When the record of a participant was locked and unlocked, by whom and why."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class RecordLock(Base):
    """One locking of a participant's record, from `locked_at` until it was unlocked for a reason.

    At most one of a participant stands. What was unlocked stays as history.
    """

    __tablename__ = "record_lock"
    __table_args__ = (
        Index("uq_record_lock_standing", "participant_id", unique=True,
              sqlite_where=text("unlocked_at IS NULL"),
              postgresql_where=text("unlocked_at IS NULL")),
        Index("ix_record_lock_participant", "participant_id", "locked_at"),
        CheckConstraint(
            "(unlocked_at IS NULL) = (unlock_reason IS NULL)", name="unlocked_for_a_reason"
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    version: Mapped[int] = mapped_column(default=1)
    locked_at: Mapped[datetime]
    locked_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    unlocked_at: Mapped[datetime | None]
    unlocked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    unlock_reason: Mapped[str | None]

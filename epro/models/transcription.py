"""What came on paper: what the sheet says of itself, who typed it in, who compared it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class Transcription(Base):
    """A response that was typed in from a sheet of paper; how it compares stands on the response.

    `written_at` is date and time as the sheet states them, read in `zone`; `source_reference` says
    where the sheet is kept, `reason` why it was paper. `revision` is the response's as last typed
    from the sheet. `checked_at` and what follows are the last comparison of that revision.
    """

    __tablename__ = "transcription"
    __table_args__ = (
        CheckConstraint("(checked_at IS NULL) = (checked_by_id IS NULL)", name="checked_by"),
        CheckConstraint("checked_by_id <> entered_by_id", name="second_person"),
    )

    response_id: Mapped[UUID] = mapped_column(
        ForeignKey("questionnaire_response.id"), primary_key=True
    )
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    written_at: Mapped[datetime]
    zone: Mapped[str]
    reason: Mapped[str]
    source_reference: Mapped[str]
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    checked_at: Mapped[datetime | None]
    checked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    differences: Mapped[str | None]

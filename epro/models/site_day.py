"""How a site shares its days: hand-over notes, deputies, and data that an investigator reviewed."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class HandOverNote(Base):
    """What one shift tells the next; never changed, the newest stands on top."""

    __tablename__ = "hand_over_note"
    __table_args__ = (Index("ix_hand_over_note_site", "site_id", "written_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    text: Mapped[str]
    written_at: Mapped[datetime]
    written_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class Deputy(Base):
    """Who looks after a colleague's flags and calls on these local days, both ends included."""

    __tablename__ = "deputy"
    __table_args__ = (
        Index("ix_deputy_deputy", "deputy_id", "to_on"),
        CheckConstraint("from_on <= to_on", name="ends_after_it_begins"),
        CheckConstraint("user_id <> deputy_id", name="is_somebody_else"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    named_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Visit(StrEnum):
    """For which visit an investigator looked at what a participant had entered."""

    BASELINE = "baseline"
    INFUSION = "infusion"
    WEEK_4 = "week_4"
    WEEK_12 = "week_12"
    WEEK_24 = "week_24"
    UNSCHEDULED = "unscheduled"


class DataReview(Base):
    """That everything received until `seen_up_to` was reviewed; what comes later is not.

    It is when the newest came in that the reviewer was shown: what was on its way then, and is
    stored with a time before `reviewed_at`, nobody has looked at. Reviews of before had none and
    cover all until `reviewed_at`.
    """

    __tablename__ = "data_review"
    __table_args__ = (Index("ix_data_review_participant", "participant_id", "reviewed_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    visit: Mapped[Visit]
    reviewed_at: Mapped[datetime]
    seen_up_to: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))

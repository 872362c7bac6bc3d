"""The delegation log: which task the principal investigator gave whom, and until when."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class Task(StrEnum):
    """What can be delegated. All but `data_review` are physicians' tasks."""

    ASSESS_EVENT = "assess_event"
    CLOSE_FLAG = "close_flag"
    SIGN_SAE = "sign_sae"
    DECIDE_EPISODE = "decide_episode"
    SIGN_OFF_DATA = "sign_off_data"
    DATA_REVIEW = "data_review"


class Delegation(Base):
    """One task given to one person at one site, for whole local days of the site.

    `to_on` and `ended_on` are the last days on which it holds; without either it is open-ended. It
    counts only with an unbroken signature of the principal investigator.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        CheckConstraint("to_on IS NULL OR from_on <= to_on", name="days_are_not_empty"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    task: Mapped[Task]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    ended_on: Mapped[date | None]
    end_reason: Mapped[str | None]

    @property
    def version(self) -> int:
        """Return 2 once it was ended before its time, 1 until then."""
        return 1 if self.ended_on is None else 2

    def holds_on(self, on: date) -> bool:
        """Tell whether a local day of the site lies inside."""
        last_on = min(one for one in (self.to_on, self.ended_on, date.max) if one is not None)
        return self.from_on <= on <= last_on

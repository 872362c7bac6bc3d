"""That blinding was lifted for a participant: the fact, never what was found."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class CodeBreakKind(StrEnum):
    """How it came about."""

    PLANNED = "planned"
    EMERGENCY = "emergency"
    INADVERTENT = "inadvertent"


class CodeBreak(Base):
    """When, by whom and how. There is no column for anything else, on purpose; never changed."""

    __tablename__ = "code_break"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    kind: Mapped[CodeBreakKind]
    happened_at: Mapped[datetime]
    done_by: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))

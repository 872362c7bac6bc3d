"""Later changes of what was answered: asked for with a reason, decided, applied as a revision."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class CorrectionSource(StrEnum):
    """How it became known that an answer was wrong: always from whoever gave it.

    That is the participant: by `paper_check` from her own sheet, which had been copied amiss; and
    by `rater` the assessor who entered a rating.
    """

    APP = "app"
    CALL = "call"
    VISIT = "visit"
    MESSAGE = "message"
    PAPER = "paper"
    PAPER_CHECK = "paper_check"
    RATER = "rater"


class CorrectionState(StrEnum):
    """How a correction stands; follows from its facts, is never stored."""

    AWAITING_PARTICIPANT = "awaiting_participant"
    REFUSED = "refused"
    AWAITING_DECISION = "awaiting_decision"
    DECLINED = "declined"
    APPLIED = "applied"


class Correction(Base):
    """All answers of a response as they should have been, with the reason; the original stays.

    One within the window of her own response is applied as it comes. Any other needs the
    participant's word (`confirmed_at`: in her app, or a call that staff put on record) and then the
    investigator's decision. What was typed from paper is put right after the sheet, which is her
    word, until a second person has found it equal. `delay_s` is the time from answering to asking,
    in seconds.
    """

    __tablename__ = "correction"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    response_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire_response.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    corrected_revision: Mapped[int]
    digest: Mapped[str]
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    reason: Mapped[str]
    source: Mapped[CorrectionSource]
    said_at: Mapped[datetime]
    said_words: Mapped[str | None]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    delay_s: Mapped[int]
    confirmed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    # Set together where her answer came in a call: who phoned her, when, and what she said.
    call_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    call_at: Mapped[datetime | None]
    call_words: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decision_reason: Mapped[str | None]
    applied_at: Mapped[datetime | None]
    applied_revision: Mapped[int | None]

    @property
    def state(self) -> CorrectionState:
        """Follow from the facts how this correction stands."""
        if self.applied_at is not None:
            return CorrectionState.APPLIED
        if self.decided_at is not None:
            return CorrectionState.DECLINED
        if self.refused_at is not None:
            return CorrectionState.REFUSED
        if self.confirmed_at is not None:
            return CorrectionState.AWAITING_DECISION
        return CorrectionState.AWAITING_PARTICIPANT

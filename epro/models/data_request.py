"""What a participant asked about her own data: the register of requests, each with its due day."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class RequestKind(StrEnum):
    """What she asks for (PIPL art. 44-48; GDPR art. 7(3), 15-18)."""

    ACCESS = "access"
    COPY = "copy"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    EXPLANATION = "explanation"


class AskedBy(StrEnum):
    """Who asked."""

    HERSELF = "herself"
    REPRESENTATIVE = "representative"


class IdentityCheck(StrEnum):
    """How it was made sure who asked: a word, never a number."""

    KNOWN_IN_PERSON = "known_in_person"
    DOCUMENT_SEEN = "document_seen"
    CALLED_BACK = "called_back"
    AUTHORITY_SEEN = "authority_seen"


class RequestOutcome(StrEnum):
    """How a request ended."""

    FULFILLED = "fulfilled"
    PARTLY_REFUSED = "partly_refused"
    REFUSED = "refused"


class RequestAct(StrEnum):
    """What a step was."""

    NOTED = "noted"
    HANDED_OVER = "handed_over"
    EXTENDED = "extended"
    COPY_MADE = "copy_made"
    CONTACT_ERASED = "contact_erased"


class DataRequest(Base):
    """One request. `received_on` and `due_on` are days in `zone`, the zone of her site."""

    __tablename__ = "data_request"
    __table_args__ = (
        Index("ix_data_request_open", "site_id", "due_on",
              sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("received_on <= due_on", name="due_after_it_came"),
        CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (explanation IS NULL)",
            name="ended_with_an_explanation",
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[RequestKind]
    asked_by: Mapped[AskedBy]
    identity_check: Mapped[IdentityCheck]
    words: Mapped[str]
    received_on: Mapped[date]
    zone: Mapped[str]
    due_on: Mapped[date]
    is_extended: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    outcome: Mapped[RequestOutcome | None]
    explanation: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))


class DataRequestStep(Base):
    """What was done about a request; never changed."""

    __tablename__ = "data_request_step"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("data_request.id"), index=True)
    act: Mapped[RequestAct]
    words: Mapped[str]
    taken_at: Mapped[datetime]
    taken_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))

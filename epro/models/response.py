"""What was answered: the response, every revision of it, and every body that was refused."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base, BigId
from questionnaires.definition import Language
from questionnaires.licensing import EntryMode


class ResponseStatus(StrEnum):
    """A device says the first two; a form that was never sent in is closed as incomplete."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"


class Timeliness(StrEnum):
    """Judged by `answered_at`; only the first two count for compliance."""

    ON_TIME = "on_time"
    LATE = "late"
    OUT_OF_WINDOW = "out_of_window"
    UNSCHEDULED = "unscheduled"


class Completer(StrEnum):
    """Who gave the answers."""

    SELF = "self"
    READ_TO_ME = "read_to_me"
    ANSWERED_FOR_ME = "answered_for_me"


class SourceCheck(StrEnum):
    """How what was typed in from paper compares with the sheet, by a second person's look at it."""

    NOT_CHECKED = "not_checked"
    DIFFERS = "differs"
    EQUAL = "equal"
    EQUAL_AFTER_CORRECTION = "equal_after_correction"

    @property
    def is_waiting(self) -> bool:
        """Tell whether nobody has yet found it equal to the sheet."""
        return self in {SourceCheck.NOT_CHECKED, SourceCheck.DIFFERS}


class DeviceClass(StrEnum):
    """What the answers were given on, as the device tells."""

    PHONE = "phone"
    TABLET = "tablet"
    COMPUTER = "computer"


class QuestionnaireResponse(Base):
    """The latest revision of one response; the phone makes the id, so a repeat is recognised.

    `revision` is the device's count, `version` that of everything that changed the record.
    A second response to an answered assessment names the first in `duplicate_of_id`; at most one
    response of an assessment counts. Of the items without an answer `hidden` names those that
    branching leaves out, `cleared` those of them that had one before, `not_reached` those that an
    unfinished form did not come to. `last_entry_on` is the day that her questions named.
    `source_check` is None for whatever was not typed in from paper.
    """

    __tablename__ = "questionnaire_response"
    __table_args__ = (
        Index("ix_questionnaire_response_received", "participant_id", "received_at"),
        # Reports are asked for every few minutes; of all that is answered they are a small part.
        Index("ix_questionnaire_response_form", "questionnaire_code", "participant_id", "status"),
        Index("uq_questionnaire_response_counting", "assessment_id", unique=True,
              sqlite_where=text("counts"), postgresql_where=text("counts")),
        Index("ix_questionnaire_response_in_progress", "assessment_id",
              sqlite_where=text("status = 'in_progress'"),
              postgresql_where=text("status = 'in_progress'")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    assessment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assessment.id"), index=True)
    study_version_id: Mapped[int] = mapped_column(ForeignKey("study_version.id"))
    questionnaire_code: Mapped[str]
    questionnaire_version: Mapped[str]
    revision: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    status: Mapped[ResponseStatus]
    language: Mapped[Language]
    completer: Mapped[Completer]
    mode: Mapped[EntryMode]
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    hidden: Mapped[list[str]] = mapped_column(JSON)
    not_reached: Mapped[list[str]] = mapped_column(JSON)
    cleared: Mapped[list[str]] = mapped_column(JSON, default=list)
    scores: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    last_entry_on: Mapped[date | None]
    opened_at: Mapped[datetime | None]
    answered_at: Mapped[datetime]
    utc_offset_minutes: Mapped[int]
    zone: Mapped[str]
    clock_unsure: Mapped[bool]
    received_at: Mapped[datetime]
    received_late: Mapped[bool]
    timeliness: Mapped[Timeliness]
    counts: Mapped[bool]
    duplicate_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("questionnaire_response.id"))
    day_label: Mapped[str | None]
    device_session_id: Mapped[UUID] = mapped_column(ForeignKey("device_session.id"))
    app_version: Mapped[str]
    device_class: Mapped[DeviceClass | None]
    source_check: Mapped[SourceCheck | None]


class ResponseRevision(Base):
    """One stored revision, with the digest that tells a repeat from a different body.

    `advice_shown_at` and `advice_acknowledged_at` are when her phone showed the emergency screen
    for these answers and when she tapped it away, by the phone's own clock.
    """

    __tablename__ = "response_revision"
    __table_args__ = (UniqueConstraint("response_id", "revision"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    response_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire_response.id"))
    revision: Mapped[int]
    status: Mapped[ResponseStatus]
    digest: Mapped[str]
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    cleared: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    scores: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    answered_at: Mapped[datetime]
    device_answered_at: Mapped[datetime]
    received_at: Mapped[datetime]
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)
    advice_shown_at: Mapped[datetime | None]
    advice_acknowledged_at: Mapped[datetime | None]


class Quarantine(Base):
    """A refused body, byte for byte, with the reason: nothing a participant sent is lost."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("uq_quarantine_body", "participant_id", "response_id", "body_sha256",
              "refusal_code", unique=True),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    response_id: Mapped[UUID]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    body_sha256: Mapped[str]
    refusal_code: Mapped[str]
    problems: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    answer_age_s: Mapped[float | None]
    device_session_id: Mapped[UUID | None] = mapped_column(ForeignKey("device_session.id"))
    app_version: Mapped[str]
    received_at: Mapped[datetime]

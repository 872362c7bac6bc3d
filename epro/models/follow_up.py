"""What people did about a flag: contacts, assessments, when the site knew, what was sent on."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base
from questionnaires.adverse_events import ActionTaken, Outcome


class ContactChannel(StrEnum):
    """How somebody was or was to be reached."""

    TELEPHONE = "telephone"
    VIDEO = "video"
    IN_PERSON = "in_person"
    MESSAGE = "message"
    CONTACT_PERSON = "contact_person"


class ContactOutcome(StrEnum):
    """What came of it."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    LEFT_MESSAGE = "left_message"
    WRONG_NUMBER = "wrong_number"


class NextStep(StrEnum):
    """What was agreed."""

    NOTHING = "nothing"
    CALL_AGAIN = "call_again"
    CLINIC_VISIT = "clinic_visit"
    EMERGENCY_DEPARTMENT = "emergency_department"
    AMBULANCE_CALLED = "ambulance_called"
    PHYSICIAN_INFORMED = "physician_informed"


class Contact(Base):
    """One contact with a participant or about her, perhaps for a flag or a diary; never changed."""

    __tablename__ = "contact"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    flag_id: Mapped[UUID | None] = mapped_column(ForeignKey("safety_flag.id"), index=True)
    assessment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assessment.id"))
    channel: Mapped[ContactChannel]
    outcome: Mapped[ContactOutcome]
    next_step: Mapped[NextStep]
    note: Mapped[str]
    contacted_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class FlagAssessment(Base):
    """One version of a physician's assessment of a flag; never changed, the highest one counts.

    Without an adverse event it says why in `narrative`. Expectedness is the sponsor's and not here.
    """

    __tablename__ = "flag_assessment"
    __table_args__ = (UniqueConstraint("flag_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    flag_id: Mapped[UUID] = mapped_column(ForeignKey("safety_flag.id"))
    version: Mapped[int]
    is_adverse_event: Mapped[bool]
    seriousness: Mapped[list[str]] = mapped_column(JSON)
    grade: Mapped[int | None]
    relationship: Mapped[str | None]
    action_taken: Mapped[ActionTaken | None]
    outcome: Mapped[Outcome | None]
    narrative: Mapped[str]
    reason: Mapped[str | None]
    assessed_at: Mapped[datetime]
    assessed_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class AwarenessKind(StrEnum):
    """What a person stated about when the site knew."""

    TELEPHONE = "telephone"
    EARLIER = "earlier"
    LATER = "later"


class AwarenessStatement(Base):
    """Somebody's word on when the site became aware; never changed, all stay visible."""

    __tablename__ = "awareness_statement"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    flag_id: Mapped[UUID] = mapped_column(ForeignKey("safety_flag.id"), index=True)
    number: Mapped[int]
    kind: Mapped[AwarenessKind]
    aware_at: Mapped[datetime]
    before_at: Mapped[datetime | None]
    reason: Mapped[str]
    stated_at: Mapped[datetime]
    stated_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class SaeSending(Base):
    """That a report of a serious event went to the sponsor: when, by whom, and the proof of it."""

    __tablename__ = "sae_sending"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    flag_id: Mapped[UUID] = mapped_column(ForeignKey("safety_flag.id"), index=True)
    sent_at: Mapped[datetime]
    sent_by: Mapped[str]
    sent_to: Mapped[str]
    proof: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))

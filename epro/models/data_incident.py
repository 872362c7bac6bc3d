"""Breaches of personal data and of blinding: what happened, what was done, who was told."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base
from questionnaires.data_protection import Recipient


class DataIncidentKind(StrEnum):
    """What went wrong. Of a broken blind only that it is: never what became known."""

    LOST_DEVICE = "lost_device"
    WRONG_RECIPIENT = "wrong_recipient"
    UNAUTHORISED_ACCESS = "unauthorised_access"
    LOSS = "loss"
    TAMPERING = "tampering"
    BLIND_BROKEN = "blind_broken"
    OTHER = "other"


class IncidentSeverity(StrEnum):
    """What it may do to the persons concerned, or to the trial."""

    MINOR = "minor"
    SERIOUS = "serious"
    GRAVE = "grave"


class DataIncident(Base):
    """One entry of the register; `is_exercise` marks a tabletop, which is listed apart.

    `person_count` is empty as long as nobody knows how many are concerned.
    """

    __tablename__ = "data_incident"
    __table_args__ = (
        Index("ix_data_incident_open", "site_id", "found_at",
              sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
        CheckConstraint(
            "closed_at IS NULL OR (contained_at IS NOT NULL AND person_count IS NOT NULL "
            "AND cause <> '' AND prevention <> '')",
            name="closed_when_all_is_said",
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    version: Mapped[int] = mapped_column(default=1)
    is_exercise: Mapped[bool]
    kind: Mapped[DataIncidentKind]
    severity: Mapped[IncidentSeverity]
    found_at: Mapped[datetime]
    found_by: Mapped[str]
    happened: Mapped[str]
    data_concerned: Mapped[str]
    person_count: Mapped[int | None]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    contained_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(default="")
    prevention: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))


class DataIncidentStep(Base):
    """One step of containment: when, by whom, what; never changed."""

    __tablename__ = "data_incident_step"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("data_incident.id"), index=True)
    words: Mapped[str]
    taken_at: Mapped[datetime]
    taken_by: Mapped[str]
    is_contained: Mapped[bool]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))


class DataIncidentNotice(Base):
    """That somebody is to be told by `due_at`: when it was done and what proves it, or why not."""

    __tablename__ = "data_incident_notice"
    __table_args__ = (
        UniqueConstraint("incident_id", "recipient"),
        CheckConstraint("told_at IS NULL OR proof <> ''", name="told_with_proof"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("data_incident.id"))
    version: Mapped[int] = mapped_column(default=1)
    recipient: Mapped[Recipient]
    due_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    proof: Mapped[str] = mapped_column(default="")
    not_needed_because: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))

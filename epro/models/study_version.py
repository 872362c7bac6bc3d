"""Published study packages and the sites they are in force at."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class StudyVersion(Base):
    """One published, frozen edition of the study package: its canonical JSON and checksum."""

    __tablename__ = "study_version"
    __table_args__ = (UniqueConstraint("study_code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_code: Mapped[str]
    version: Mapped[str]
    canonical_json: Mapped[str]
    sha256: Mapped[str]
    published_at: Mapped[datetime]
    published_by: Mapped[str]


class SiteActivation(Base):
    """From which local date on a site works by which study version (protocol amendment)."""

    __tablename__ = "site_activation"
    __table_args__ = (UniqueConstraint("site_id", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    study_version_id: Mapped[int] = mapped_column(ForeignKey("study_version.id"))
    from_on: Mapped[date]

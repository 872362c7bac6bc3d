"""The investigator's own copy of a site's record, and how long the record has to be kept."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base, BigId


class SiteArchive(Base):
    """One copy of all of a site up to a place of the journal, and who said that she has it.

    The copy itself lies with the investigator and nowhere here. `journal_head` is the hash of the
    link at `upto_seq`; `manifest_sha256` stands for every file of the copy.
    """

    __tablename__ = "site_archive"
    __table_args__ = (
        CheckConstraint(
            "(received_at IS NULL) = (received_by_id IS NULL)", name="received_by_somebody"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    upto_seq: Mapped[int] = mapped_column(BigInteger)
    journal_head: Mapped[str]
    manifest_sha256: Mapped[str] = mapped_column(unique=True)
    participant_count: Mapped[int]
    received_at: Mapped[datetime | None]
    received_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))


class KeptFrom(StrEnum):
    """From which event the years of keeping are counted (GCP of China, article 80)."""

    MARKETING_APPROVAL = "marketing_approval"
    TRIAL_END = "trial_end"


class RetentionRule(Base):
    """How long the record is kept, as somebody stated it; the latest of its place counts.

    Of the whole study where `site_id` is empty, else what a site's contract asks beyond that.
    Without `from_on` nobody knows yet when the years begin, and all is kept.
    """

    __tablename__ = "retention_rule"
    __table_args__ = (
        CheckConstraint("years >= 5", name="at_least_five_years"),
        CheckConstraint("(from_on IS NULL) = (kept_from IS NULL)", name="counted_from_an_event"),
    )

    number: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
    years: Mapped[int]
    kept_from: Mapped[KeptFrom | None]
    from_on: Mapped[date | None]
    contract_until_on: Mapped[date | None]
    document: Mapped[str]
    stated_at: Mapped[datetime]
    stated_by: Mapped[str]

"""What an audit asks of the record: from where sessions were used, and who has reviewed it."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class SessionPlace(Base):
    """A browser and an address from which a device session was used.

    Both are keyed tags: they tell one from another and nothing else. `device_tag` is empty for a
    client that keeps no cookie. Times are trial time, of the first
    and the latest token taken there.
    """

    __tablename__ = "session_place"
    __table_args__ = (
        Index("ix_session_place_device_tag", "device_tag"),
        Index("ix_session_place_address_tag", "address_tag"),
    )

    device_session_id: Mapped[UUID] = mapped_column(
        ForeignKey("device_session.id"), primary_key=True
    )
    device_tag: Mapped[str] = mapped_column(primary_key=True)
    address_tag: Mapped[str] = mapped_column(primary_key=True)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class AuditReview(Base):
    """That somebody reviewed a site's audit trail up to the end of a local day; never changed."""

    __tablename__ = "audit_review"
    __table_args__ = (Index("ix_audit_review_site", "site_id", "upto_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    upto_on: Mapped[date]
    remark: Mapped[str]
    reviewed_at: Mapped[datetime]
    reviewed_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))

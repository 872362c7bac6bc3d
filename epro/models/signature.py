"""Electronic signatures: who signed what, when, and in which sense; never changed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class SignatureMeaning(StrEnum):
    """In which sense a record was signed (21 CFR 11.50)."""

    DELEGATED = "delegated"
    DELEGATION_ENDED = "delegation_ended"
    ASSESSED = "assessed"
    DECIDED = "decided"
    CLOSED = "closed"
    AWARENESS_SET_LATER = "awareness_set_later"
    REVIEWED = "reviewed"
    SIGNED_OFF = "signed_off"
    APPROVED = "approved"


class Signature(Base):
    """One person's signature under one version of one record.

    `record_sha256` binds it to what the record said. Whether that still holds is computed from the
    record each time it is read and stored nowhere. `zone` is the site's, for the printed time.
    """

    __tablename__ = "signature"
    __table_args__ = (Index("ix_signature_entity", "entity_type", "entity_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    entity_type: Mapped[str]
    entity_id: Mapped[str]
    entity_version: Mapped[int]
    meaning: Mapped[SignatureMeaning]
    signer_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    signer_name: Mapped[str]
    signer_role: Mapped[str]
    signed_at: Mapped[datetime]
    zone: Mapped[str]
    record_sha256: Mapped[str]

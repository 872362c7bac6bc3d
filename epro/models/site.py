"""The places that enrol."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base


class Site(Base):
    """A place that enrols participants; its phone number is what the participant's screens show."""

    __tablename__ = "site"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    zone: Mapped[str]
    phone: Mapped[str]
    phone_24h: Mapped[str]

"""The places that enrol."""

from uuid import UUID, uuid4

from sqlalchemy import false
from sqlalchemy.orm import Mapped, mapped_column

from epro.db import Base

DIGEST_MINUTE = 8 * 60 + 30
REQUEST_DAYS = 30
BREACH_HOURS = 24
NUMBER_CHECK_DAYS = 31


class Site(Base):
    """A place that enrols participants; its phone number is what the participant's screens show.

    `digest_minute`: at which minute of its local day the mail about what waits comes.
    `request_days`: within how many calendar days it answers requests about personal data.
    `breach_hours`: within how many hours it tells the regulator and those concerned of a breach.
    `number_check_days`: how many days after an answered test call its numbers are called again.
    """

    __tablename__ = "site"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    zone: Mapped[str]
    phone: Mapped[str]
    phone_24h: Mapped[str]
    calls_by_voice: Mapped[bool] = mapped_column(default=False, server_default=false())
    digest_minute: Mapped[int] = mapped_column(
        default=DIGEST_MINUTE, server_default=str(DIGEST_MINUTE)
    )
    request_days: Mapped[int] = mapped_column(
        default=REQUEST_DAYS, server_default=str(REQUEST_DAYS)
    )
    breach_hours: Mapped[int] = mapped_column(
        default=BREACH_HOURS, server_default=str(BREACH_HOURS)
    )
    number_check_days: Mapped[int] = mapped_column(
        default=NUMBER_CHECK_DAYS, server_default=str(NUMBER_CHECK_DAYS)
    )

"""Staff accounts and the roles they hold."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from epro.access import Role
from epro.db import Base

# Machines have a role too, but never as a member of a site.
STORED_ROLES = tuple(role.value for role in Role if role is not Role.EDC_CLIENT)


class User(Base):
    """One person's account; it is never shared and never deleted."""

    __tablename__ = "user_account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    email_sealed: Mapped[str]
    phone_sealed: Mapped[str | None]
    phone_set_at: Mapped[datetime | None]
    password_hash: Mapped[str]
    totp_secret_sealed: Mapped[str]
    totp_last_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]

    memberships: Mapped[list["SiteMembership"]] = relationship(lazy="selectin")


class SiteMembership(Base):
    """A user's role at one site, or at all of them when `site_id` is empty."""

    __tablename__ = "site_membership"
    __table_args__ = (
        Index("uq_site_membership_at_site", "user_id", "site_id", "role", unique=True,
              sqlite_where=text("site_id IS NOT NULL"),
              postgresql_where=text("site_id IS NOT NULL")),
        Index("uq_site_membership_study_wide", "user_id", "role", unique=True,
              sqlite_where=text("site_id IS NULL"), postgresql_where=text("site_id IS NULL")),
        CheckConstraint(f"role IN {STORED_ROLES}", name="role"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
    role: Mapped[Role] = mapped_column(
        Enum(Role, native_enum=False, length=40,
             values_callable=lambda roles: [role.value for role in roles])
    )  # fmt: skip


class StaffSetupCode(Base):
    """A code by which one person sets up password and second factor, once, before it ends.

    It is handed over in person; only what it is found by is kept. At most one stands for a user.
    """

    __tablename__ = "staff_setup_code"
    __table_args__ = (
        Index("uq_staff_setup_code_standing", "user_id", unique=True,
              sqlite_where=text("used_at IS NULL AND revoked_at IS NULL"),
              postgresql_where=text("used_at IS NULL AND revoked_at IS NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    code_lookup: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

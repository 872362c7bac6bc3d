"""Codes by which the owner of a staff account sets up password and second factor."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

IS_STANDING = sa.text("used_at IS NULL AND revoked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "staff_setup_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_lookup", sa.Text(), nullable=False),
        sa.Column("issued_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["user_account.id"], name=op.f("fk_staff_setup_code_issued_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_staff_setup_code_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_setup_code")),
        sa.UniqueConstraint("code_lookup", name=op.f("uq_staff_setup_code_code_lookup")),
    )
    op.create_index(
        "uq_staff_setup_code_standing",
        "staff_setup_code",
        ["user_id"],
        unique=True,
        sqlite_where=IS_STANDING,
        postgresql_where=IS_STANDING,
    )


def downgrade() -> None:
    op.drop_index("uq_staff_setup_code_standing", table_name="staff_setup_code")
    op.drop_table("staff_setup_code")

"""Calls about a flag, what a site wants of its alerts, and its daily mail."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

IS_CALLING = sa.text("next_call_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("flag_count", sa.Integer(), nullable=False),
        sa.Column("made_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_digest_site_id")),
        sa.PrimaryKeyConstraint("site_id", "sent_on", name=op.f("pk_digest")),
    )
    op.add_column(
        "safety_flag",
        sa.Column("next_call_at", epro.db.UtcDateTime(timezone=True), nullable=True),
    )
    op.create_index(
        "ix_safety_flag_next_call_at",
        "safety_flag",
        ["next_call_at"],
        unique=False,
        sqlite_where=IS_CALLING,
        postgresql_where=IS_CALLING,
    )
    op.add_column(
        "site",
        sa.Column("calls_by_voice", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "site", sa.Column("digest_minute", sa.Integer(), server_default="510", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("site", "digest_minute")
    op.drop_column("site", "calls_by_voice")
    op.drop_index("ix_safety_flag_next_call_at", table_name="safety_flag")
    op.drop_column("safety_flag", "next_call_at")
    op.drop_table("digest")

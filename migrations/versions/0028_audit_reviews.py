"""Audit review: from where sessions were used, and up to which day a site's trail was reviewed."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0028"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_place",
        sa.Column("device_session_id", sa.Uuid(), nullable=False),
        sa.Column("device_tag", sa.Text(), nullable=False),
        sa.Column("address_tag", sa.Text(), nullable=False),
        sa.Column("first_seen_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_session_id"],
            ["device_session.id"],
            name=op.f("fk_session_place_device_session_id"),
        ),
        sa.PrimaryKeyConstraint(
            "device_session_id", "device_tag", "address_tag", name=op.f("pk_session_place")
        ),
    )
    op.create_index("ix_session_place_device_tag", "session_place", ["device_tag"])
    op.create_index("ix_session_place_address_tag", "session_place", ["address_tag"])
    op.create_table(
        "audit_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("upto_on", sa.Date(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("reviewed_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["user_account.id"], name=op.f("fk_audit_review_reviewed_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_audit_review_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_review")),
    )
    op.create_index("ix_audit_review_site", "audit_review", ["site_id", "upto_on"])


def downgrade() -> None:
    op.drop_index("ix_audit_review_site", table_name="audit_review")
    op.drop_table("audit_review")
    op.drop_index("ix_session_place_address_tag", table_name="session_place")
    op.drop_index("ix_session_place_device_tag", table_name="session_place")
    op.drop_table("session_place")

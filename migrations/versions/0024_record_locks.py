"""Sign-off and lock: when the record of a participant was locked, and unlocked for which reason."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

IS_STANDING = sa.text("unlocked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "record_lock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("locked_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("locked_by_id", sa.Uuid(), nullable=False),
        sa.Column("unlocked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("unlocked_by_id", sa.Uuid(), nullable=True),
        sa.Column("unlock_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(unlocked_at IS NULL) = (unlock_reason IS NULL)",
            name=op.f("ck_record_lock_unlocked_for_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["locked_by_id"], ["user_account.id"], name=op.f("fk_record_lock_locked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_record_lock_participant_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_record_lock_site_id")),
        sa.ForeignKeyConstraint(
            ["unlocked_by_id"], ["user_account.id"], name=op.f("fk_record_lock_unlocked_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_lock")),
    )
    op.create_index("ix_record_lock_participant", "record_lock", ["participant_id", "locked_at"])
    op.create_index(
        "uq_record_lock_standing",
        "record_lock",
        ["participant_id"],
        unique=True,
        sqlite_where=IS_STANDING,
        postgresql_where=IS_STANDING,
    )


def downgrade() -> None:
    op.drop_index("uq_record_lock_standing", table_name="record_lock")
    op.drop_index("ix_record_lock_participant", table_name="record_lock")
    op.drop_table("record_lock")

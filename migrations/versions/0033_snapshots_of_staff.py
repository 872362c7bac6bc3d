"""Snapshots of the feed that a user asked for, beside those of machines."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

OF_USERS = "SELECT id FROM edc_snapshot WHERE user_id IS NOT NULL"
FILES_OF_USERS = f"SELECT id FROM edc_snapshot_file WHERE snapshot_id IN ({OF_USERS})"  # noqa: S608


def upgrade() -> None:
    with op.batch_alter_table("edc_snapshot", schema=None) as batch_op:
        batch_op.alter_column("client_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column("user_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_edc_snapshot_user_id"), "user_account", ["user_id"], ["id"]
        )
        batch_op.create_index(op.f("ix_edc_snapshot_user_id"), ["user_id"])
        batch_op.create_check_constraint(
            op.f("ck_edc_snapshot_asked_for_by_one"), "(client_id IS NULL) <> (user_id IS NULL)"
        )


def downgrade() -> None:
    op.execute(f"DELETE FROM edc_snapshot_part WHERE file_id IN ({FILES_OF_USERS})")  # noqa: S608
    op.execute(f"DELETE FROM edc_snapshot_file WHERE snapshot_id IN ({OF_USERS})")  # noqa: S608
    op.execute("DELETE FROM edc_snapshot WHERE user_id IS NOT NULL")
    with op.batch_alter_table("edc_snapshot", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_edc_snapshot_asked_for_by_one"), type_="check")
        batch_op.drop_index(op.f("ix_edc_snapshot_user_id"))
        batch_op.drop_constraint(op.f("fk_edc_snapshot_user_id"), type_="foreignkey")
        batch_op.drop_column("user_id")
        batch_op.alter_column("client_id", existing_type=sa.Uuid(), nullable=False)

"""Phones of staff that open by a PIN, to take flags."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trusted_phone",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key_lookup", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("trusted_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_trusted_phone_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_phone")),
        sa.UniqueConstraint("key_lookup", name=op.f("uq_trusted_phone_key_lookup")),
    )
    with op.batch_alter_table("trusted_phone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trusted_phone_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("device_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trusted_phone_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_device_session_trusted_phone_id"),
            "trusted_phone",
            ["trusted_phone_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("device_session", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_device_session_trusted_phone_id"), type_="foreignkey"
        )
        batch_op.drop_column("trusted_phone_id")

    with op.batch_alter_table("trusted_phone", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trusted_phone_user_id"))

    op.drop_table("trusted_phone")

"""The clinical database on the other side: its clients, their secrets, how far they have come."""

import secrets

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edc_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("created_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edc_client")),
        sa.UniqueConstraint("name", name=op.f("uq_edc_client_name")),
    )
    op.create_table(
        "edc_client_secret",
        sa.Column("secret_lookup", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["edc_client.id"], name=op.f("fk_edc_client_secret_client_id")
        ),
        sa.PrimaryKeyConstraint("secret_lookup", name=op.f("pk_edc_client_secret")),
    )
    op.create_index(
        "ix_edc_client_secret_client_id", "edc_client_secret", ["client_id"], unique=False
    )
    op.create_table(
        "edc_consumer",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["edc_client.id"], name=op.f("fk_edc_consumer_client_id")
        ),
        sa.PrimaryKeyConstraint("client_id", "name", name=op.f("pk_edc_consumer")),
    )
    epoch = op.create_table(
        "edc_epoch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edc_epoch")),
    )
    op.bulk_insert(epoch, [{"id": 1, "epoch": secrets.token_hex(8)}])


def downgrade() -> None:
    op.drop_table("edc_epoch")
    op.drop_table("edc_consumer")
    op.drop_index("ix_edc_client_secret_client_id", table_name="edc_client_secret")
    op.drop_table("edc_client_secret")
    op.drop_table("edc_client")

"""Training rooms: which ones each site has had; what happens inside is in their own databases."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

STANDS = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "training_room",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("opened_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("filling_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("filled_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("closed_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("removed_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_training_room_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_room")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_training_room_site_id_number")),
    )
    for name, columns in (
        ("uq_training_room_standing", ["site_id"]),
        ("uq_training_room_code", ["code"]),
    ):
        op.create_index(
            name, "training_room", columns, unique=True,
            sqlite_where=STANDS, postgresql_where=STANDS,
        )  # fmt: skip


def downgrade() -> None:
    op.drop_index("uq_training_room_code", table_name="training_room")
    op.drop_index("uq_training_room_standing", table_name="training_room")
    op.drop_table("training_room")

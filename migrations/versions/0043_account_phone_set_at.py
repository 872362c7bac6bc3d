"""Since when an account has its number: a test call of the one before says nothing of it."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "user_account", sa.Column("phone_set_at", epro.db.UtcDateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("user_account", "phone_set_at")

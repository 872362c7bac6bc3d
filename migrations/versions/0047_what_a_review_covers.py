"""A review says up to when what had come in was looked at; those of before cover all until then."""

import sqlalchemy as sa
from alembic import op

from epro.db import UtcDateTime

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_review", sa.Column("seen_up_to", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("data_review", "seen_up_to")

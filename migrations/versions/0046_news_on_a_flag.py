"""A flag says since when something is on it that joined after it was taken and nobody looked at."""

import sqlalchemy as sa
from alembic import op

from epro.db import UtcDateTime

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("safety_flag", sa.Column("news_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("safety_flag", "news_at")

"""Find ratings without looking at everybody's diary."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

OF_OTHERS = sa.text("answered_by <> 'participant'")


def upgrade() -> None:
    op.create_index(
        "ix_assessment_rating", "assessment", ["id"],
        sqlite_where=OF_OTHERS, postgresql_where=OF_OTHERS,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_assessment_rating", "assessment")

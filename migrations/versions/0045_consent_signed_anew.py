"""A consent may be signed anew, in another edition of the document: the one before stays."""

import sqlalchemy as sa
from alembic import op

from epro.db import UtcDateTime

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

INDEX = "uq_consent_standing"
STANDS = sa.text("withdrawn_at IS NULL AND superseded_at IS NULL")
BEFORE = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    op.add_column("consent", sa.Column("superseded_at", UtcDateTime(timezone=True), nullable=True))
    _replace_index(STANDS)


def downgrade() -> None:
    op.execute("UPDATE consent SET withdrawn_at = superseded_at WHERE superseded_at IS NOT NULL")
    _replace_index(BEFORE)
    op.drop_column("consent", "superseded_at")


def _replace_index(stands: sa.TextClause) -> None:
    op.drop_index(INDEX, "consent")
    op.create_index(
        INDEX, "consent", ["participant_id", "kind"], unique=True,
        sqlite_where=stands, postgresql_where=stands,
    )  # fmt: skip

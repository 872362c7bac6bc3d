"""Let a correction come from the assessor who entered a rating."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

CONSTRAINT = "ck_correction_correctionsource"
SOURCES = ("app", "call", "visit", "message", "paper", "paper_check")
NEW = "rater"


def upgrade() -> None:
    _allow(*SOURCES, NEW)


def downgrade() -> None:
    """Go back only where no rating was put right: its reason would be lost."""
    correction = sa.table("correction", sa.column("source"))
    made = sa.select(sa.func.count()).where(correction.c.source == NEW)
    if op.get_bind().scalar(made):
        raise RuntimeError("There are ratings that were put right; this cannot be taken back.")
    _allow(*SOURCES)


def _allow(*sources: str) -> None:
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(CONSTRAINT), type_="check")
        batch_op.create_check_constraint(
            op.f(CONSTRAINT), f"source IN ({', '.join(repr(one) for one in sources)})"
        )

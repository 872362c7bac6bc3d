"""Records that a phone cannot deliver stand on the work list; a lost activation reply."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KINDS = (
    "call_now",
    "missed",
    "not_reached",
    "not_confirmed",
    "sae_due",
    "call_principal_investigator",
    "roster_ends",
    "no_baseline",
    "rating_due",
    "anchor_differs",
    "identity_missing",
    "stale_feed",
    "hospital_stay",
)


def upgrade() -> None:
    _allow((*KINDS, "stuck_record"))
    op.add_column("activation_code", sa.Column("used_by_attempt", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("activation_code", "used_by_attempt")
    op.execute("DELETE FROM work_item WHERE kind = 'stuck_record'")
    _allow(KINDS)


def _allow(values: tuple[str, ...]) -> None:
    names = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_work_item_workkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_work_item_workkind"), f"kind IN ({names})")

"""A line on the work list: the clinical database says that a participant withdrew."""

from alembic import op

revision = "0021"
down_revision = "0020"
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
    "stuck_record",
)


def upgrade() -> None:
    _allow((*KINDS, "withdrawn_elsewhere"))


def downgrade() -> None:
    op.execute("DELETE FROM work_item WHERE kind = 'withdrawn_elsewhere'")
    _allow(KINDS)


def _allow(kinds: tuple[str, ...]) -> None:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_work_item_workkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_work_item_workkind"), f"kind IN ({names})")

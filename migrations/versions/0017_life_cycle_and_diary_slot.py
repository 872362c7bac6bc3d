"""How participants take part, when they keep their diary, what pauses suspend, who answers."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OLD_WORK = (
    "call_now", "missed", "not_reached", "not_confirmed",
    "sae_due", "call_principal_investigator", "roster_ends",
)  # fmt: skip
NEW_WORK = ("no_baseline", "rating_due")


def upgrade() -> None:
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "answered_by",
                sa.Enum(
                    "participant",
                    "outcomes_assessor",
                    name="answeredby",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=False,
                server_default="participant",
            )
        )
        batch_op.add_column(
            sa.Column("suspended_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )

    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "life_cycle",
                sa.Enum(
                    "screened",
                    "active",
                    "paused",
                    "completed",
                    "withdrawn_from_infusion",
                    "withdrawn_from_diary",
                    "withdrawn_from_contact",
                    "withdrawn_from_all",
                    "lost",
                    "deceased",
                    name="lifecycle",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=False,
                server_default="screened",
            )
        )
        batch_op.add_column(
            sa.Column("life_cycle_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("life_cycle_reason", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "diary_slot",
                sa.Enum(
                    "evening",
                    "morning",
                    name="diaryslot",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=False,
                server_default="evening",
            )
        )
        batch_op.add_column(sa.Column("diary_slot_from_on", sa.Date(), nullable=True))

    op.execute("UPDATE participant SET life_cycle = 'active' WHERE activated_at IS NOT NULL")
    _allow_work((*OLD_WORK, *NEW_WORK))
    # The columns need the defaults only while there are rows from before.
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.alter_column("answered_by", server_default=None)
    with op.batch_alter_table("participant", schema=None) as batch_op:
        for name in ("life_cycle", "diary_slot"):
            batch_op.alter_column(name, server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM work_item WHERE kind IN ('no_baseline', 'rating_due')")
    _allow_work(OLD_WORK)
    with op.batch_alter_table("participant", schema=None) as batch_op:
        for name in ("ck_participant_lifecycle", "ck_participant_diaryslot"):
            batch_op.drop_constraint(op.f(name), type_="check")
        batch_op.drop_column("diary_slot_from_on")
        batch_op.drop_column("diary_slot")
        batch_op.drop_column("life_cycle_reason")
        batch_op.drop_column("life_cycle_at")
        batch_op.drop_column("life_cycle")

    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_assessment_answeredby"), type_="check")
        batch_op.drop_column("suspended_at")
        batch_op.drop_column("answered_by")


def _allow_work(kinds: tuple[str, ...]) -> None:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_work_item_workkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_work_item_workkind"), f"kind IN ({names})")

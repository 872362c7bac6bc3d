"""What is asked about words of danger, advice times, and hospital stays on the work list."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SOURCES = ("response", "quarantine", "silence")
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
)


def upgrade() -> None:
    op.create_table(
        "safety_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("screening_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer_by", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("settled_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_safety_question_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_safety_question_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_question")),
        sa.UniqueConstraint("screening_id", name=op.f("uq_safety_question_screening_id")),
    )
    with op.batch_alter_table("safety_question", schema=None) as batch_op:
        batch_op.create_index(
            "ix_safety_question_answer_by",
            ["answer_by"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_safety_question_participant_id"), ["participant_id"], unique=False
        )

    # Column by column, without copying the table: a copy would lose the triggers that guard it.
    for name in ("advice_shown_at", "advice_acknowledged_at"):
        op.add_column(
            "response_revision",
            sa.Column(name, epro.db.UtcDateTime(timezone=True), nullable=True),
        )
    _allow("screening", "source", "screeningsource", (*SOURCES, "question"))
    _allow("work_item", "kind", "workkind", (*KINDS, "hospital_stay"))


def downgrade() -> None:
    op.execute("DELETE FROM work_item WHERE kind = 'hospital_stay'")
    _allow("work_item", "kind", "workkind", KINDS)
    op.drop_table("safety_question")
    op.execute(
        "DELETE FROM flag_trigger WHERE screening_id IN "
        "(SELECT id FROM screening WHERE source = 'question')"
    )
    op.execute("DELETE FROM screening WHERE source = 'question'")
    _allow("screening", "source", "screeningsource", SOURCES)
    for name in ("advice_acknowledged_at", "advice_shown_at"):
        op.drop_column("response_revision", name)


def _allow(table: str, column: str, kind: str, values: tuple[str, ...]) -> None:
    names = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{kind}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{kind}"), f"{column} IN ({names})")

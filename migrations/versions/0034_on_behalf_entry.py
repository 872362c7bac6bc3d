"""Interviews by telephone and sheets of paper as ways of entry; a second person's look at a sheet.

What was entered before keeps the way that was recorded: interviews stand as `provisioned_device`.
"""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

import epro.db

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

MODES = ("own_device", "provisioned_device", "site_tablet")
NEW_MODES = ("telephone_interview", "paper_transcription")
CHECKS = ("not_checked", "differs", "equal", "equal_after_correction")
SOURCES = ("app", "call", "visit", "message", "paper")
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
    "withdrawn_elsewhere",
)
NEW_KINDS = ("check_transcription", "transcription_differs")


def upgrade() -> None:
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        _allow(batch_op, "mode", "ck_questionnaire_response_entrymode", *MODES, *NEW_MODES)
        batch_op.add_column(sa.Column("source_check", sa.String(length=40), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_questionnaire_response_sourcecheck"), _one_of("source_check", *CHECKS)
        )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        _allow(batch_op, "source", "ck_correction_correctionsource", *SOURCES, "paper_check")
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        _allow(batch_op, "kind", "ck_work_item_workkind", *KINDS, *NEW_KINDS)
    op.create_table(
        "transcription",
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("written_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source_reference", sa.Text(), nullable=False),
        sa.Column("entered_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("checked_by_id", sa.Uuid(), nullable=True),
        sa.Column("differences", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(checked_at IS NULL) = (checked_by_id IS NULL)",
            name=op.f("ck_transcription_checked_by"),
        ),
        sa.CheckConstraint(
            "checked_by_id <> entered_by_id", name=op.f("ck_transcription_second_person")
        ),
        sa.ForeignKeyConstraint(
            ["checked_by_id"], ["user_account.id"], name=op.f("fk_transcription_checked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["user_account.id"], name=op.f("fk_transcription_entered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_transcription_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["questionnaire_response.id"],
            name=op.f("fk_transcription_response_id"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_transcription_site_id")),
        sa.PrimaryKeyConstraint("response_id", name=op.f("pk_transcription")),
    )
    for column in ("participant_id", "site_id"):
        op.create_index(op.f(f"ix_transcription_{column}"), "transcription", [column])


def downgrade() -> None:
    """Go back only where nothing was entered in the new ways: no answer is relabelled."""
    response = sa.table("questionnaire_response", sa.column("mode"))
    entered = sa.select(sa.func.count()).where(response.c.mode.in_(NEW_MODES))
    if op.get_bind().scalar(entered):
        raise RuntimeError("There are answers by telephone or on paper; this cannot be taken back.")
    op.drop_table("transcription")
    work_item = sa.table("work_item", sa.column("kind"))
    op.execute(sa.delete(work_item).where(work_item.c.kind.in_(NEW_KINDS)))
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        _allow(batch_op, "kind", "ck_work_item_workkind", *KINDS)
    with op.batch_alter_table("correction", schema=None) as batch_op:
        _allow(batch_op, "source", "ck_correction_correctionsource", *SOURCES)
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_questionnaire_response_sourcecheck"), type_="check")
        batch_op.drop_column("source_check")
        _allow(batch_op, "mode", "ck_questionnaire_response_entrymode", *MODES)


def _one_of(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _allow(batch_op: BatchOperations, column: str, constraint: str, *values: str) -> None:
    """Let a column be one of these and no other."""
    batch_op.drop_constraint(op.f(constraint), type_="check")
    batch_op.create_check_constraint(op.f(constraint), _one_of(column, *values))

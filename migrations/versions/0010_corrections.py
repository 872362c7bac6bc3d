"""Corrections of answers, with who asked, confirmed and decided."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("corrected_revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "app",
                "call",
                "visit",
                "message",
                "paper",
                name="correctionsource",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("said_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("said_words", sa.Text(), nullable=True),
        sa.Column("asked_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("delay_s", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refused_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("call_by_id", sa.Uuid(), nullable=True),
        sa.Column("call_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("call_words", sa.Text(), nullable=True),
        sa.Column("decided_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("applied_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("applied_revision", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_correction_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["call_by_id"], ["user_account.id"], name=op.f("fk_correction_call_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_correction_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_correction_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["response_id"], ["questionnaire_response.id"], name=op.f("fk_correction_response_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_correction_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_correction_participant_id"), ["participant_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_correction_response_id"), ["response_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_correction_site_id"), ["site_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_correction_site_id"))
        batch_op.drop_index(batch_op.f("ix_correction_response_id"))
        batch_op.drop_index(batch_op.f("ix_correction_participant_id"))

    op.drop_table("correction")

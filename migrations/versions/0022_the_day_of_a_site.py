"""Hand-over notes, deputies, reviewed data, and the order in which a site looks at its day."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deputy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("named_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_deputy_ends_after_it_begins")),
        sa.CheckConstraint("user_id <> deputy_id", name=op.f("ck_deputy_is_somebody_else")),
        sa.ForeignKeyConstraint(
            ["deputy_id"], ["user_account.id"], name=op.f("fk_deputy_deputy_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_deputy_site_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_deputy_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
    )
    with op.batch_alter_table("deputy", schema=None) as batch_op:
        batch_op.create_index("ix_deputy_deputy", ["deputy_id", "to_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_deputy_user_id"), ["user_id"], unique=False)

    op.create_table(
        "hand_over_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("written_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_hand_over_note_site_id")),
        sa.ForeignKeyConstraint(
            ["written_by_id"], ["user_account.id"], name=op.f("fk_hand_over_note_written_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_note")),
    )
    with op.batch_alter_table("hand_over_note", schema=None) as batch_op:
        batch_op.create_index("ix_hand_over_note_site", ["site_id", "written_at"], unique=False)

    op.create_table(
        "data_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visit",
            sa.Enum(
                "baseline",
                "infusion",
                "week_4",
                "week_12",
                "week_24",
                "unscheduled",
                name="visit",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reviewed_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_data_review_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["user_account.id"], name=op.f("fk_data_review_reviewed_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_data_review_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_review")),
    )
    with op.batch_alter_table("data_review", schema=None) as batch_op:
        batch_op.create_index(
            "ix_data_review_participant", ["participant_id", "reviewed_at"], unique=False
        )

    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assessment_opens_at"), ["opens_at"], unique=False)

    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_created", ["created_at"], unique=False)

    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        batch_op.create_index(
            "ix_questionnaire_response_received", ["participant_id", "received_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        batch_op.drop_index("ix_questionnaire_response_received")

    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_message_created")

    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assessment_opens_at"))

    with op.batch_alter_table("data_review", schema=None) as batch_op:
        batch_op.drop_index("ix_data_review_participant")

    op.drop_table("data_review")
    with op.batch_alter_table("hand_over_note", schema=None) as batch_op:
        batch_op.drop_index("ix_hand_over_note_site")

    op.drop_table("hand_over_note")
    with op.batch_alter_table("deputy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deputy_user_id"))
        batch_op.drop_index("ix_deputy_deputy")

    op.drop_table("deputy")

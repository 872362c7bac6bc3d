"""Screenings and flags, and numbers to reach staff by."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_flag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("study_version_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "tier",
            sa.Enum(
                "RED_A",
                "RED_B",
                "ORANGE",
                "YELLOW",
                name="tier",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("tonight", sa.Boolean(), nullable=False),
        sa.Column("possible_serious", sa.Boolean(), nullable=False),
        sa.Column("raised_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("urgent_since", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("rung_count", sa.Integer(), nullable=False),
        sa.Column("next_rung_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"],
            ["user_account.id"],
            name=op.f("fk_safety_flag_acknowledged_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_safety_flag_participant_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_safety_flag_site_id")),
        sa.ForeignKeyConstraint(
            ["study_version_id"], ["study_version.id"], name=op.f("fk_safety_flag_study_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_flag")),
    )
    with op.batch_alter_table("safety_flag", schema=None) as batch_op:
        batch_op.create_index(
            "ix_safety_flag_next_rung_at",
            ["next_rung_at"],
            unique=False,
            sqlite_where=sa.text("next_rung_at IS NOT NULL"),
            postgresql_where=sa.text("next_rung_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_safety_flag_participant_id"), ["participant_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_safety_flag_site_id"), ["site_id"], unique=False)

    op.create_table(
        "screening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("study_version_id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "response",
                "quarantine",
                "silence",
                name="screeningsource",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("rules_met", sa.JSON(), nullable=False),
        sa.Column("answered_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("screened_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("flags_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_screening_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["study_version_id"], ["study_version.id"], name=op.f("fk_screening_study_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
        sa.UniqueConstraint(
            "source",
            "source_id",
            "revision",
            "body_sha256",
            name=op.f("uq_screening_source_source_id_revision_body_sha256"),
        ),
    )
    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.create_index(
            "ix_screening_flags_at",
            ["flags_at"],
            unique=False,
            sqlite_where=sa.text("flags_at IS NOT NULL"),
            postgresql_where=sa.text("flags_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_screening_participant_id"), ["participant_id"], unique=False
        )

    op.create_table(
        "flag_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("noted_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["safety_flag.id"], name=op.f("fk_flag_note_flag_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_note")),
    )
    with op.batch_alter_table("flag_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flag_note_flag_id"), ["flag_id"], unique=False)

    op.create_table(
        "flag_trigger",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("screening_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column(
            "tier",
            sa.Enum(
                "RED_A",
                "RED_B",
                "ORANGE",
                "YELLOW",
                name="tier",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("met_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["safety_flag.id"], name=op.f("fk_flag_trigger_flag_id")
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_flag_trigger_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_trigger")),
        sa.UniqueConstraint(
            "flag_id",
            "screening_id",
            "rule",
            name=op.f("uq_flag_trigger_flag_id_screening_id_rule"),
        ),
    )
    with op.batch_alter_table("flag_trigger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flag_trigger_flag_id"), ["flag_id"], unique=False)

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_sealed", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("phone_sealed")

    with op.batch_alter_table("flag_trigger", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_flag_trigger_flag_id"))

    op.drop_table("flag_trigger")
    with op.batch_alter_table("flag_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_flag_note_flag_id"))

    op.drop_table("flag_note")
    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_screening_participant_id"))
        batch_op.drop_index(
            "ix_screening_flags_at",
            sqlite_where=sa.text("flags_at IS NOT NULL"),
            postgresql_where=sa.text("flags_at IS NOT NULL"),
        )

    op.drop_table("screening")
    with op.batch_alter_table("safety_flag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_safety_flag_site_id"))
        batch_op.drop_index(batch_op.f("ix_safety_flag_participant_id"))
        batch_op.drop_index(
            "ix_safety_flag_next_rung_at",
            sqlite_where=sa.text("next_rung_at IS NOT NULL"),
            postgresql_where=sa.text("next_rung_at IS NOT NULL"),
        )

    op.drop_table("safety_flag")

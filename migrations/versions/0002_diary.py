"""Anchors, assessments, responses and what was refused."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anchor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "ENR",
                "INF1_PLANNED",
                "INF1",
                "INF2",
                "END",
                name="anchorevent",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("utc_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_anchor_participant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor")),
    )
    op.create_index(op.f("ix_anchor_participant_id"), "anchor", ["participant_id"], unique=False)
    op.create_index(
        "uq_anchor_standing",
        "anchor",
        ["participant_id", "event"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("study_version_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("block", sa.Text(), nullable=False),
        sa.Column("questionnaire_code", sa.Text(), nullable=False),
        sa.Column("questionnaire_version", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("opens_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closes_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("late_until", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("planned_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_offered", sa.Boolean(), nullable=False),
        sa.Column("completed_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("closes_at <= late_until", name=op.f("ck_assessment_late_part_follows")),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_assessment_window_is_not_empty")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_assessment_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["study_version_id"], ["study_version.id"], name=op.f("fk_assessment_study_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
    )
    op.create_index(
        op.f("ix_assessment_participant_id"), "assessment", ["participant_id"], unique=False
    )
    op.create_index(
        "uq_assessment_identity",
        "assessment",
        ["participant_id", "family", "occurrence"],
        unique=True,
        sqlite_where=sa.text("cancelled_at IS NULL"),
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("refusal_code", sa.Text(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("answer_age_s", sa.Double(), nullable=True),
        sa.Column("device_session_id", sa.Uuid(), nullable=True),
        sa.Column("app_version", sa.Text(), nullable=False),
        sa.Column("received_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_session_id"],
            ["device_session.id"],
            name=op.f("fk_quarantine_device_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_quarantine_participant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index(
        op.f("ix_quarantine_participant_id"), "quarantine", ["participant_id"], unique=False
    )
    op.create_index(
        "uq_quarantine_body",
        "quarantine",
        ["participant_id", "response_id", "body_sha256", "refusal_code"],
        unique=True,
    )
    op.create_table(
        "questionnaire_response",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=True),
        sa.Column("study_version_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire_code", sa.Text(), nullable=False),
        sa.Column("questionnaire_version", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "in_progress",
                "completed",
                name="responsestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "language",
            sa.Enum(
                "zh", "en", name="language", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "completer",
            sa.Enum(
                "self",
                "read_to_me",
                "answered_for_me",
                name="completer",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "mode",
            sa.Enum(
                "own_device",
                "provisioned_device",
                "site_tablet",
                name="entrymode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("hidden", sa.JSON(), nullable=False),
        sa.Column("not_reached", sa.JSON(), nullable=False),
        sa.Column("answered_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("utc_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("clock_unsure", sa.Boolean(), nullable=False),
        sa.Column("received_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_late", sa.Boolean(), nullable=False),
        sa.Column(
            "timeliness",
            sa.Enum(
                "on_time",
                "late",
                "out_of_window",
                "unscheduled",
                name="timeliness",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("duplicate_of_id", sa.Uuid(), nullable=True),
        sa.Column("day_label", sa.Text(), nullable=True),
        sa.Column("device_session_id", sa.Uuid(), nullable=False),
        sa.Column("app_version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
            name=op.f("fk_questionnaire_response_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["device_session_id"],
            ["device_session.id"],
            name=op.f("fk_questionnaire_response_device_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"],
            ["questionnaire_response.id"],
            name=op.f("fk_questionnaire_response_duplicate_of_id"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_questionnaire_response_participant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["study_version_id"],
            ["study_version.id"],
            name=op.f("fk_questionnaire_response_study_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_response")),
    )
    op.create_index(
        op.f("ix_questionnaire_response_assessment_id"),
        "questionnaire_response",
        ["assessment_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_questionnaire_response_participant_id"),
        "questionnaire_response",
        ["participant_id"],
        unique=False,
    )
    op.create_index(
        "uq_questionnaire_response_counting",
        "questionnaire_response",
        ["assessment_id"],
        unique=True,
        sqlite_where=sa.text("counts"),
        postgresql_where=sa.text("counts"),
    )
    op.create_table(
        "response_revision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "in_progress",
                "completed",
                name="responsestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("answered_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("device_answered_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["questionnaire_response.id"],
            name=op.f("fk_response_revision_response_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_revision")),
        sa.UniqueConstraint(
            "response_id", "revision", name=op.f("uq_response_revision_response_id_revision")
        ),
    )


def downgrade() -> None:
    op.drop_table("response_revision")
    op.drop_index(
        "uq_questionnaire_response_counting",
        table_name="questionnaire_response",
        sqlite_where=sa.text("counts"),
        postgresql_where=sa.text("counts"),
    )
    op.drop_index(
        op.f("ix_questionnaire_response_participant_id"), table_name="questionnaire_response"
    )
    op.drop_index(
        op.f("ix_questionnaire_response_assessment_id"), table_name="questionnaire_response"
    )
    op.drop_table("questionnaire_response")
    op.drop_index("uq_quarantine_body", table_name="quarantine")
    op.drop_index(op.f("ix_quarantine_participant_id"), table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_index(
        "uq_assessment_identity",
        table_name="assessment",
        sqlite_where=sa.text("cancelled_at IS NULL"),
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.drop_index(op.f("ix_assessment_participant_id"), table_name="assessment")
    op.drop_table("assessment")
    op.drop_index(
        "uq_anchor_standing",
        table_name="anchor",
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.drop_index(op.f("ix_anchor_participant_id"), table_name="anchor")
    op.drop_table("anchor")

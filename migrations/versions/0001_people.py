"""Sites, studies, staff, participants and how they get in."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lockout",
        sa.Column("claim_lookup", sa.Text(), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("locked_until", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("claim_lookup", name=op.f("pk_lockout")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("phone_24h", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("code", name=op.f("uq_site_code")),
    )
    op.create_table(
        "study_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("canonical_json", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("published_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_version")),
        sa.UniqueConstraint(
            "study_code", "version", name=op.f("uq_study_version_study_code_version")
        ),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret_sealed", sa.Text(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("deactivated_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("username", name=op.f("uq_user_account_username")),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column(
            "language",
            sa.Enum(
                "zh", "en", name="language", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column(
            "thermometer_route",
            sa.Enum(
                "axillary",
                "oral",
                "ear",
                "forehead",
                name="thermometerroute",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("enrolled_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("activated_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_participant_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("code", name=op.f("uq_participant_code")),
    )
    op.create_index(op.f("ix_participant_site_id"), "participant", ["site_id"], unique=False)
    op.create_table(
        "site_activation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("study_version_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_activation_site_id")),
        sa.ForeignKeyConstraint(
            ["study_version_id"],
            ["study_version.id"],
            name=op.f("fk_site_activation_study_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_activation")),
        sa.UniqueConstraint("site_id", "from_on", name=op.f("uq_site_activation_site_id_from_on")),
    )
    op.create_index(
        op.f("ix_site_activation_site_id"), "site_activation", ["site_id"], unique=False
    )
    op.create_table(
        "site_membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "participant",
                "coordinator",
                "investigator",
                "outcomes_assessor",
                "monitor",
                "data_manager",
                "inspector",
                "system_admin",
                "system",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_membership_site_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_site_membership_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_membership")),
    )
    op.create_index(
        op.f("ix_site_membership_user_id"), "site_membership", ["user_id"], unique=False
    )
    op.create_index(
        "uq_site_membership_at_site",
        "site_membership",
        ["user_id", "site_id", "role"],
        unique=True,
        sqlite_where=sa.text("site_id IS NOT NULL"),
        postgresql_where=sa.text("site_id IS NOT NULL"),
    )
    op.create_index(
        "uq_site_membership_study_wide",
        "site_membership",
        ["user_id", "role"],
        unique=True,
        sqlite_where=sa.text("site_id IS NULL"),
        postgresql_where=sa.text("site_id IS NULL"),
    )
    op.create_table(
        "activation_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("code_lookup", sa.Text(), nullable=False),
        sa.Column("issued_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_activation_code_participant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activation_code")),
        sa.UniqueConstraint("code_lookup", name=op.f("uq_activation_code_code_lookup")),
    )
    op.create_index(
        op.f("ix_activation_code_participant_id"),
        "activation_code",
        ["participant_id"],
        unique=False,
    )
    op.create_index(
        "uq_activation_code_standing",
        "activation_code",
        ["participant_id"],
        unique=True,
        sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "trial",
                "sensitive_data",
                "sms_processor",
                "cross_border",
                "partial_answers",
                "contact_person",
                name="consentkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("document_version", sa.Text(), nullable=False),
        sa.Column("given_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("explained_by", sa.Text(), nullable=False),
        sa.Column("paper_location", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_consent_participant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_participant_id"), "consent", ["participant_id"], unique=False)
    op.create_index(
        "uq_consent_standing",
        "consent",
        ["participant_id", "kind"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "device_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("refresh_generation", sa.Integer(), nullable=False),
        sa.Column("clock_offset_s", sa.Double(), nullable=True),
        sa.Column("started_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(participant_id IS NULL) <> (user_id IS NULL)",
            name=op.f("ck_device_session_belongs_to_one_person"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_device_session_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_device_session_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_session")),
    )
    op.create_index(
        op.f("ix_device_session_participant_id"), "device_session", ["participant_id"], unique=False
    )
    op.create_index(op.f("ix_device_session_user_id"), "device_session", ["user_id"], unique=False)
    op.create_table(
        "participant_credential",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("chosen_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_credential_participant_id"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_participant_credential")),
    )
    op.create_table(
        "participant_identity",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=False),
        sa.Column("phone_lookup", sa.Text(), nullable=False),
        sa.Column("year_of_birth_sealed", sa.Text(), nullable=False),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_identity_participant_id"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_participant_identity")),
    )
    op.create_index(
        op.f("ix_participant_identity_phone_lookup"),
        "participant_identity",
        ["phone_lookup"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_participant_identity_phone_lookup"), table_name="participant_identity")
    op.drop_table("participant_identity")
    op.drop_table("participant_credential")
    op.drop_index(op.f("ix_device_session_user_id"), table_name="device_session")
    op.drop_index(op.f("ix_device_session_participant_id"), table_name="device_session")
    op.drop_table("device_session")
    op.drop_index(
        "uq_consent_standing",
        table_name="consent",
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_index(op.f("ix_consent_participant_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(
        "uq_activation_code_standing",
        table_name="activation_code",
        sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )
    op.drop_index(op.f("ix_activation_code_participant_id"), table_name="activation_code")
    op.drop_table("activation_code")
    op.drop_index(
        "uq_site_membership_study_wide",
        table_name="site_membership",
        sqlite_where=sa.text("site_id IS NULL"),
        postgresql_where=sa.text("site_id IS NULL"),
    )
    op.drop_index(
        "uq_site_membership_at_site",
        table_name="site_membership",
        sqlite_where=sa.text("site_id IS NOT NULL"),
        postgresql_where=sa.text("site_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_site_membership_user_id"), table_name="site_membership")
    op.drop_table("site_membership")
    op.drop_index(op.f("ix_site_activation_site_id"), table_name="site_activation")
    op.drop_table("site_activation")
    op.drop_index(op.f("ix_participant_site_id"), table_name="participant")
    op.drop_table("participant")
    op.drop_table("user_account")
    op.drop_table("study_version")
    op.drop_table("site")
    op.drop_table("lockout")

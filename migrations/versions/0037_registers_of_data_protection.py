"""Registers: what participants ask about their data, and breaches with whom to tell of them."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0037"
down_revision = "0039"
branch_labels = None
depends_on = None

APPEND_ONLY = ("data_request_step", "data_incident_step")


def upgrade() -> None:
    op.create_table(
        "data_incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_exercise", sa.Boolean(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "lost_device",
                "wrong_recipient",
                "unauthorised_access",
                "loss",
                "tampering",
                "blind_broken",
                "other",
                name="dataincidentkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "severity",
            sa.Enum(
                "minor",
                "serious",
                "grave",
                name="incidentseverity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("found_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.Column("data_concerned", sa.Text(), nullable=False),
        sa.Column("person_count", sa.Integer(), nullable=True),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("contained_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("prevention", sa.Text(), nullable=False),
        sa.Column("closed_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "closed_at IS NULL OR (contained_at IS NOT NULL AND person_count IS NOT NULL "
            "AND cause <> '' AND prevention <> '')",
            name=op.f("ck_data_incident_closed_when_all_is_said"),
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["user_account.id"], name=op.f("fk_data_incident_closed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_data_incident_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_data_incident_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_incident")),
    )
    with op.batch_alter_table("data_incident", schema=None) as batch_op:
        batch_op.create_index(
            "ix_data_incident_open",
            ["site_id", "found_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "data_incident_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "recipient",
            sa.Enum(
                "data_protection_officer",
                "sponsor",
                "ethics_committee",
                "regulator",
                "persons",
                name="recipient",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("told_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("not_needed_because", sa.Text(), nullable=False),
        sa.Column("settled_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "told_at IS NULL OR proof <> ''", name=op.f("ck_data_incident_notice_told_with_proof")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["data_incident.id"], name=op.f("fk_data_incident_notice_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"],
            ["user_account.id"],
            name=op.f("fk_data_incident_notice_settled_by_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_incident_notice")),
        sa.UniqueConstraint(
            "incident_id", "recipient", name=op.f("uq_data_incident_notice_incident_id_recipient")
        ),
    )
    op.create_table(
        "data_incident_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("taken_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("is_contained", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["data_incident.id"], name=op.f("fk_data_incident_step_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"],
            ["user_account.id"],
            name=op.f("fk_data_incident_step_recorded_by_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_incident_step")),
    )
    with op.batch_alter_table("data_incident_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_data_incident_step_incident_id"), ["incident_id"], unique=False
        )

    op.create_table(
        "data_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "access",
                "copy",
                "correction",
                "withdrawal",
                "erasure",
                "restriction",
                "explanation",
                name="requestkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "asked_by",
            sa.Enum(
                "herself",
                "representative",
                name="askedby",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "identity_check",
            sa.Enum(
                "known_in_person",
                "document_seen",
                "called_back",
                "authority_seen",
                name="identitycheck",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("is_extended", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "fulfilled",
                "partly_refused",
                "refused",
                name="requestoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("ended_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (explanation IS NULL)",
            name=op.f("ck_data_request_ended_with_an_explanation"),
        ),
        sa.CheckConstraint("received_on <= due_on", name=op.f("ck_data_request_due_after_it_came")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_data_request_ended_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user_account.id"], name=op.f("fk_data_request_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_data_request_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_data_request_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_data_request_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
    )
    with op.batch_alter_table("data_request", schema=None) as batch_op:
        batch_op.create_index(
            "ix_data_request_open",
            ["site_id", "due_on"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_data_request_participant_id"), ["participant_id"], unique=False
        )

    op.create_table(
        "data_request_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "noted",
                "handed_over",
                "extended",
                "copy_made",
                "contact_erased",
                name="requestact",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("taken_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["data_request.id"], name=op.f("fk_data_request_step_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["taken_by_id"], ["user_account.id"], name=op.f("fk_data_request_step_taken_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request_step")),
    )
    with op.batch_alter_table("data_request_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_data_request_step_request_id"), ["request_id"], unique=False
        )

    op.add_column(
        "site", sa.Column("request_days", sa.Integer(), server_default="30", nullable=False)
    )
    op.add_column(
        "site", sa.Column("breach_hours", sa.Integer(), server_default="24", nullable=False)
    )

    _forbid_rewriting()


def downgrade() -> None:
    _allow_rewriting()
    op.drop_column("site", "breach_hours")
    op.drop_column("site", "request_days")

    with op.batch_alter_table("data_request_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_request_step_request_id"))

    op.drop_table("data_request_step")
    with op.batch_alter_table("data_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_request_participant_id"))
        batch_op.drop_index(
            "ix_data_request_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("data_request")
    with op.batch_alter_table("data_incident_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_incident_step_incident_id"))

    op.drop_table("data_incident_step")
    op.drop_table("data_incident_notice")
    with op.batch_alter_table("data_incident", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_data_incident_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.drop_table("data_incident")


def _forbid_rewriting() -> None:
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
                f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
            )
            continue
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, 'Rows of {table} are never changed or removed.'); END"
            )


def _allow_rewriting() -> None:
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            continue
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{act}")

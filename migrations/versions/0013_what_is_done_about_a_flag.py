"""Contacts, assessments, awareness and closure: what is done about a flag."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

APPEND_ONLY = ("contact", "flag_assessment", "awareness_statement", "sae_sending")
OLD_KINDS = {
    "work_item": ("call_now", "missed", "not_reached", "not_confirmed"),
    "incident": ("undelivered", "silent_worker", "nobody_to_tell"),
}
NEW_KINDS = {
    "work_item": ("sae_due", "call_principal_investigator", "roster_ends"),
    "incident": ("roster_gap",),
}
CONSTRAINTS = {"work_item": "ck_work_item_workkind", "incident": "ck_incident_incidentkind"}


def upgrade() -> None:
    op.create_table(
        "awareness_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "telephone",
                "earlier",
                "later",
                name="awarenesskind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("aware_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("before_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stated_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("stated_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["safety_flag.id"], name=op.f("fk_awareness_statement_flag_id")
        ),
        sa.ForeignKeyConstraint(
            ["stated_by_id"], ["user_account.id"], name=op.f("fk_awareness_statement_stated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awareness_statement")),
    )
    with op.batch_alter_table("awareness_statement", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_awareness_statement_flag_id"), ["flag_id"], unique=False
        )

    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=True),
        sa.Column("assessment_id", sa.Uuid(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "telephone",
                "video",
                "in_person",
                "message",
                "contact_person",
                name="contactchannel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "reached",
                "not_reached",
                "left_message",
                "wrong_number",
                name="contactoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "next_step",
            sa.Enum(
                "nothing",
                "call_again",
                "clinic_visit",
                "emergency_department",
                "ambulance_called",
                "physician_informed",
                name="nextstep",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("contacted_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_contact_assessment_id")
        ),
        sa.ForeignKeyConstraint(["flag_id"], ["safety_flag.id"], name=op.f("fk_contact_flag_id")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_contact_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_contact_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_contact_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_flag_id"), ["flag_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_contact_participant_id"), ["participant_id"], unique=False
        )

    op.create_table(
        "flag_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_adverse_event", sa.Boolean(), nullable=False),
        sa.Column("seriousness", sa.JSON(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("relationship", sa.Text(), nullable=True),
        sa.Column(
            "action_taken",
            sa.Enum(
                "none",
                "interrupted",
                "postponed",
                "stopped",
                "not_applicable",
                name="actiontaken",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "not_recovered",
                "recovering",
                "recovered",
                "recovered_with_sequelae",
                "fatal",
                "unknown",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("narrative", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("assessed_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("assessed_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessed_by_id"], ["user_account.id"], name=op.f("fk_flag_assessment_assessed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["safety_flag.id"], name=op.f("fk_flag_assessment_flag_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_assessment")),
        sa.UniqueConstraint("flag_id", "version", name=op.f("uq_flag_assessment_flag_id_version")),
    )
    op.create_table(
        "sae_sending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("sent_to", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["safety_flag.id"], name=op.f("fk_sae_sending_flag_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_sae_sending_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sae_sending")),
    )
    with op.batch_alter_table("sae_sending", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sae_sending_flag_id"), ["flag_id"], unique=False)

    with op.batch_alter_table("safety_flag", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("delivered_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("viewed_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("aware_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("sent_at", epro.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("clock_looks_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("warned_hours", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("assessment_version", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("assessed_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("closed_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("close_reason", sa.Text(), nullable=True))
        batch_op.create_index(
            "ix_safety_flag_clock_looks_at",
            ["clock_looks_at"],
            unique=False,
            sqlite_where=sa.text("clock_looks_at IS NOT NULL"),
            postgresql_where=sa.text("clock_looks_at IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_safety_flag_owner_id"), "user_account", ["owner_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_safety_flag_closed_by_id"), "user_account", ["closed_by_id"], ["id"]
        )

    with op.batch_alter_table("safety_flag", schema=None) as batch_op:
        batch_op.alter_column("warned_hours", server_default=None)
        batch_op.alter_column("assessment_version", server_default=None)
    # Whoever took a flag has seen it and has it.
    op.execute(
        "UPDATE safety_flag SET viewed_at = acknowledged_at, aware_at = acknowledged_at, "
        "owner_id = acknowledged_by_id WHERE acknowledged_at IS NOT NULL"
    )
    op.execute("UPDATE safety_flag SET clock_looks_at = raised_at WHERE closed_at IS NULL")
    for table, kinds in OLD_KINDS.items():
        _allow_kinds(table, (*kinds, *NEW_KINDS[table]))
    _forbid_rewriting()


def downgrade() -> None:
    _allow_rewriting()
    for table, kinds in OLD_KINDS.items():
        _remove_kinds(table, NEW_KINDS[table])
        _allow_kinds(table, kinds)
    with op.batch_alter_table("safety_flag", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_safety_flag_closed_by_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_safety_flag_owner_id"), type_="foreignkey")
        batch_op.drop_index(
            "ix_safety_flag_clock_looks_at",
            sqlite_where=sa.text("clock_looks_at IS NOT NULL"),
            postgresql_where=sa.text("clock_looks_at IS NOT NULL"),
        )
        batch_op.drop_column("close_reason")
        batch_op.drop_column("closed_by_id")
        batch_op.drop_column("assessed_at")
        batch_op.drop_column("assessment_version")
        batch_op.drop_column("warned_hours")
        batch_op.drop_column("clock_looks_at")
        batch_op.drop_column("sent_at")
        batch_op.drop_column("aware_at")
        batch_op.drop_column("viewed_at")
        batch_op.drop_column("delivered_at")
        batch_op.drop_column("owner_id")

    with op.batch_alter_table("sae_sending", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sae_sending_flag_id"))

    op.drop_table("sae_sending")
    op.drop_table("flag_assessment")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_participant_id"))
        batch_op.drop_index(batch_op.f("ix_contact_flag_id"))

    op.drop_table("contact")
    with op.batch_alter_table("awareness_statement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_awareness_statement_flag_id"))

    op.drop_table("awareness_statement")


def _allow_kinds(table: str, kinds: tuple[str, ...]) -> None:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(CONSTRAINTS[table]), type_="check")
        batch_op.create_check_constraint(op.f(CONSTRAINTS[table]), f"kind IN ({names})")


def _remove_kinds(table: str, kinds: tuple[str, ...]) -> None:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute(f"DELETE FROM {table} WHERE kind IN ({names})")  # noqa: S608


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

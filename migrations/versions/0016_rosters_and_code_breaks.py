"""Rosters, drills, contacts at the sponsor, and the log of code breaks."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

APPEND_ONLY = ("roster", "roster_shift", "code_break")


def upgrade() -> None:
    op.create_table(
        "alarm_drill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_by_id", sa.Uuid(), nullable=False),
        sa.Column("acknowledged_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"],
            ["user_account.id"],
            name=op.f("fk_alarm_drill_acknowledged_by_id"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_alarm_drill_site_id")),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["user_account.id"], name=op.f("fk_alarm_drill_started_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_drill")),
    )
    with op.batch_alter_table("alarm_drill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarm_drill_site_id"), ["site_id"], unique=False)

    op.create_table(
        "roster",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("begins_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_roster_is_not_empty")),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["user_account.id"], name=op.f("fk_roster_entered_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_roster_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_roster_site_id_number")),
    )
    with op.batch_alter_table("roster", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_site_id"), ["site_id"], unique=False)

    op.create_table(
        "sponsor_contact",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.Text(), nullable=True),
        sa.Column("set_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_sponsor_contact_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_sponsor_contact")),
    )
    op.create_table(
        "code_break",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "planned",
                "emergency",
                "inadvertent",
                name="codebreakkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("happened_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_code_break_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_code_break_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_break")),
    )
    with op.batch_alter_table("code_break", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_code_break_participant_id"), ["participant_id"], unique=False
        )

    op.create_table(
        "roster_shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column(
            "duty",
            sa.Enum(
                "on_call",
                "backup",
                name="duty",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("begins_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("is_deputy", sa.Boolean(), nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_roster_shift_is_not_empty")),
        sa.ForeignKeyConstraint(
            ["roster_id"], ["roster.id"], name=op.f("fk_roster_shift_roster_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_roster_shift_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_shift")),
    )
    with op.batch_alter_table("roster_shift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_shift_roster_id"), ["roster_id"], unique=False)

    _forbid_rewriting()


def downgrade() -> None:
    _allow_rewriting()
    with op.batch_alter_table("roster_shift", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_shift_roster_id"))

    op.drop_table("roster_shift")
    with op.batch_alter_table("code_break", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_code_break_participant_id"))

    op.drop_table("code_break")
    op.drop_table("sponsor_contact")
    with op.batch_alter_table("roster", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_site_id"))

    op.drop_table("roster")
    with op.batch_alter_table("alarm_drill", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alarm_drill_site_id"))

    op.drop_table("alarm_drill")


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

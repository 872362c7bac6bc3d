"""The principal investigator, the delegation log, and signatures that nobody changes."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLES = ("participant", "coordinator", "investigator", "principal_investigator",
         "outcomes_assessor", "monitor", "data_manager", "inspector", "system_admin",
         "system")  # fmt: skip
TABLE = "signature"


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "task",
            sa.Enum(
                "assess_event",
                "close_flag",
                "sign_sae",
                "decide_episode",
                "sign_off_data",
                "data_review",
                name="task",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "to_on IS NULL OR from_on <= to_on", name=op.f("ck_delegation_days_are_not_empty")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_delegation_site_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_delegation_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_user_id"), ["user_id"], unique=False)

    op.create_table(
        "signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("entity_version", sa.Integer(), nullable=False),
        sa.Column(
            "meaning",
            sa.Enum(
                "delegated",
                "delegation_ended",
                "assessed",
                "decided",
                "closed",
                "awareness_set_later",
                "reviewed",
                "signed_off",
                "approved",
                name="signaturemeaning",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("signer_role", sa.Text(), nullable=False),
        sa.Column("signed_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("record_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signer_id"], ["user_account.id"], name=op.f("fk_signature_signer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.create_index("ix_signature_entity", ["entity_type", "entity_id"], unique=False)

    _allow_roles(ROLES)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} BEGIN "
            f"SELECT RAISE(ABORT, 'Rows of {TABLE} are never changed or removed.'); END"
        )


def downgrade() -> None:
    # Without the role nobody holds it.
    op.execute("DELETE FROM site_membership WHERE role = 'principal_investigator'")
    _allow_roles(tuple(role for role in ROLES if role != "principal_investigator"))
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.drop_index("ix_signature_entity")

    op.drop_table("signature")
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delegation_user_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_site_id"))

    op.drop_table("delegation")


def _allow_roles(roles: tuple[str, ...]) -> None:
    names = ", ".join(f"'{role}'" for role in roles)
    with op.batch_alter_table("site_membership", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_site_membership_role"), type_="check")
        batch_op.create_check_constraint(op.f("ck_site_membership_role"), f"role IN ({names})")

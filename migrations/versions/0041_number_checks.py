"""Keep the log of test calls of a site's numbers."""

import sqlalchemy as sa
from alembic import op

from epro.db import UtcDateTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

WHICH = ("site_phone", "study_phone", "person")


def upgrade() -> None:
    op.add_column(
        "site",
        sa.Column("number_check_days", sa.Integer(), server_default="31", nullable=False),
    )
    op.create_table(
        "number_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column(
            "which",
            sa.Enum(
                *WHICH, name="listednumber", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("called_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("called_by_id", sa.Uuid(), nullable=False),
        sa.Column("is_answered", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(which = 'person' AND user_id IS NOT NULL AND number IS NULL)"
            " OR (which <> 'person' AND user_id IS NULL AND number IS NOT NULL)",
            name=op.f("ck_number_check_says_whose_or_which"),
        ),
        sa.ForeignKeyConstraint(
            ["called_by_id"], ["user_account.id"], name=op.f("fk_number_check_called_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_number_check_site_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_number_check_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_check")),
    )
    op.create_index(op.f("ix_number_check_site_id"), "number_check", ["site_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER number_check_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON number_check FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER number_check_no_{act.lower()} BEFORE {act} ON number_check BEGIN "
            "SELECT RAISE(ABORT, 'Rows of number_check are never changed or removed.'); END"
        )


def downgrade() -> None:
    op.drop_table("number_check")
    op.drop_column("site", "number_check_days")

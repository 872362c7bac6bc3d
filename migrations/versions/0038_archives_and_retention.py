"""The investigator's copies of a site's record, and how long the record has to be kept."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

EVENTS = ("marketing_approval", "trial_end")
# Only ever added to: what was stated before about how long to keep stays visible.
TABLE = "retention_rule"


def upgrade() -> None:
    op.create_table(
        "site_archive",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("upto_seq", sa.BigInteger(), nullable=False),
        sa.Column("journal_head", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("participant_count", sa.Integer(), nullable=False),
        sa.Column("received_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("received_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(received_at IS NULL) = (received_by_id IS NULL)",
            name=op.f("ck_site_archive_received_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["received_by_id"], ["user_account.id"], name=op.f("fk_site_archive_received_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_archive_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_archive")),
        sa.UniqueConstraint("manifest_sha256", name=op.f("uq_site_archive_manifest_sha256")),
    )
    op.create_index(op.f("ix_site_archive_site_id"), "site_archive", ["site_id"])
    op.create_table(
        "retention_rule",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column(
            "kept_from",
            sa.Enum(*EVENTS, name="keptfrom", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("contract_until_on", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("stated_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.CheckConstraint("years >= 5", name=op.f("ck_retention_rule_at_least_five_years")),
        sa.CheckConstraint(
            "(from_on IS NULL) = (kept_from IS NULL)",
            name=op.f("ck_retention_rule_counted_from_an_event"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_retention_rule_site_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_retention_rule")),
    )
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
    op.drop_table("retention_rule")
    op.drop_index(op.f("ix_site_archive_site_id"), table_name="site_archive")
    op.drop_table("site_archive")

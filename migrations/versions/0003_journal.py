"""The journal, and what the running system knows about itself."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("created_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "job_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("last_started_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_succeeded_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_failed_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("success_count", sa.Integer(), nullable=False),
        sa.Column("failure_count", sa.Integer(), nullable=False),
        sa.Column("handled_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_run")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "change",
                "access",
                name="journalkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("participant_code", sa.Text(), nullable=True),
        sa.Column("site_code", sa.Text(), nullable=True),
        sa.Column("recorded_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("change_id", name=op.f("uq_journal_entry_change_id")),
    )
    op.create_index(
        "ix_journal_entry_entity", "journal_entry", ["entity_type", "entity_id"], unique=False
    )
    op.create_index(
        "ix_journal_entry_participant", "journal_entry", ["participant_code"], unique=False
    )
    op.create_index("ix_journal_entry_xid", "journal_entry", ["xid"], unique=False)
    op.create_table(
        "rehearsal_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offset_s", sa.Double(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("settled_generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_clock")),
    )
    op.create_table(
        "journal_link",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("horizon", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_journal_link_entry_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_link")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_journal_link_entry_id")),
    )


def downgrade() -> None:
    op.drop_table("journal_link")
    op.drop_table("rehearsal_clock")
    op.drop_index("ix_journal_entry_xid", table_name="journal_entry")
    op.drop_index("ix_journal_entry_participant", table_name="journal_entry")
    op.drop_index("ix_journal_entry_entity", table_name="journal_entry")
    op.drop_table("journal_entry")
    op.drop_table("job_run")
    op.drop_table("idempotency_key")

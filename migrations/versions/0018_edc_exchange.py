"""Snapshots for the clinical database, anchors that it gives otherwise, lines of no one site."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


KINDS_BEFORE = (
    "call_now",
    "missed",
    "not_reached",
    "not_confirmed",
    "sae_due",
    "call_principal_investigator",
    "roster_ends",
    "no_baseline",
    "rating_due",
)  # fmt: skip
KINDS_NEW = ("anchor_differs", "identity_missing", "stale_feed")


def upgrade() -> None:
    op.create_table(
        "edc_snapshot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("upto_seq", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ready_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["edc_client.id"], name=op.f("fk_edc_snapshot_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edc_snapshot")),
    )
    with op.batch_alter_table("edc_snapshot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edc_snapshot_client_id"), ["client_id"], unique=False)

    op.create_table(
        "anchor_query",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
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
        sa.Column("standing_version", sa.Integer(), nullable=False),
        sa.Column("proposed_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("opened_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("is_accepted", sa.Boolean(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["edc_client.id"], name=op.f("fk_anchor_query_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_anchor_query_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_anchor_query_participant_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_anchor_query_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor_query")),
    )
    with op.batch_alter_table("anchor_query", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_anchor_query_site_id"), ["site_id"], unique=False)
        batch_op.create_index(
            "uq_anchor_query_proposal",
            ["participant_id", "event", "proposed_at", "standing_version"],
            unique=True,
        )

    op.create_table(
        "edc_snapshot_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["edc_snapshot.id"], name=op.f("fk_edc_snapshot_file_snapshot_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edc_snapshot_file")),
        sa.UniqueConstraint(
            "snapshot_id", "name", name=op.f("uq_edc_snapshot_file_snapshot_id_name")
        ),
    )
    op.create_table(
        "edc_snapshot_part",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["edc_snapshot_file.id"], name=op.f("fk_edc_snapshot_part_file_id")
        ),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_edc_snapshot_part")),
    )
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.alter_column("site_id", existing_type=sa.Uuid(), nullable=True)
    _allow_kinds(*KINDS_BEFORE, *KINDS_NEW)


def downgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in KINDS_NEW)
    op.execute(f"DELETE FROM work_item WHERE kind IN ({listed})")  # noqa: S608  our own words
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.alter_column("site_id", existing_type=sa.Uuid(), nullable=False)
    _allow_kinds(*KINDS_BEFORE)

    op.drop_table("edc_snapshot_part")
    op.drop_table("edc_snapshot_file")
    with op.batch_alter_table("anchor_query", schema=None) as batch_op:
        batch_op.drop_index("uq_anchor_query_proposal")
        batch_op.drop_index(batch_op.f("ix_anchor_query_site_id"))

    op.drop_table("anchor_query")
    with op.batch_alter_table("edc_snapshot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edc_snapshot_client_id"))

    op.drop_table("edc_snapshot")


def _allow_kinds(*kinds: str) -> None:
    """Say anew which kinds a line of the work list has; SQLite forgets the old rule by itself."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("work_item", recreate="always" if is_sqlite else "auto") as batch_op:
        if not is_sqlite:
            batch_op.drop_constraint(op.f("ck_work_item_workkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_work_item_workkind"), f"kind IN ({listed})")

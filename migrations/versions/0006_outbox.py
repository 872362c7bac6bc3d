"""Outbox, what was tried, and what providers said."""

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "development_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms",
                "email",
                "voice",
                name="channelname",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_development_message")),
    )
    with op.batch_alter_table("development_message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_development_message_message_id"), ["message_id"], unique=False
        )

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("is_vital", sa.Boolean(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms",
                "email",
                "voice",
                name="channelname",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("template_version", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("recipient_ref", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("created_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_before", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_after", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "unknown",
                "sent",
                "failed",
                "expired",
                "cancelled",
                "not_confirmed",
                name="messagestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("next_attempt_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("doubt_count", sa.Integer(), nullable=False),
        sa.Column("ask_count", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.Uuid(), nullable=True),
        sa.Column("lease_until", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("asks_after", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("sent_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("delivery_status", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("ended_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "not_after IS NULL OR not_before < not_after",
            name=op.f("ck_outbox_message_can_ever_be_sent"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_about", ["about"], unique=False)
        batch_op.create_index(
            "ix_outbox_message_in_doubt",
            ["is_vital", "asks_after"],
            unique=False,
            sqlite_where=sa.text("state IN ('sending', 'unknown')"),
            postgresql_where=sa.text("state IN ('sending', 'unknown')"),
        )
        batch_op.create_index("ix_outbox_message_provider", ["provider_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_message_queued",
            ["is_vital", "next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_outbox_message_recipient", ["recipient_ref", "created_at"], unique=False
        )
        batch_op.create_index(
            "ix_outbox_message_vital",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("is_vital AND state IN ('queued', 'sending', 'unknown')"),
            postgresql_where=sa.text("is_vital AND state IN ('queued', 'sending', 'unknown')"),
        )

    op.create_table(
        "delivery_receipt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("received_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"], name=op.f("fk_delivery_receipt_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_receipt")),
        sa.UniqueConstraint(
            "message_id",
            "provider_id",
            "status",
            "error_code",
            name=op.f("uq_delivery_receipt_message_id_provider_id_status_error_code"),
        ),
    )
    op.create_table(
        "send_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "accepted",
                "refused",
                "unclear",
                "lost",
                name="attemptoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("asked_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "answer",
            sa.Enum(
                "found",
                "absent",
                "cannot_tell",
                name="provideranswer",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"], name=op.f("fk_send_attempt_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_attempt")),
        sa.UniqueConstraint("message_id", "number", name=op.f("uq_send_attempt_message_id_number")),
    )
    with op.batch_alter_table("send_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_send_attempt_provider", ["provider_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("send_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_send_attempt_provider")

    op.drop_table("send_attempt")
    op.drop_table("delivery_receipt")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_message_vital",
            sqlite_where=sa.text("is_vital AND state IN ('queued', 'sending', 'unknown')"),
            postgresql_where=sa.text("is_vital AND state IN ('queued', 'sending', 'unknown')"),
        )
        batch_op.drop_index("ix_outbox_message_recipient")
        batch_op.drop_index(
            "ix_outbox_message_queued",
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.drop_index("ix_outbox_message_provider")
        batch_op.drop_index(
            "ix_outbox_message_in_doubt",
            sqlite_where=sa.text("state IN ('sending', 'unknown')"),
            postgresql_where=sa.text("state IN ('sending', 'unknown')"),
        )
        batch_op.drop_index("ix_outbox_message_about")

    op.drop_table("outbox_message")
    with op.batch_alter_table("development_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_development_message_message_id"))

    op.drop_table("development_message")

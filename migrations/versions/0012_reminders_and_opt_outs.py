"""What a reminder was, who chose when and how to be reminded, who wants no messages."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import epro.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KINDS = (
    "trial", "sensitive_data", "sms_processor", "cross_border", "partial_answers", "contact_person",
)  # fmt: skip
NEEDED: dict[str, sa.types.TypeEngine[Any]] = {
    "due_at": epro.db.UtcDateTime(timezone=True), "template": sa.Text(),
    "template_version": sa.Text(), "version": sa.Integer(),
}  # fmt: skip


def _consent_kind(*kinds: str) -> sa.Enum:
    return sa.Enum(*kinds, name="consentkind", native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "opt_out",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number_lookup", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "reply",
                "provider",
                name="optoutsource",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("begun_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", epro.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out")),
    )
    with op.batch_alter_table("opt_out", schema=None) as batch_op:
        batch_op.create_index(
            "uq_opt_out_standing",
            ["number_lookup"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "sender_pace",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("free_at", epro.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", name=op.f("pk_sender_pace")),
    )
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminder_time", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "reminder_channel",
                sa.Enum(
                    "sms",
                    "email",
                    "none",
                    name="reminderchannel",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=True,
            )
        )

    with op.batch_alter_table("participant_identity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email_sealed", sa.Text(), nullable=True))

    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", epro.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("template", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("template_version", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "channel",
                sa.Enum(
                    "sms",
                    "email",
                    "voice",
                    name="channel",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("sent_at", epro.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("not_sent_reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=True))
    # What was decided before knew of its step no more than its name; texts had one version.
    op.execute(
        "UPDATE reminder SET due_at = decided_at, template = step, template_version = '1', "
        "version = 1"
    )
    op.execute("UPDATE reminder SET channel = 'sms' WHERE message_id IS NOT NULL")
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        for name, type_ in NEEDED.items():
            batch_op.alter_column(name, existing_type=type_, nullable=False)

    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.alter_column(
            "kind",
            existing_type=_consent_kind(*KINDS),
            type_=_consent_kind(*KINDS, "email_processor"),
        )


def downgrade() -> None:
    op.execute("DELETE FROM consent WHERE kind = 'email_processor'")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.alter_column(
            "kind",
            existing_type=_consent_kind(*KINDS, "email_processor"),
            type_=_consent_kind(*KINDS),
        )

    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_column("version")
        batch_op.drop_column("not_sent_reason")
        batch_op.drop_column("sent_at")
        batch_op.drop_constraint(op.f("ck_reminder_channel"), type_="check")
        batch_op.drop_column("channel")
        batch_op.drop_column("template_version")
        batch_op.drop_column("template")
        batch_op.drop_column("due_at")

    with op.batch_alter_table("participant_identity", schema=None) as batch_op:
        batch_op.drop_column("email_sealed")

    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_participant_reminderchannel"), type_="check")
        batch_op.drop_column("reminder_channel")
        batch_op.drop_column("reminder_time")

    op.drop_table("sender_pace")
    with op.batch_alter_table("opt_out", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_opt_out_standing",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("opt_out")

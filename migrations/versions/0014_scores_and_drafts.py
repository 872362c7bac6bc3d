"""Scores, cleared items, when a form was opened, and drafts that are closed as incomplete."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

import epro.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("cleared", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("scores", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("last_entry_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("opened_at", epro.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "device_class",
                sa.Enum(
                    "phone",
                    "tablet",
                    "computer",
                    name="deviceclass",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=True,
            )
        )
        batch_op.create_index(
            "ix_questionnaire_response_in_progress",
            ["assessment_id"],
            unique=False,
            sqlite_where=sa.text("status = 'in_progress'"),
            postgresql_where=sa.text("status = 'in_progress'"),
        )

    _change_revisions(_add_to_revisions)

    # Until now the version of a response was its revision.
    op.execute("UPDATE questionnaire_response SET version = revision")
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        for name in ("version", "cleared", "scores"):
            batch_op.alter_column(name, server_default=None)
        _take(batch_op, "questionnaire_response", "in_progress", "completed", "incomplete")


def downgrade() -> None:
    op.execute(
        "UPDATE questionnaire_response SET status = 'in_progress' WHERE status = 'incomplete'"
    )
    _change_revisions(_take_from_revisions)
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_questionnaire_response_in_progress",
            sqlite_where=sa.text("status = 'in_progress'"),
            postgresql_where=sa.text("status = 'in_progress'"),
        )
        _take(batch_op, "questionnaire_response", "in_progress", "completed")
        batch_op.drop_constraint(op.f("ck_questionnaire_response_deviceclass"), type_="check")
        batch_op.drop_column("device_class")
        batch_op.drop_column("opened_at")
        batch_op.drop_column("last_entry_on")
        batch_op.drop_column("scores")
        batch_op.drop_column("cleared")
        batch_op.drop_column("version")


def _add_to_revisions(batch_op: BatchOperations) -> None:
    for name in ("cleared", "scores"):
        batch_op.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    _take(batch_op, "response_revision", "in_progress", "completed", "incomplete")


def _take_from_revisions(batch_op: BatchOperations) -> None:
    _take(batch_op, "response_revision", "in_progress", "completed")
    for name in ("scores", "cleared"):
        batch_op.drop_column(name)


def _change_revisions(change: Callable[[BatchOperations], None]) -> None:
    """Change the table that is only added to; SQLite rebuilds it and would lose its triggers."""
    connection = op.get_bind()
    triggers = sa.text(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'response_revision'"
    )
    is_rebuilt = connection.dialect.name == "sqlite"
    kept = list(connection.scalars(triggers)) if is_rebuilt else []
    with op.batch_alter_table("response_revision", schema=None) as batch_op:
        change(batch_op)
    for trigger in kept:
        op.execute(trigger)


def _take(batch_op: BatchOperations, table: str, *statuses: str) -> None:
    """Let the status be one of these and no other."""
    names = ", ".join(f"'{status}'" for status in statuses)
    constraint = op.f(f"ck_{table}_responsestatus")
    batch_op.drop_constraint(constraint, type_="check")
    batch_op.create_check_constraint(constraint, f"status IN ({names})")

"""Messages sent again: which one was written in the place of one that failed."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox_message", sa.Column("repeated_by", sa.Uuid(), nullable=True))
    op.create_index("uq_outbox_message_repeated_by", "outbox_message", ["repeated_by"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_outbox_message_repeated_by", table_name="outbox_message")
    op.drop_column("outbox_message", "repeated_by")

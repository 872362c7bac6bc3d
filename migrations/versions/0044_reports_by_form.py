"""Find the reports of a form without going through all that was ever answered."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_questionnaire_response_form"),
        "questionnaire_response",
        ["questionnaire_code", "participant_id", "status"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_questionnaire_response_form"), table_name="questionnaire_response")

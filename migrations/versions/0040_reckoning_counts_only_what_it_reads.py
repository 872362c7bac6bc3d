"""Count a change only where it is in a column that candidates follow from.

Each count takes the row of her reckoning. Taking, viewing or escalating a flag took it too, while
an answer of hers held it and wanted that flag: each waited for the other.
"""

from alembic import op

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None

OF_FLAG = "(SELECT participant_id FROM safety_flag WHERE id = NEW.flag_id)"
# By table: what is read of it, about whom, and under which condition.
READ = {
    "questionnaire_response": (
        "participant_id, assessment_id, study_version_id, questionnaire_code, status, revision, "
        "answers, answered_at, received_at",
        "NEW.participant_id", "",
    ),
    "screening": (
        "participant_id, source, source_id, revision, body_sha256, inputs, answered_at",
        "NEW.participant_id", "",
    ),
    "safety_flag": ("participant_id, tier, raised_at", "NEW.participant_id", ""),
    "flag_note": ("flag_id, kind", OF_FLAG, "NEW.kind = 'corrected'"),
}  # fmt: skip
COUNT = "UPDATE candidate_reckoning SET facts_version = facts_version + 1 WHERE participant_id"


def upgrade() -> None:
    for table, (columns, about, condition) in READ.items():
        _drop(table)
        _count(table, f"UPDATE OF {columns}", about, condition)


def downgrade() -> None:
    for table, (_, about, _) in READ.items():
        _drop(table)
        _count(table, "UPDATE", about, "")


def _count(table: str, update: str, about: str, condition: str) -> None:
    when = f" WHEN ({condition})" if condition else ""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_count_candidates AFTER INSERT OR {update} ON {table} "
            f"FOR EACH ROW{when} EXECUTE FUNCTION {table}_count_candidates()"
        )
        return
    for name, event in (("insert", "INSERT"), ("update", update)):
        op.execute(
            f"CREATE TRIGGER {table}_count_candidates_{name} AFTER {event} ON {table} "
            f"FOR EACH ROW{when} BEGIN {COUNT} = {about}; END"
        )


def _drop(table: str) -> None:
    """The functions of PostgreSQL stay as they are."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_count_candidates ON {table}")
        return
    for name in ("insert", "update"):
        op.execute(f"DROP TRIGGER {table}_count_candidates_{name}")

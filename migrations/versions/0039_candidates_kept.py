"""Keep candidates for adverse events as last reckoned, and count what they follow from."""

import sqlalchemy as sa
from alembic import op

from epro.db import UtcDateTime

revision = "0039"
down_revision = "0036"
branch_labels = None
depends_on = None

SOURCES = ("self_report", "flag", "episode", "investigator")
STATES = ("undecided", "changed", "decided")
OF_FLAG = "(SELECT participant_id FROM safety_flag WHERE id = NEW.flag_id)"
# By table: when its rows say something else, about whom, and under which condition.
FACTS = {
    "participant": (("UPDATE OF zone, site_id",), "NEW.id", ""),
    "anchor": (("INSERT", "UPDATE"), "NEW.participant_id", ""),
    "assessment": (
        ("UPDATE OF planned_on",), "NEW.participant_id", "OLD.planned_on <> NEW.planned_on",
    ),
    "questionnaire_response": (("INSERT", "UPDATE"), "NEW.participant_id", ""),
    "screening": (("INSERT", "UPDATE"), "NEW.participant_id", ""),
    "safety_flag": (("INSERT", "UPDATE"), "NEW.participant_id", ""),
    "flag_trigger": (("INSERT", "UPDATE"), OF_FLAG, ""),
    "flag_note": (("INSERT", "UPDATE"), OF_FLAG, ""),
    "candidate_decision": (("INSERT",), "NEW.participant_id", ""),
    "adverse_event": (("UPDATE OF voided_at",), "NEW.participant_id", ""),
}  # fmt: skip
COUNT = "UPDATE candidate_reckoning SET facts_version = facts_version + 1 WHERE participant_id"
AT_SITE = f"{COUNT} IN (SELECT id FROM participant WHERE site_id = NEW.id)"  # noqa: S608  constants
BEGIN = "INSERT INTO candidate_reckoning (participant_id, facts_version) VALUES (NEW.id, 1)"


def upgrade() -> None:
    op.create_table(
        "candidate_reckoning",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("facts_version", sa.Integer(), nullable=False),
        sa.Column("reckoned_version", sa.Integer(), nullable=True),
        sa.Column("reckoned_with", sa.Text(), nullable=True),
        sa.Column("reckoned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("holds_until", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_candidate_reckoning_participant_id"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_candidate_reckoning")),
    )
    op.create_table(
        "standing_candidate",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                *SOURCES, name="eventsource", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("study_day", sa.Text(), nullable=True),
        sa.Column("is_in_window", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *STATES, name="candidatestate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "decision_number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["decision_number"],
            ["candidate_decision.number"],
            name=op.f("fk_standing_candidate_decision_number"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_standing_candidate_participant_id"),
        ),
        sa.PrimaryKeyConstraint(
            "participant_id", "source", "source_key", name=op.f("pk_standing_candidate")
        ),
    )
    op.execute(
        "INSERT INTO candidate_reckoning (participant_id, facts_version) "
        "SELECT id, 1 FROM participant"
    )
    _trigger("participant", "begin", ("INSERT",), BEGIN)
    _trigger("site", "count", ("UPDATE OF zone",), AT_SITE)
    for table, (events, about, condition) in FACTS.items():
        _trigger(table, "count", events, f"{COUNT} = {about}", condition)


def downgrade() -> None:
    for table in ("site", *FACTS):
        _drop(table, "count", FACTS[table][0] if table in FACTS else ("UPDATE OF zone",))
    _drop("participant", "begin", ("INSERT",))
    op.drop_table("standing_candidate")
    op.drop_table("candidate_reckoning")


def _trigger(
    table: str, name: str, events: tuple[str, ...], statement: str, condition: str = ""
) -> None:
    """Have the database run a statement whenever a row of a table comes or changes so."""
    when = f" WHEN ({condition})" if condition else ""
    if op.get_bind().dialect.name == "postgresql":
        function = f"{table}_{name}_candidates"
        op.execute(
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {statement}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {function} AFTER {' OR '.join(events)} ON {table} "
            f"FOR EACH ROW{when} EXECUTE FUNCTION {function}()"
        )
        return
    for event in events:
        op.execute(
            f"CREATE TRIGGER {_sqlite_name(table, name, event)} AFTER {event} ON {table} "
            f"FOR EACH ROW{when} BEGIN {statement}; END"
        )


def _drop(table: str, name: str, events: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_{name}_candidates ON {table}")
        op.execute(f"DROP FUNCTION {table}_{name}_candidates()")
        return
    for event in events:
        op.execute(f"DROP TRIGGER {_sqlite_name(table, name, event)}")


def _sqlite_name(table: str, name: str, event: str) -> str:
    return f"{table}_{name}_candidates_{event.split(maxsplit=1)[0].lower()}"

"""Bring a database to a revision of the schema, and say which one it has."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, literal, select, table

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

# Holding rows as soon as they are there: migrations write them.
WRITTEN_BY_MIGRATIONS = frozenset({"alembic_version", "edc_epoch"})


def upgrade(url: str, revision: str = "head") -> None:
    """Apply all migrations up to `revision`; does nothing when they are applied."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Take migrations back to `revision`."""
    command.downgrade(_config(url), revision)


def new_revision(url: str, message: str, *, number: str) -> None:
    """Write the next migration from the difference between models and database."""
    command.revision(_config(url), message=message, autogenerate=True, rev_id=number)


def current_revision(engine: Engine) -> str | None:
    """Return the revision a database is at; None before the first migration."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def filled_table(url: str) -> str | None:
    """Return a table that holds somebody's data, whoever made it; None in an empty database."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for name in sorted(inspect(connection).get_table_names()):
                if name in WRITTEN_BY_MIGRATIONS:
                    continue
                if connection.scalar(select(literal(1)).select_from(table(name)).limit(1)):
                    return name
    finally:
        engine.dispose()
    return None


def head_revision() -> str | None:
    """Return the newest revision that this version of the code knows."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def next_number() -> str:
    """Return a number that no migration has; they are chained as they landed, not by number."""
    known = ScriptDirectory.from_config(_config("")).walk_revisions()
    return f"{max((int(one.revision) for one in known), default=0) + 1:04}"


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["url"] = url
    return config

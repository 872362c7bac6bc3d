"""How Alembic reaches the database; called by `epro.migrate`, never by Alembic's own command."""

from typing import Any

from alembic import context
from alembic.migration import MigrationContext
from sqlalchemy import text

import epro.models  # noqa: F401  all tables must be known before they are compared
import notifications.messages  # noqa: F401
from epro.db import Base, make_engine


def look_at_references(ctx: MigrationContext, *_step: Any, **_more: Any) -> None:
    """Before a migration is committed: every row still refers to something that is there."""
    if ctx.dialect.name == "sqlite" and ctx.connection is not None:
        broken = ctx.connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"Rows refer to what is not there: {broken[:5]}")


engine = make_engine(context.config.attributes["url"])
with engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        # SQLite rebuilds a table by dropping it, which rows that refer to it would prevent. The
        # switch is heeded outside a transaction only; each migration is looked at in its place.
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=True,
        on_version_apply=look_at_references,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

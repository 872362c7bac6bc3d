"""How Alembic reaches the database; called by `epro.migrate`, never by Alembic's own command."""

from alembic import context

import epro.models  # noqa: F401  all tables must be known before they are compared
import notifications.messages  # noqa: F401
from epro.db import Base, make_engine

engine = make_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

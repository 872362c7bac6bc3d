"""The database's shape: bring it up to date, say where it stands, prove the migrations."""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryDirectory

import click
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from epro import migrate
from epro.clock import wall_clock_now
from epro.commands.common import opened_parts, operator, without_password
from epro.db import make_engine
from epro.models import JobRun
from epro.parts import build_parts
from epro.services import heartbeat, journal, key_rotation
from epro.settings import Settings
from epro.training import resealing

HEAD_FILE = migrate.MIGRATIONS / "HEAD"
# Any table leads to all of them; the import has made them known.
TABLES = JobRun.metadata
KEPT_BY_ALEMBIC = {"alembic_version"}


@click.group()
def db() -> None:
    """Bring the database up to date; look after its shape."""


@db.command()
def upgrade() -> None:
    """Apply the migrations that are missing; harmless when there are none.

    \b
    Example:
      epro db upgrade
    """
    url = Settings.from_env().database_url
    migrate.upgrade(url)
    click.echo(f"{without_password(url)} is at revision {migrate.head_revision()}.")


@db.command()
def reseal() -> None:
    """Seal every identity field with the newest of EPRO_FIELD_KEYS, so that the older ones can go.

    \b
    Example:
      EPRO_FIELD_KEYS=new,old epro db reseal
    """
    with opened_parts() as parts:
        with parts.database.transaction() as session:
            sealed = key_rotation.reseal_all(
                session, operator(), keyring=parts.keyring, now=parts.clock.now()
            )
        click.echo(f"Sealed anew: {sealed.participants} participants, {sealed.users} users.")
        rooms = [*resealing.reseal_rooms(parts, operator())]
    if left := [room.code for room, is_done in rooms if not is_done]:
        raise click.ClickException(
            f"Not sealed anew: training room {', '.join(left)}. Do this again once it can be "
            "entered, or have it cleared; until then keep the old keys."
        )
    click.echo(f"Sealed anew: {len(rooms)} training rooms.")
    click.echo("Once every process runs with the new key in front, the old ones can be taken out.")


@db.command()
def status() -> None:
    """Say where the database stands, when the worker last ran, and what waits in the journal.

    \b
    Example:
      epro db status
    """
    parts = build_parts(Settings.from_env())
    engine = parts.database.engine
    stands_at = migrate.current_revision(engine)
    click.echo(f"database   {without_password(parts.settings.database_url)}")
    click.echo(f"revision   {stands_at or 'none'} (this code: {migrate.head_revision()})")
    if stands_at == migrate.head_revision():
        with parts.database.reading() as session:
            pulse, lag = heartbeat.pulse(session), journal.lag(session)
        click.echo(f"worker     {_since(pulse.beat_at)}")
        click.echo(f"failing    {', '.join(pulse.failing_jobs) or 'no job'}")
        click.echo(f"journal    {lag.count} entries wait for their place")
    else:
        click.echo("           Run: epro db upgrade")
    engine.dispose()


@db.command()
def check() -> None:
    """Show that migrations go up, down and up again, and say the same as the tables in the code.

    Done on a throw-away SQLite file, and on the empty database that TEST_DATABASE_URL names.

    \b
    Example:
      TEST_DATABASE_URL=postgresql+psycopg://epro@127.0.0.1/scratch epro db check
    """
    faults = list(_head_faults())
    with TemporaryDirectory() as folder:
        faults += _checked(f"sqlite:///{folder}/check.sqlite")
    if url := os.environ.get("TEST_DATABASE_URL"):
        faults += _checked(url)
    else:
        click.echo("PostgreSQL: not checked, TEST_DATABASE_URL is not set.")
    if faults:
        raise click.ClickException("\n".join(faults))


@db.command()
@click.argument("message")
def new(message: str) -> None:
    """Write the next migration from what the code's tables have and the migrations have not.

    \b
    Example:
      epro db new "add pauses"
    """
    number = migrate.next_number()
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/new.sqlite"
        migrate.upgrade(url)
        migrate.new_revision(url, message, number=number)
    HEAD_FILE.write_text(f"{number}\n", encoding="utf-8")
    click.echo(f"Written: migrations/versions/{number}_{slug}.py. Read it before you keep it.")


def _head_faults() -> Iterator[str]:
    said, newest = HEAD_FILE.read_text(encoding="utf-8").strip(), migrate.head_revision()
    if said != newest:
        yield f"migrations/HEAD says {said}, the newest migration is {newest}."


def _checked(url: str) -> list[str]:
    """Return what is wrong on one kind of database; it is left without any table."""
    engine = make_engine(url)
    kind = engine.dialect.name
    try:
        if _tables(engine):
            return [f"{kind}: the database to check on is not empty; it will not be touched."]
        migrate.upgrade(url)
        migrate.downgrade(url)
        if left := _tables(engine):
            return [f"{kind}: going down leaves {', '.join(sorted(left))} behind."]
        migrate.upgrade(url)
        if differences := _differences(engine):
            return [f"{kind}: the code's tables differ: {what}" for what in differences]
        migrate.downgrade(url)
    finally:
        engine.dispose()
    click.echo(f"{kind}: up, down, up; {len(TABLES.tables)} tables as in the code.")
    return []


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - KEPT_BY_ALEMBIC


def _differences(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, TABLES)]


def _since(beat_at: datetime | None) -> str:
    if beat_at is None:
        return "has never run"
    return f"last ran {(wall_clock_now() - beat_at).total_seconds():.0f} s ago"


COMMANDS = (db,)

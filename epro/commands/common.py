"""What all commands share: the parts, who acts, and faults told in one line, not a traceback."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from epro.access import COMMAND_LINE, Actor, system_actor
from epro.crypto import UnreadableSecret
from epro.errors import DomainError
from epro.jobs.turns import SecondWorkerRefused
from epro.migrate import current_revision, head_revision
from epro.parts import Parts, build_parts
from epro.ports import PortTaken
from epro.rehearsal.rates import RatesRefused
from epro.rehearsal.report.figures import NoResult
from epro.rooms import NoPlaceForRooms
from epro.services import rehearsal
from epro.settings import BadSettings, Settings
from epro.supervision import ChildEnded, NotReady
from questionnaires.lint import PackageRefused
from questionnaires.sources import PackageFaults

TOLD_AS_THEY_ARE = (
    BadSettings, ChildEnded, NoPlaceForRooms, NoResult, NotReady, OSError, PackageFaults,
    PackageRefused, PortTaken, RatesRefused, SecondWorkerRefused, UnreadableSecret,
)  # fmt: skip


host_option = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
)
port_option = click.option(
    "--port", envvar="PORT", type=click.IntRange(1, 65535), default=8000, show_default=True,
    help="Port to listen on; PORT in the environment sets it too.",
)  # fmt: skip


class Commands(click.Group):
    """Tell what an operator can mend in one clear line; what remains is a fault of ours."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DomainError as refusal:
            raise click.ClickException(_in_words(refusal)) from refusal
        except TOLD_AS_THEY_ARE as fault:
            raise click.ClickException(str(fault)) from fault
        except ArgumentError as fault:
            raise click.ClickException("EPRO_DATABASE_URL is no address of a database.") from fault
        except (OperationalError, ProgrammingError) as fault:
            raise click.ClickException(
                "The database does not answer, or lacks tables. Start it or correct "
                "EPRO_DATABASE_URL, then run: epro db upgrade"
            ) from fault


def _in_words(refusal: DomainError) -> str:
    problems = refusal.details.get("problems", ())
    said = [f"{problem.get('place')}: {problem.get('message')}" for problem in problems]
    return " ".join([refusal.text, *said])


@contextmanager
def opened_parts(settings: Settings | None = None) -> Iterator[Parts]:
    """Put the parts together from the environment; close their connections at the end.

    Raises BadSettings, and a clear error when the database is not at this code's revision.
    """
    parts = build_parts(settings or Settings.from_env())
    try:
        _refuse_other_revision(parts)
        parts.clock.move_to_offset(_offset(parts))
        yield parts
    finally:
        parts.database.engine.dispose()


def operator() -> Actor:
    """Return who gives the command, for the record: the account of the operating system."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return system_actor(f"{COMMAND_LINE}{name}")


def var_folder() -> Path:
    """Return the folder for what the system makes itself: keys, logs, the SQLite file."""
    return Path(os.environ.get("EPRO_VAR", "var"))


def without_password(url: str) -> str:
    """Return a database's address as it may be shown."""
    return make_url(url).render_as_string(hide_password=True)


def _refuse_other_revision(parts: Parts) -> None:
    stands_at, expected = current_revision(parts.database.engine), head_revision()
    if stands_at != expected:
        raise click.ClickException(
            f"The database is at revision {stands_at or 'none'}, this code needs {expected}. "
            "Run: epro db upgrade"
        )


def _offset(parts: Parts) -> timedelta:
    if not parts.settings.is_rehearsal:
        return timedelta()
    with parts.database.reading() as session:
        return rehearsal.offset(session)

"""The worker by itself."""

import click

from epro.commands.common import opened_parts
from epro.jobs.runner import Worker
from epro.jobs.tasks import JOBS
from epro.logs import configure_logging
from epro.training import keeping


@click.command()
@click.option(
    "--when-moved", is_flag=True,
    help="Only when a rehearsal's clock is moved; refused outside a rehearsal.",
)  # fmt: skip
def worker(*, when_moved: bool) -> None:
    """Run the jobs that are due, until stopped.

    On PostgreSQL as many as wanted share the work; SQLite takes one.

    \b
    Example:
      epro worker
    """
    configure_logging()
    with opened_parts() as parts:
        if when_moved and not parts.settings.is_rehearsal:
            raise click.UsageError("--when-moved is for rehearsals: nothing else moves a clock.")
        worker = Worker(parts, (*JOBS, keeping.job(parts)))
        worker.run_until_stopped(is_ticking=not when_moved)


COMMANDS = (worker,)

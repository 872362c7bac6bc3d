"""Starting the system: all of it on one machine, or its two kinds of process by themselves."""

import os
from pathlib import Path

import click

from epro.commands import demonstration
from epro.commands.common import opened_parts, var_folder
from epro.demo import phone
from epro.jobs.runner import Worker
from epro.jobs.tasks import JOBS
from epro.logs import configure_logging
from epro.migrate import upgrade
from epro.serving import refuse_taken_port, serve
from epro.settings import Settings
from epro.supervision import Supervisor
from epro.training import keeping

host_option = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
)
port_option = click.option(
    "--port", envvar="PORT", type=click.IntRange(1, 65535), default=8000, show_default=True,
    help="Port to listen on; PORT in the environment sets it too.",
)  # fmt: skip


@click.command()
@host_option
@port_option
@click.option("--demo", "with_demo", is_flag=True, help="Put demonstration data in first.")
@click.option(
    "--console-logs", is_flag=True, help="Logs to this terminal instead of files under var/log/."
)
def run(host: str, port: int, *, with_demo: bool, console_logs: bool) -> None:
    """Start web server and worker here, together; Ctrl-C ends both.

    Outside production the database is brought up to date first. When one of the two ends by
    itself, the other is stopped, and this command fails. The demonstration lets the trial's clock
    be moved.

    \b
    Example:
      epro run --port 8001
    """
    environment = {"PORT": str(port)}
    if with_demo:
        demonstration.refuse_in_production(Settings.from_env())
        environment["EPRO_REHEARSAL"] = "1"
    settings = Settings.from_env(os.environ | environment)
    refuse_taken_port(host, port)
    way_in = _prepare(settings, with_demo=with_demo)
    logs = None if console_logs else var_folder() / "log"
    supervisor = Supervisor(log_folder=logs, echo=click.echo, environment=environment)
    processes = {"web": ("web", "--host", host, "--port", str(port)), "worker": ("worker",)}
    click.echo("Starting ...")
    with supervisor.supervised(processes):
        if supervisor.wait_until_ready(host, port):
            _welcome(settings, host, port, logs)
            if with_demo:
                click.echo("\n".join(["Log-ins:", *demonstration.described_logins(), ""]))
            if way_in:
                click.echo(_described_way_in(f"http://{host}:{port}/p/", *way_in))
            click.echo("Ctrl-C ends it.")
            supervisor.wait_until_stopped()
        click.echo("Stopping ...")
    click.echo("Stopped.")


@click.command()
@host_option
@port_option
@click.option("--processes", type=click.IntRange(1, 32), help="Default: 2, on SQLite 1.")
def web(host: str, port: int, processes: int | None) -> None:
    """Serve HTTP, and nothing else: jobs are the worker's.

    \b
    Example:
      epro web --host 0.0.0.0 --port 8000 --processes 4
    """
    configure_logging()
    serve(Settings.from_env(), host=host, port=port, processes=processes)


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


def _described_way_in(address: str, code: str, activation_code: str, year: int) -> str:
    return (
        f"The phone app, as {code}: {address}\n"
        f"  activation code {activation_code}, year of birth {year}, any PIN that is not easy\n"
    )


def _prepare(settings: Settings, *, with_demo: bool) -> tuple[str, str, int] | None:
    """Outside production do what a stranger would forget; in production a person decides.

    With the demonstration, return a way into the phone app.
    """
    if not settings.is_production:
        upgrade(settings.database_url)
    with opened_parts(settings) as parts:
        if not with_demo:
            return None
        demonstration.fill(parts)
        return phone.fresh_code(parts)


def _welcome(settings: Settings, host: str, port: int, logs: Path | None) -> None:
    address = f"http://{host}:{port}"
    lines = [
        "",
        f"epro is ready:  {settings.public_url if settings.is_production else address}",
        f"  phone app     {address}/p/",
        f"  console       {address}/console/",
        f"  API           {address}/api/openapi.json",
        f"  state         {address}/readyz",
    ]
    if logs:
        lines.append(f"  logs          {logs}/")
    if settings.has_inbox:
        lines.append(f"  messages      {address}/dev/inbox  (instead of phones and mailboxes)")
    if settings.is_rehearsal:
        lines.append(f"  clock         {address}/dev/clock  (rehearsal)")
    click.echo("\n".join([*lines, ""]))


COMMANDS = (run, web, worker)

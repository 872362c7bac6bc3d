"""Starting all of the system on one machine, as its two kinds of process."""

import os
from pathlib import Path

import click

from epro.commands import demonstration
from epro.commands.common import host_option, opened_parts, port_option, var_folder
from epro.demo import phone
from epro.migrate import upgrade
from epro.ports import refuse_taken_port
from epro.settings import Settings
from epro.supervision import Supervisor


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


COMMANDS = (run,)

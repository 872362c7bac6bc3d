"""The web server by itself."""

import click

from epro.commands.common import host_option, port_option
from epro.logs import configure_logging
from epro.serving import serve
from epro.settings import Settings


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


COMMANDS = (web,)

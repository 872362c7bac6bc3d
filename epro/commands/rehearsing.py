"""`epro rehearse`: the whole trial on a fast clock, compared with what should have happened."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import click

from epro.clock import wall_clock_now
from epro.commands.common import opened_parts
from epro.commands.demonstration import PACKAGE
from epro.migrate import filled_table, upgrade
from epro.rehearsal import deployment
from epro.rehearsal.clock import TrialClock
from epro.rehearsal.gateway import Provider, serving
from epro.rehearsal.observing import Edc
from epro.rehearsal.oracle.comparing import compare
from epro.rehearsal.oracle.difference import Difference
from epro.rehearsal.oracle.protocol import Protocol
from epro.rehearsal.places import places
from epro.rehearsal.population import HOME
from epro.rehearsal.postbox import Postbox, receiving
from epro.rehearsal.rates import SHIPPED as RATES
from epro.rehearsal.rates import read_rates
from epro.rehearsal.record import read_record, write_record
from epro.rehearsal.report.comparison import comparison_page
from epro.rehearsal.report.figures import figures, read_result
from epro.rehearsal.report.page import write_report
from epro.rehearsal.running import Outcome, Plan, Tell, next_monday, rehearse
from epro.rehearsal.wire import Unexpected, Wire
from epro.rehearsal_site import open_sites, physicians_for
from epro.settings import Settings
from epro.supervision import Supervisor
from questionnaires.checking import check_folder

SHOWN_AT_MOST = 60
# A rehearsal is also played where much else is going on, and nobody waits at its door.
READY_TIMEOUT_S = 300.0
IN_MEMORY = Path("/dev/shm")  # noqa: S108  a database that nobody needs afterwards
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("rehearse")
@click.option(
    "--participants", type=click.IntRange(1, 500), default=58, show_default=True,
    help="How many take part.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other people.")
@click.option(
    "--weeks", type=click.IntRange(1, 24), default=24, show_default=True,
    help="How long it goes on after the infusion visits.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True,
    help="Folder for index.html, result.json and record.json.",
)  # fmt: skip
@click.option(
    "--database", "database_url", metavar="URL",
    help="An empty PostgreSQL database; left out: SQLite, thrown away.",
)  # fmt: skip
@click.option("--package", type=FOLDER, default=PACKAGE, help="The study folder to rehearse.")
@click.option("--expect", type=FOLDER, help="The study folder the oracle reads; else the same.")
@click.option("--rates", type=FILE, default=RATES, help="How people behave, as the file shipped.")
@click.option(
    "--compare", "other", type=FILE, metavar="RESULT",
    help="Show beside it the result.json of an earlier rehearsal, as of another package.",
)  # fmt: skip
def run_rehearsal(
    *, out: Path, database_url: str | None, rates: Path, other: Path | None, **chosen: Any
) -> None:
    """Rehearse the trial on a fast clock, before anybody is enrolled.

    Web server and worker run on a throw-away database; invented people live through the trial over
    HTTP. A second calculation of what should have happened, written apart from the system, is
    compared with what did: every difference is printed, and then this command fails.

    \b
    Example:
      epro rehearse --participants 58 --seed 7 --out report/
      epro rehearse --package my-study --out report-b/ --compare report/result.json
    """
    # A file that cannot be used is told of before anything is played, not ten minutes later.
    before = read_result(other) if other is not None else None
    plan = Plan(
        package=chosen["package"], expected=chosen["expect"] or chosen["package"],
        rates=read_rates(rates), count=chosen["participants"], seed=chosen["seed"],
        weeks=chosen["weeks"], begins_on=next_monday(wall_clock_now().astimezone(HOME).date()),
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    deployment.forget_surroundings()
    outcome = _play(plan, database_url, out / "log")
    write_record(out / "record.json", outcome.script, outcome.seen)
    result = figures(outcome)
    write_report(out, result)
    click.echo(f"Report: {out / 'index.html'}")
    if before is not None:
        page = out / "comparison.html"
        page.write_text(comparison_page(before, result), encoding="utf-8")
        click.echo(f"Comparison: {page}")
    _tell_of(outcome.differences)


@click.command("rehearsed")
@click.argument("record", type=FILE)
@click.option("--expect", type=FOLDER, default=PACKAGE, help="The study folder the oracle reads.")
def judge_again(record: Path, expect: Path) -> None:
    """Judge the record of a rehearsal again, without playing it: by another study folder.

    \b
    Example:
      epro rehearsed report/record.json --expect my-study
    """
    try:
        script, seen = read_record(record)
    except (ValueError, KeyError, TypeError) as fault:
        raise click.ClickException(f"{record} is no record of a rehearsal: {fault!r}.") from fault
    _tell_of(compare(Protocol(expect), script, seen))


def _tell_of(differences: Sequence[Difference]) -> None:
    """Print what differs; fail where anything does."""
    for difference in differences[:SHOWN_AT_MOST]:
        click.echo(str(difference))
    if len(differences) > SHOWN_AT_MOST:
        click.echo(f"… and {len(differences) - SHOWN_AT_MOST} more.")
    if differences:
        count = len(differences)
        counted = "1 difference" if count == 1 else f"{count} differences"
        raise click.ClickException(f"{counted} from what the documents ask.")
    click.echo("No difference: all happened as the documents ask.")


def _play(plan: Plan, database_url: str | None, logs: Path) -> Outcome:
    """Start a system of its own for the plan, play it, and leave nothing of it behind."""
    with ExitStack() as opened:
        at = IN_MEMORY if IN_MEMORY.is_dir() else None
        folder = Path(
            opened.enter_context(tempfile.TemporaryDirectory(prefix="epro-rehearsal-", dir=at))
        )
        (folder / "var").mkdir()
        port = deployment.free_port()
        wire = Wire(deployment.HOST, port)
        clock = TrialClock(wire)
        chance = Random(plan.seed)  # noqa: S311  invented faults, no secret
        provider = Provider(clock.now, plan.rates["provider"]["busy"], chance)
        opened.enter_context(serving(provider))
        postbox = opened.enter_context(receiving(Postbox(clock.now)))
        environment = deployment.environment(
            folder, database_url=database_url or f"sqlite:///{folder}/epro.sqlite3", port=port,
            gateway_url=provider.base_url, mail_url=postbox.url,
        )  # fmt: skip
        settings = Settings.from_env(os.environ | environment)
        if filled := filled_table(settings.database_url):
            raise click.ClickException(
                f"The database is not empty: its table {filled} holds rows. "
                "A rehearsal lives through weeks in it; give it a database of its own."
            )
        upgrade(settings.database_url)
        with opened_parts(settings) as parts:
            sites = open_sites(
                parts, check_folder(plan.package).package, places(plan.rates).values(),
                physician_count=physicians_for(plan.count * 2 // 3), now=wall_clock_now(),
            )  # fmt: skip
        supervisor = Supervisor(log_folder=logs, echo=click.echo, environment=environment)
        opened.enter_context(supervisor.supervised(deployment.processes(port)))
        supervisor.wait_until_ready(deployment.HOST, port, timeout_s=READY_TIMEOUT_S)
        edc = Edc(f"http://{deployment.HOST}:{port}", sites.edc_secret, folder / "edc.sqlite3")
        with _bar() as shown:
            tell = until_stopped(shown, supervisor)
            return rehearse(plan, wire, clock, provider, postbox, sites.staff, edc, tell=tell)


def until_stopped(tell: Tell, supervisor: Supervisor) -> Tell:
    """Tell of every day until somebody says stop, as by Ctrl-C: then nothing further is played."""

    def tell_or_stop(on: date, over: int, days: int) -> None:
        tell(on, over, days)
        if supervisor.is_stopping:
            raise Unexpected("somebody said stop")

    return tell_or_stop


@contextmanager
def _bar() -> Iterator[Tell]:
    """Lend a progress bar over the days of the trial; without a terminal, a line a week."""
    seen: list[date] = []

    def tell(on: date, over: int, days: int) -> None:
        if on in seen:
            return
        seen.append(on)
        if sys.stderr.isatty():
            done = 40 * over // days
            click.echo(
                f"\r{on}  [{'#' * done}{'.' * (40 - done)}] {over}/{days} days", nl=False, err=True
            )
        elif over % 7 == 0:
            click.echo(f"{on}: day {over} of {days}", err=True)

    yield tell
    if sys.stderr.isatty():
        click.echo("", err=True)


COMMANDS = (run_rehearsal, judge_again)

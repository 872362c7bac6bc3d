"""Made-up sites, people and answers to look at."""

import json
import sys
from datetime import datetime
from pathlib import Path
from random import Random

import click
from sqlalchemy import make_url

from epro.clock import wall_clock_now
from epro.commands.common import opened_parts, var_folder
from epro.db import Database
from epro.demo import site as data
from epro.jobs.turns import only_worker_on
from epro.logs import ROOT
from epro.migrate import upgrade
from epro.parts import Parts
from epro.settings import Settings
from questionnaires import canonical
from questionnaires.checking import check_folder
from questionnaires.definition import AnswerValue, ItemType, Questionnaire
from questionnaires.invented import calm_answers

PACKAGE = ROOT / "questionnaires" / "studies" / "bk-sle-i-01"


@click.group()
def demo() -> None:
    """Made-up people to look at the system with; production refuses them."""


@demo.command()
@click.option("--reset", is_flag=True, help="Throw the whole SQLite database away first.")
def seed(*, reset: bool) -> None:
    """Put the demonstration in, unless it is there.

    \b
    Example:
      epro demo seed --reset
    """
    settings = Settings.from_env()
    refuse_in_production(settings)
    if reset:
        _throw_away(settings.database_url)
    upgrade(settings.database_url)
    with opened_parts(settings) as parts:
        fill(parts)


@demo.command()
def logins() -> None:
    """Show the names, passwords and PINs of the demonstration.

    \b
    Example:
      epro demo logins
    """
    click.echo("\n".join(described_logins()))


@demo.command()
@click.argument("name")
def login(name: str) -> None:
    """Print what a demo user signs in with, as JSON; it stands in for an authenticator.

    \b
    Example:
      epro demo login coordinator
    """
    known = _known_logins()
    if "totp_secret" not in known.get(name, {}):
        users = ", ".join(user for user, secret in known.items() if "totp_secret" in secret)
        raise click.ClickException(f"There is no demo user {name}. There are: {users}.")
    click.echo(
        json.dumps(
            {"username": name, "password": known[name]["password"],
             "totp": data.one_time_code(known[name])}
        )
    )  # fmt: skip


@demo.command()
@click.option(
    "--but", "differing", multiple=True, metavar="ITEM=ANSWER",
    help="Answer this item otherwise; several choices are separated by commas.",
)  # fmt: skip
def answers(differing: tuple[str, ...]) -> None:
    """Read a questionnaire's JSON and print the answers of a good day, as JSON.

    \b
    Example:
      curl … /api/v1/questionnaires/daily/1.0.0 | epro demo answers --but help_now=true
    """
    try:
        questionnaire = canonical.from_text(Questionnaire, sys.stdin.read())
    except ValueError as fault:
        raise click.ClickException("This is not a questionnaire as the API gives it.") from fault
    now: datetime = wall_clock_now().astimezone(data.ZONE)
    but = dict(_differing(questionnaire, one) for one in differing)
    invented = calm_answers(questionnaire, answered_at=now, chance=Random(), but=but)  # noqa: S311
    click.echo(json.dumps(invented, ensure_ascii=False))


def _differing(questionnaire: Questionnaire, told: str) -> tuple[str, AnswerValue]:
    """Read ITEM=ANSWER as the item takes it."""
    link_id, _, answer = told.partition("=")
    item = questionnaire.item(link_id)
    if item is None:
        raise click.ClickException(f"{questionnaire.code} asks no item {link_id}.")
    if item.type is ItemType.MULTI:
        return link_id, tuple(answer.split(","))
    if item.type in {ItemType.BOOLEAN, ItemType.NUMBER, ItemType.NRS}:
        value: AnswerValue = json.loads(answer)
        return link_id, value
    return link_id, answer


def refuse_in_production(settings: Settings) -> None:
    """Made-up people must never stand beside real ones."""
    if settings.is_production:
        raise click.ClickException("Made-up data have no place in production.")


def fill(parts: Parts) -> None:
    """Put the demonstration in, unless it is there."""
    click.echo("Demonstration data ...")
    data.seed(parts, check_folder(PACKAGE).package, logins=_logins_file(), echo=click.echo)


def described_logins() -> list[str]:
    """Return a line for each demo log-in, or where they would be if they are not here."""
    try:
        known = _known_logins()
    except click.ClickException as absent:
        return [absent.message]
    return [f"  {name:<14} {_described(secret)}" for name, secret in known.items()]


def _described(secret: dict[str, str]) -> str:
    if "totp_secret" in secret:
        return f"password {secret['password']}   one-time code secret {secret['totp_secret']}"
    if "pin" in secret:
        return f"PIN {secret['pin']}"
    code, year = secret["activation_code"], secret["year_of_birth"]
    return f"activation code {code}, year of birth {year}"


def _known_logins() -> dict[str, dict[str, str]]:
    try:
        return data.read_logins(_logins_file())
    except FileNotFoundError as absent:
        raise click.ClickException(
            "This database was filled elsewhere, or not at all. See: epro demo seed --help"
        ) from absent


def _logins_file() -> Path:
    return var_folder() / "demo" / "logins.json"


def _throw_away(url: str) -> None:
    """Delete the SQLite file, unless a worker is at work on it."""
    file = make_url(url).database
    if not url.startswith("sqlite") or not file:
        raise click.ClickException("Only SQLite is reset; empty a PostgreSQL database yourself.")
    with only_worker_on(Database(url)):
        for name in (file, f"{file}-wal", f"{file}-shm"):
            Path(name).unlink(missing_ok=True)


COMMANDS = (demo,)

"""What the HTTP interface is: its description, and who may call what, kept as files."""

import json
import secrets
from pathlib import Path

import click
from cryptography.fernet import Fernet

from epro.api import access_table
from epro.app import create_app
from epro.logs import ROOT
from epro.settings import Environment, Settings

OPENAPI = ROOT / "docs" / "openapi.json"
ACCESS = ROOT / "docs" / "access.md"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the file is not current.")
@click.option("--write", is_flag=True, help="Write the file; done without this option as well.")
def openapi(*, check: bool, write: bool) -> None:
    """Write docs/openapi.json from the code, or check that it is current.

    \b
    Example:
      epro openapi --check
    """
    if check and write:
        raise click.UsageError("Either --check or --write.")
    if check:
        _check(OPENAPI, describe(), otherwise="epro openapi")
    else:
        _write(OPENAPI, describe())


@click.command()
@click.option("--check", is_flag=True, help="Fail when docs/access.md is not current.")
@click.option("--write", is_flag=True, help="Write docs/access.md.")
def routes(*, check: bool, write: bool) -> None:
    """List every route with the permission it asks for, or keep docs/access.md by it.

    \b
    Example:
      epro routes
      epro routes --write
    """
    if check and write:
        raise click.UsageError("Either --check or --write.")
    found = access_table.routes_of(create_app(_undeployed()))
    if check:
        _check(ACCESS, access_table.as_markdown(found), otherwise="epro routes --write")
    elif write:
        _write(ACCESS, access_table.as_markdown(found))
    else:
        for route in found:
            click.echo(f"{route.method:7} {route.path:52} {route.permission or 'public'}")


def describe() -> str:
    """Return the OpenAPI description as the text of a file; the same code gives the same text."""
    answer = create_app(_undeployed()).test_client().get("/api/openapi.json")
    return json.dumps(answer.get_json(), ensure_ascii=False, indent=1) + "\n"


def _undeployed() -> Settings:
    """Return a production's settings with keys of no use to anybody; no database is touched."""
    return Settings(
        environment=Environment.PRODUCTION,
        database_url="sqlite://",
        token_key=secrets.token_urlsafe(48),
        field_keys=(Fernet.generate_key().decode(),),
        lookup_key=secrets.token_bytes(48),
    )


def _check(file: Path, current: str, *, otherwise: str) -> None:
    place = file.relative_to(ROOT).as_posix()
    if not file.exists() or file.read_text(encoding="utf-8") != current:
        raise click.ClickException(f"{place} is not what the code says. Run: {otherwise}")
    click.echo(f"{place} is current.")


def _write(file: Path, current: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(current, encoding="utf-8")
    click.echo(f"Written: {file.relative_to(ROOT).as_posix()}")


COMMANDS = (openapi, routes)

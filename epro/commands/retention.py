"""How long the record is kept, and taking the whole system away when that is over."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, inspect, select
from sqlalchemy.exc import DBAPIError

from epro.archive import check
from epro.commands.common import opened_parts, operator, without_password
from epro.db import erase_everything, write_file_anew
from epro.errors import NotFound
from epro.models import KeptFrom, Site
from epro.parts import Parts
from epro.services import decommissioning, journal, sites
from epro.services import retention as keeping
from epro.services.retention import Statement

DAY = click.DateTime(["%Y-%m-%d"])
document_option = click.option(
    "--document", required=True, metavar="TEXT", help="The document that says so: its number."
)
site_option = click.option(
    "--site", "site_code", metavar="SITE", help="For this site alone, beyond what the study asks."
)


@click.group()
def retention() -> None:
    """How long the record of the trial has to be kept; nothing may be deleted before."""


@retention.command()
def show() -> None:
    """Say for each site to which day its record is kept, and why.

    \b
    Example:
      epro retention show
    """
    with opened_parts() as parts, parts.database.reading() as session:
        click.echo(f"study: {decommissioning.in_words(keeping.of_study(session))}.")
        for site in session.scalars(select(Site).order_by(Site.code)):
            kept = keeping.of_site(session, site)
            click.echo(f"{site.code}: {decommissioning.in_words(kept)}.")
            for document in kept.documents:
                click.echo(f"  {document}")


@retention.command("set-approval")
@click.argument("day", type=DAY, metavar="DATE")
@document_option
def set_approval(day: datetime, document: str) -> None:
    """State the day of the marketing approval, from which the years of keeping count.

    \b
    Example:
      epro retention set-approval 2029-03-01 --document "NMPA S20290001"
    """
    _state(Statement(kept_from=KeptFrom.MARKETING_APPROVAL, from_on=day.date(), document=document))


@retention.command("set-end")
@click.argument("day", type=DAY, metavar="DATE")
@document_option
def set_end(day: datetime, document: str) -> None:
    """State the end of a trial whose data are used for no application; its years count from there.

    \b
    Example:
      epro retention set-end 2028-06-30 --document "closure letter 2028-07"
    """
    _state(Statement(kept_from=KeptFrom.TRIAL_END, from_on=day.date(), document=document))


@retention.command("set-years")
@click.argument("years", type=int)
@site_option
@document_option
def set_years(years: int, site_code: str | None, document: str) -> None:
    """State how many years are asked for, five at least.

    \b
    Example:
      epro retention set-years 15 --site SZ01 --document "contract 2026-11, section 9"
    """
    _state(Statement(years=years, document=document), site_code)


@retention.command("set-contract")
@click.argument("day", type=DAY, metavar="DATE")
@site_option
@document_option
def set_contract(day: datetime, site_code: str | None, document: str) -> None:
    """State the last day to which a contract asks to keep the record, if that is later.

    \b
    Example:
      epro retention set-contract 2041-12-31 --site SZ01 --document "contract 2026-11"
    """
    _state(Statement(contract_until_on=day.date(), document=document), site_code)


def _state(statement: Statement, site_code: str | None = None) -> None:
    with opened_parts() as parts, parts.database.transaction() as session:
        site = None
        if site_code is not None:
            try:
                site = sites.get_site(session, site_code)
            except NotFound as absent:
                raise click.ClickException(f"There is no site {site_code}.") from absent
        keeping.state(session, operator(), statement, site=site, now=parts.clock.now())
        kept = keeping.of_site(session, site) if site else keeping.of_study(session)
        click.echo(f"{site_code or 'study'}: {decommissioning.in_words(kept)}.")


@click.command()
@click.option(
    "--archive", "folders", multiple=True, metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The copy that a site's investigator received, to be checked now; one for each site.",
)  # fmt: skip
@click.option(
    "--certificate", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Where what remains is written: what went, on what ground, and the end of the journal.",
)  # fmt: skip
@click.option("--confirm", "typed", metavar="STUDY", help="Do it: the code of the study.")
def decommission(folders: tuple[Path, ...], certificate: Path | None, typed: str | None) -> None:
    """Delete the whole database of a trial, once its record no longer has to be kept here.

    Without --confirm it only says what stands against it. It is refused before the day to which the
    record is kept, and without a copy of each site that its investigator received, that is checked
    now, and after which nothing was changed. Run it as the owner of the database, with web server
    and worker stopped; back-ups and keys are yours to destroy.

    \b
    Example:
      epro decommission --archive /media/SZ01
      epro decommission --archive /media/SZ01 --certificate gone.json --confirm bk-sle-i-01
    """
    if typed is not None and certificate is None:
        raise click.UsageError("--confirm needs --certificate: it is all that remains.")
    if certificate is not None and certificate.exists():
        raise click.ClickException(f"{certificate} is there already.")
    verified = _verified(folders)
    with opened_parts() as parts:
        with parts.database.transaction() as session:
            journal.sequence(session)
        if typed is None or certificate is None:
            _say_what_stands_against_it(parts, verified)
            return
        with parts.database.transaction() as session:
            decommissioning.confirm(session, operator(), typed, verified, now=parts.clock.now())
        with parts.database.transaction() as session:
            journal.sequence(session)
        with parts.database.reading() as session:
            remains = decommissioning.certificate(session)
        if remains is None:
            raise click.ClickException(
                "Something else is still writing. Stop web server and worker, and try again."
            )
        _write(certificate, remains)
        _erase(parts.database.engine, certificate)
        address = without_password(parts.settings.database_url)
    click.echo(f"Every table of {address} is gone. What remains: {certificate}")
    click.echo("Now destroy the back-ups and the keys, and put that on record.")


def _erase(engine: Engine, certificate: Path) -> None:
    """Delete every table; where that fails, say what is left, and leave no certificate of it."""
    try:
        erase_everything(engine)
    except DBAPIError as refused:
        # PostgreSQL may take it back while it commits, and a lost connection tells neither.
        left = _tables_left(engine)
        if left is None:
            raise click.ClickException(
                f"The database no longer answers ({_reason(refused)}). Look whether its tables are"
                f" still there; if they are, nothing was deleted: remove {certificate}."
            ) from refused
        if left:
            certificate.unlink()
            raise click.ClickException(
                f"The database refused: {_reason(refused)}. Nothing was deleted. Run it as the"
                " owner of the database, with everything else that uses it stopped, and without"
                " views or tables of others on these tables."
            ) from refused
    if not write_file_anew(engine):
        raise click.ClickException(
            f"Every table is gone, and {certificate} remains. But what was deleted can still be"
            " read in the file of the database, which somebody still uses. Destroy that file."
        )


def _tables_left(engine: Engine) -> bool | None:
    try:
        return bool(inspect(engine).get_table_names())
    except DBAPIError:
        return None


def _reason(refused: DBAPIError) -> str:
    return str(refused.orig).strip().partition("\n")[0]


def _verified(folders: tuple[Path, ...]) -> frozenset[str]:
    """Check each copy; return the SHA-256 of the manifests of those that hold."""
    for folder in folders:
        if check.main([str(folder)]):
            raise click.ClickException(f"{folder} is not whole; nothing was deleted.")
    return frozenset(check.sha256_of(folder / check.MANIFEST) for folder in folders)


def _say_what_stands_against_it(parts: Parts, verified: frozenset[str]) -> None:
    with parts.database.reading() as session:
        found = decommissioning.reasons_against(session, verified, now=parts.clock.now())
        codes = decommissioning.study_codes(session)
    for reason in found:
        click.echo(reason)
    if found:
        raise click.ClickException("The record stays. Nothing was deleted.")
    click.echo(
        "Nothing stands against it. Nothing was deleted yet; to delete the database add:\n"
        f"  --certificate FILE --confirm {' or '.join(codes)}"
    )


def _write(path: Path, remains: dict[str, Any]) -> None:
    """Write the certificate so that it is on the disk before anything else happens."""
    with path.open("x", encoding="utf-8") as file:
        json.dump(remains, file, ensure_ascii=False, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


COMMANDS = (retention, decommission)

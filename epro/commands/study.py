"""The study package: check it, publish it, put it in force at a site."""

from datetime import date, datetime
from pathlib import Path

import click
from sqlalchemy import select

from epro.commands.common import opened_parts, operator
from epro.errors import NotFound
from epro.models import Site, SiteActivation, StudyVersion
from epro.services import sites, studies
from questionnaires.checking import Checked, check_folder

folder_argument = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
licensed_option = click.option(
    "--licensed", "licensed_in", type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True, envvar="EPRO_LICENSED", show_envvar=True, metavar="FOLDER",
    help="Where the licensed instruments lie that study.yaml names; may be given several times.",
)  # fmt: skip


@click.group()
def study() -> None:
    """Check a study package, publish it, put it in force at a site."""


@study.command()
@folder_argument
@licensed_option
def check(folder: Path, licensed_in: tuple[Path, ...]) -> None:
    """Read a study package and name every fault with its file and line; nothing is stored.

    \b
    Example:
      epro study check questionnaires/studies/bk-sle-i-01
    """
    _describe(check_folder(folder, licensed_in=licensed_in))
    click.echo("No faults.")


@study.command()
@folder_argument
@licensed_option
@click.option("--activate", "site_code", metavar="SITE", help="Put it in force at this site.")
@click.option(
    "--from", "from_at", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="The first local day it is in force on.",
)  # fmt: skip
def publish(
    folder: Path, licensed_in: tuple[Path, ...], site_code: str | None, from_at: datetime | None
) -> None:
    """Freeze a study package under its version; the same content again changes nothing.

    \b
    Example:
      epro study publish questionnaires/studies/bk-sle-i-01 --activate SZ01 --from 2026-12-01
    """
    if (site_code is None) != (from_at is None):
        raise click.UsageError("--activate and --from belong together.")
    checked = check_folder(folder, licensed_in=licensed_in)
    with opened_parts() as parts, parts.database.transaction() as session:
        now = parts.clock.now()
        version = studies.publish(session, operator(), checked.package, now=now)
        if site_code is not None and from_at is not None:
            try:
                site = sites.get_site(session, site_code)
            except NotFound as absent:
                raise click.ClickException(
                    f"There is no site {site_code}; nothing was published. See: epro site add"
                ) from absent
            studies.activate(session, operator(), site, version, from_on=from_at.date(), now=now)
        sha256 = version.sha256
    _describe(checked)
    click.echo(f"Published; SHA-256 {sha256}.")
    if site_code is not None and from_at is not None:
        click.echo(f"In force at {site_code} from {from_at.date().isoformat()}.")


@study.command()
def show() -> None:
    """List what is published, and which version is in force where.

    \b
    Example:
      epro study show
    """
    with opened_parts() as parts, parts.database.reading() as session:
        versions = session.scalars(select(StudyVersion).order_by(StudyVersion.id)).all()
        in_force = session.execute(
            select(SiteActivation.study_version_id, Site.code, SiteActivation.from_on)
            .join(Site, Site.id == SiteActivation.site_id)
            .order_by(Site.code, SiteActivation.from_on)
        ).all()
    if not versions:
        click.echo("Nothing is published. See: epro study publish --help")
    for version in versions:
        click.echo(
            f"{version.study_code} {version.version}  published "
            f"{version.published_at:%Y-%m-%d %H:%M} UTC by {version.published_by}  "
            f"SHA-256 {version.sha256}"
        )
        for version_id, code, from_on in in_force:
            if version_id == version.id:
                click.echo(f"  {code} from {_iso(from_on)}")


def _describe(checked: Checked) -> None:
    package = checked.package
    click.echo(f"{package.code} {package.version}: {package.title.en}")
    for questionnaire in package.questionnaires:
        click.echo(
            f"  {questionnaire.code} {questionnaire.version}, {len(questionnaire.items)} items"
        )
    for use in package.licensed:
        click.echo(
            f"  {use.instrument}, licensed by {use.licence.holder} ({use.licence.reference})"
            f" until {use.licence.valid_until}: in {', '.join(use.questionnaires)}"
        )
    click.echo(f"  {len(package.rules)} safety rules, {len(package.texts)} message texts")
    for warning in checked.warnings:
        click.echo(f"Warning: {warning}")


def _iso(day: date) -> str:
    return day.isoformat()


COMMANDS = (study,)

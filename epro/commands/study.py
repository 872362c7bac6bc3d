"""The study package: check it, publish it, put it in force at a site."""

from datetime import date, datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.commands.calendar import calendar
from epro.commands.common import opened_parts, operator
from epro.errors import NotFound
from epro.models import Site, SiteActivation, StudyVersion
from epro.services import sites, studies
from questionnaires import scaffolding
from questionnaires.checking import Checked, check_folder
from questionnaires.definition import StudyPackage
from questionnaires.differences import differences
from questionnaires.preview.page import page_of
from questionnaires.reading import from_canonical_json, read_package

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
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--code", required=True, metavar="CODE", help="What the study is called in records.")
def new(folder: Path, code: str) -> None:
    """Begin a study folder with files that can be published as they are, and changed by hand.

    \b
    Example:
      epro study new my-study --code garden-01
    """
    for name in scaffolding.begin(folder, code=code):
        click.echo(f"  {folder / name}")
    click.echo(f"Begun. Next: epro study check {folder}")


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
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE",
    help="The HTML file to write.",
)  # fmt: skip
def preview(folder: Path, licensed_in: tuple[Path, ...], out: Path) -> None:
    """Write one page that shows the whole study, for those who have to approve and sign it.

    It holds every form in both languages with its branching, the schedule, the rules and their
    advice, the messages, versions and SHA-256. It needs no network and no script.

    \b
    Example:
      epro study preview questionnaires/studies/bk-sle-i-01 --out study.html
    """
    checked = check_folder(folder, licensed_in=licensed_in)
    out.write_text(page_of(checked.package), encoding="utf-8")
    _describe(checked)
    click.echo(f"Wrote {out}.")


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
@click.argument("version")
@click.option("--site", "site_code", metavar="SITE", required=True, help="At this site.")
@click.option(
    "--from", "from_at", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", required=True,
    help="The first local day it is in force on; for an amendment tomorrow or later.",
)  # fmt: skip
def activate(version: str, site_code: str, from_at: datetime) -> None:
    """Put a published version in force at a site: an amendment, once it is approved there.

    What is asked on earlier days, and all that was answered, keeps the version it was asked in.

    \b
    Example:
      epro study activate 1.1.0 --site SZ01 --from 2027-02-01
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        row = _published(session, version)
        site = sites.get_site(session, site_code)
        now = parts.clock.now()
        studies.activate(session, operator(), site, row, from_on=from_at.date(), now=now)
        code = row.study_code
    click.echo(f"{code} {version} is in force at {site_code} from {from_at.date().isoformat()}.")


@study.command()
@click.argument("old")
@click.argument("new")
@licensed_option
def diff(old: str, new: str, licensed_in: tuple[Path, ...]) -> None:
    """Say what an amendment changes, value by value; OLD and NEW are versions or study folders.

    \b
    Example:
      epro study diff 1.0.0 my-study
    """
    found = differences(_package(old, licensed_in), _package(new, licensed_in))
    for one in found:
        click.echo(str(one))
    click.echo(f"{len(found)} differences." if found else "No difference.")


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
        for use in from_canonical_json(version.canonical_json).licensed:
            click.echo(f"  {use.instrument}: licensed until {use.licence.valid_until}")
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


def _package(named: str, licensed_in: tuple[Path, ...]) -> StudyPackage:
    if Path(named).is_dir():
        return read_package(Path(named), licensed_in=licensed_in)
    with opened_parts() as parts, parts.database.reading() as session:
        return from_canonical_json(_published(session, named).canonical_json)


def _published(session: Session, version: str) -> StudyVersion:
    rows = session.scalars(select(StudyVersion).where(StudyVersion.version == version)).all()
    if len(rows) != 1:
        raise click.ClickException(
            f"There is no published version {version}. See: epro study show"
            if not rows
            else f"Several studies have a version {version}; this command does not know which."
        )
    return rows[0]


def _iso(day: date) -> str:
    return day.isoformat()


study.add_command(calendar)

COMMANDS = (study,)

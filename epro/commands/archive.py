"""The investigator's own copy of a site: made, and checked without the system."""

import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.archive import check, making
from epro.archive.folder import FolderRefused, pack, refuse_used
from epro.archive.making import NotWhole, Wanted
from epro.commands.common import opened_parts, operator
from epro.errors import NotFound
from epro.logs import ROOT
from epro.migrate import head_revision
from epro.models import Participant, ParticipantIdentity, Site
from epro.parts import Parts
from epro.services import archives, identity, journal, retention, sites
from epro.services.archives import Made
from epro.services.decommissioning import in_words
from questionnaires.definition import Language

LANGUAGES = {"zh": (Language.ZH,), "en": (Language.EN,), "both": (Language.ZH, Language.EN)}
FOLDER = click.Path(file_okay=False, path_type=Path)
WHY = "for the investigator's own copy"


@click.group()
def archive() -> None:
    """The investigator's own copy of a site's record: make it, check it."""


@archive.command()
@click.option("--site", "code", required=True, metavar="SITE", help="Whose copy it is.")
@click.option("--out", type=FOLDER, required=True, metavar="FOLDER", help="A new or empty folder.")
@click.option(
    "--language", type=click.Choice(sorted(LANGUAGES)), default="zh", show_default=True,
    help="In which language participants' records are written; with `both` each twice.",
)  # fmt: skip
@click.option("--by", metavar="NAME", help="Who has it made, if not whoever gives the command.")
@click.option("--zip", "is_packed", is_flag=True, help="Pack it into one FOLDER.zip as well.")
@click.option(
    "--include-identity", is_flag=True,
    help="Add telephone numbers, addresses and years of birth; without it there are only codes.",
)  # fmt: skip
def make(
    *, code: str, out: Path, language: str, by: str | None, is_packed: bool, include_identity: bool
) -> None:
    """Write everything of a site into a folder that opens and can be checked without this system.

    A PDF for each participant, data, audit trail, definitions, and a manifest with the SHA-256 of
    every file. Give it to the investigator, who confirms on the console that she has received it.

    \b
    Example:
      epro archive make --site SZ01 --out /media/SZ01 --language both --zip
    """
    out = out.resolve()
    packed = out.with_name(f"{out.name}.zip")
    if is_packed and packed.exists():
        raise click.ClickException(f"{packed} is there already.")
    _check_folder(out)
    with opened_parts() as parts:
        rows = _identities(parts, code) if include_identity else []
        with parts.database.transaction() as session:
            journal.sequence(session)
        made = _make(parts, code, out, LANGUAGES[language], by=by, rows=rows)
    if is_packed:
        pack(out, packed)
        click.echo(f"Packed into {packed}.")
    for name, count in made.counts.items():
        click.echo(f"  {count:>8} {name.replace('_', ' ')}")
    click.echo(
        f"Nothing is missing in {out}. manifest.json has the SHA-256\n{made.manifest_sha256}"
    )
    click.echo("Next: give it to the investigator, who confirms it: /console/archives")


@archive.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def verify(folder: Path) -> None:
    """Check a copy: every file, every count, the chain of its journal; needs no database.

    The same as check.py, which lies in each copy. It fails where anything is wrong, and names the
    file and the line.

    \b
    Example:
      epro archive verify /media/SZ01
    """
    if check.main([str(folder)]):
        raise click.exceptions.Exit(1)


@archive.command("list")
@click.option("--site", "code", required=True, metavar="SITE", help="Whose copies.")
def list_copies(code: str) -> None:
    """List the copies of a site that an investigator has received, and how long all is kept.

    \b
    Example:
      epro archive list --site SZ01
    """
    with opened_parts() as parts, parts.database.reading() as session:
        site = _site(session, code)
        for one in archives.received_of(session, site):
            click.echo(
                f"{one.manifest_sha256}  made {_minute(one.made_at)}, up to number {one.upto_seq},"
                f" received {_minute(one.received_at)}"
            )
        click.echo(f"{code}: {in_words(retention.of_site(session, site))}.")


def _check_folder(out: Path) -> None:
    """Refuse a folder before anything is read for it: that identity was read is on record."""
    try:
        refuse_used(out)
    except FolderRefused as refused:
        raise click.ClickException(str(refused)) from refused


def _make(
    parts: Parts, code: str, out: Path, languages: tuple[Language, ...], *, by: str | None,
    rows: list[tuple[Any, ...]],
) -> Made:  # fmt: skip
    with _unchanging(parts) as session:
        site = _site(session, code)
        if journal.lag(session).count:
            raise click.ClickException("Something is being recorded at this moment. Try again.")
        count = making.step_count(session, site)
        wanted = Wanted(
            site=site, path=out, languages=languages, made_by=by or operator().name,
            release=_release(), identity=rows,
        )  # fmt: skip
        try:
            with click.progressbar(length=count, label="Writing", file=sys.stderr) as progress:
                return making.make(
                    session, wanted, catalogue=parts.studies.catalogue(session),
                    now=parts.clock.now(), on_progress=lambda: progress.update(1),
                    put_on_record=partial(_put_on_record, parts, code),
                )  # fmt: skip
        except (FolderRefused, NotWhole) as refused:
            raise click.ClickException(str(refused)) from refused
        except OSError as failure:
            raise click.ClickException(
                f"{out} could not be written: {failure.strerror or failure}. What is there is no"
                " copy: remove the folder and make it again."
            ) from failure


def _put_on_record(parts: Parts, code: str, made: Made) -> None:
    with parts.database.transaction() as session:
        site = sites.get_site(session, code)
        archives.record_made(session, operator(), site, made, now=parts.clock.now())


def _release() -> str:
    """Return which release makes the copy, and the shape of its tables."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['version']}, schema {head_revision()}"


@contextmanager
def _unchanging(parts: Parts) -> Iterator[Session]:
    """Read as everything stood at one moment, however long that takes."""
    with parts.database.reading() as session:
        if parts.database.is_postgresql:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def _identities(parts: Parts, code: str) -> list[tuple[Any, ...]]:
    """Open who the participants of a site are, each on record as read for this."""
    with parts.database.transaction() as session:
        site = _site(session, code)
        people = session.scalars(
            select(Participant)
            .join(ParticipantIdentity, ParticipantIdentity.participant_id == Participant.id)
            .where(Participant.site_id == site.id)
            .order_by(Participant.code)
        ).all()
        rows = []
        for one in people:
            known = identity.read(
                session, operator(), one, reason=WHY, keyring=parts.keyring, now=parts.clock.now()
            )
            rows.append((one.code, known.phone, known.email, known.year_of_birth))
        return rows


def _site(session: Session, code: str) -> Site:
    try:
        return sites.get_site(session, code)
    except NotFound as absent:
        raise click.ClickException(f"There is no site {code}.") from absent


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "–"


COMMANDS = (archive,)

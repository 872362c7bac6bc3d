"""ODM files: written from the journal, checked for what the official schema does not see."""

import sys
from pathlib import Path

import click
from lxml import etree

from epro.access import Scope
from epro.commands.common import opened_parts, operator
from epro.exchange import odm_check
from epro.parts import Parts
from epro.services import feed, feed_exports, journal
from epro.services.feed_exports import Extent
from epro.services.feed_items import Choice

KINDS = {"snapshot": feed_exports.odm_snapshot, "history": feed_exports.odm_history}

WITHHELD = (Scope.FREE_TEXT, Scope.FLAGS, Scope.ADVERSE_EVENTS, Scope.SECOND_INFUSION)


@click.group()
def odm() -> None:
    """CDISC ODM-XML 1.3.2: export the study, or check a file."""


@odm.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--kind", type=click.Choice(sorted(KINDS)), default="snapshot", show_default=True,
    help="How everything stands, or every change with who, when and why.",
)  # fmt: skip
@click.option(
    "--with", "given", multiple=True,
    type=click.Choice([scope.value for scope in WITHHELD]),
    help="What is withheld otherwise. May be given more than once.",
)  # fmt: skip
def export(file: Path, kind: str, given: tuple[str, ...]) -> None:
    """Write the study with all its data into FILE; participants stand there by code alone.

    \b
    Example:
      epro odm export study.xml
      epro odm export history.xml --kind history --with edc:free_text
    """
    scopes = frozenset({Scope.READ, *map(Scope, given)})
    with opened_parts() as parts:
        size = _write(parts, file, kind, scopes)
    click.echo(f"{file}: {size / 1e6:.1f} MB. Check it with: epro odm check {file}")


def _write(parts: Parts, file: Path, kind: str, scopes: frozenset[Scope]) -> int:
    with parts.database.transaction() as session:
        journal.sequence(session)
    with parts.database.reading() as session:
        extent = Extent(
            choice=Choice(None, scopes), upto_seq=feed.head(session),
            catalogue=parts.studies.catalogue(session),
        )  # fmt: skip
        size = 0
        with file.open("wb") as out:
            for piece in KINDS[kind](session, extent):
                size += out.write(piece)
                if sys.stderr.isatty():
                    click.echo(f"\r{size / 1e6:8.1f} MB", err=True, nl=False)
    with parts.database.transaction() as session:
        feed_exports.record_export(
            session, operator(), extent, kind=kind, size=size, now=parts.clock.now()
        )
    return size


@odm.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--metadata", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that defines what FILE refers to, where it does not do so itself.",
)  # fmt: skip
@click.option(
    "--schema", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CDISC's ODM1-3-2.xsd, to validate against as well.",
)  # fmt: skip
def check(file: Path, metadata: Path | None, schema: Path | None) -> None:
    """Check an ODM file: references, codes, types, limits, units, zones, conditions, keys.

    \b
    Example:
      epro odm check study.xml --schema ODM1-3-2.xsd
    """
    try:
        root = odm_check.read(file)
        described = odm_check.read(metadata) if metadata else None
    except etree.XMLSyntaxError as fault:
        raise click.ClickException(f"This is no XML: {fault}") from fault
    found = [str(fault) for fault in odm_check.check(root, metadata=described)]
    found += _schema_faults(root, schema) if schema else []
    for line in found:
        click.echo(line)
    if found:
        raise click.ClickException(f"{len(found)} faults in {file}.")
    click.echo(f"{file} is sound.")


def _schema_faults(root: etree._Element, schema: Path) -> list[str]:
    official = etree.XMLSchema(etree.parse(str(schema)))
    official.validate(root)
    return [f"line {error.line}: schema: {error.message}" for error in official.error_log]


COMMANDS = (odm,)

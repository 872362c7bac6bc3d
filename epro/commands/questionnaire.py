"""Questionnaires by themselves: taken from FHIR or YAML, given away as FHIR."""

import json
from pathlib import Path

import click
from sqlalchemy import select

from epro.commands.common import opened_parts
from epro.models import StudyVersion
from questionnaires.definition import Questionnaire
from questionnaires.fhir.reading import from_fhir
from questionnaires.fhir.terms import FhirRefused, Note
from questionnaires.fhir.writing import to_fhir
from questionnaires.reading import INSTRUMENTS, from_canonical_json, read_questionnaire
from questionnaires.writing import to_yaml


@click.group()
def questionnaire() -> None:
    """Take a questionnaire from FHIR, or give one away as FHIR."""


@questionnaire.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code", metavar="CODE", help="What it is to be called; else its name in the file.")
@click.option(
    "--into", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".",
    show_default="here", metavar="FOLDER", help="The study folder that is to have it.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace the file if it is there already.")
def import_(file: Path, code: str | None, into: Path, *, overwrite: bool) -> None:
    """Turn a FHIR R4 Questionnaire (JSON), or YAML with parts, into one file of a study folder.

    What cannot be taken is refused, and what is left out is listed, each with its place. Texts that
    are missing in a language stay empty until somebody writes them.

    \b
    Example:
      epro questionnaire import garden.json --code garden --into my-study
    """
    made, notes = _taken(file, code)
    target = into / f"{made.code}.yaml"
    if target.exists() and not overwrite:
        raise click.ClickException(f"{target} is there already; give --code, or --overwrite.")
    target.write_text(to_yaml(made), encoding="utf-8")
    for note in notes:
        click.echo(f"Note: {note}")
    click.echo(f"Wrote {target}: {made.code} {made.version}, {len(made.items)} items.")


@questionnaire.command()
@click.argument("code")
@click.option(
    "--from", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=INSTRUMENTS, show_default="the instruments of this system", metavar="FOLDER",
    help="The folder that has it.",
)  # fmt: skip
@click.option("--published", is_flag=True, help="Take it from what is published, not a folder.")
@click.option("--version", metavar="VERSION", help="This version, and no other.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Else it is shown.")
def export(
    code: str, folder: Path, version: str | None, out: Path | None, *, published: bool
) -> None:
    """Write a questionnaire as a FHIR R4 Questionnaire, and list what only this system understands.

    \b
    Example:
      epro questionnaire export daily --version 1.0.0 --out daily.json
    """
    made = _published(code, version) if published else _in_folder(code, folder, version)
    exported = to_fhir(made)
    text = json.dumps(exported.resource, ensure_ascii=False, indent=2) + "\n"
    for note in exported.notes:
        click.echo(f"Note: {note}", err=True)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {out}: {made.code} {made.version}, {len(made.items)} items.")


def _in_folder(code: str, folder: Path, version: str | None) -> Questionnaire:
    file = folder / f"{code}.yaml"
    if not file.is_file():
        raise click.ClickException(f"There is no {code}.yaml in {folder}.")
    made = read_questionnaire(file)
    if version not in {None, made.version}:
        raise click.ClickException(f"{code} is of version {made.version} in {folder}.")
    return made


def _published(code: str, version: str | None) -> Questionnaire:
    with opened_parts() as parts, parts.database.reading() as session:
        rows = session.scalars(select(StudyVersion).order_by(StudyVersion.id.desc())).all()
    for row in rows:
        made = from_canonical_json(row.canonical_json).questionnaire(code)
        if made is not None and version in {None, made.version}:
            return made
    raise click.ClickException(f"No {code} {version or ''} is published.".replace("  ", " "))


def _taken(file: Path, code: str | None) -> tuple[Questionnaire, tuple[Note, ...]]:
    if file.suffix in {".yaml", ".yml"}:
        return read_questionnaire(file), ()
    try:
        resource = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{file} is neither YAML nor JSON: {error}") from error
    try:
        imported = from_fhir(resource, code=code)
    except FhirRefused as refused:
        told = "\n".join(f"- {note}" for note in refused.notes)
        raise click.ClickException(f"{file} cannot be taken:\n{told}") from refused
    return imported.questionnaire, imported.notes


COMMANDS = (questionnaire,)

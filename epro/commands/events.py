"""Adverse events for people who count and compare: listing, table, an EDC's list beside ours."""

from dataclasses import replace
from pathlib import Path

import click

from epro.access import Actor, Grant, Role
from epro.commands.common import opened_parts, operator
from epro.services import event_lists
from questionnaires.reconciling import Difference, ListedEvent, UnreadableList, read_list


@click.group()
def events() -> None:
    """Adverse events: list, count, and compare with another system."""


@events.command("list")
@click.option("--treatment-emergent", is_flag=True, help="Only those of day 1 to 28.")
def list_events(*, treatment_emergent: bool) -> None:
    """Print the events that stand as CSV, by participant and number.

    \b
    Example:
      epro events list --treatment-emergent > events.csv
    """
    with opened_parts() as parts, parts.database.reading() as session:
        found = event_lists.listing(
            session, _reader(), only_treatment_emergent=treatment_emergent,
            catalogue=parts.studies.catalogue(session), now=parts.clock.now(),
        )  # fmt: skip
        click.echo(event_lists.listing_as_csv(found), nl=False)


@events.command()
def table() -> None:
    """Print the table of events of day 1 to 28 as CSV, with the candidates undecided.

    \b
    Example:
      epro events table
    """
    with opened_parts() as parts, parts.database.reading() as session:
        counted = event_lists.table(
            session, _reader(), catalogue=parts.studies.catalogue(session), now=parts.clock.now()
        )
        click.echo(event_lists.table_as_csv(counted), nl=False)


@events.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def reconcile(file: Path) -> None:
    """Compare with an EDC's list (CSV; columns: docs/adverse-events.md); fail where they differ.

    \b
    Example:
      epro events reconcile edc-list.csv
    """
    there = _read(file)
    with opened_parts() as parts, parts.database.transaction() as session:
        found = event_lists.reconcile(session, _reader(), there, now=parts.clock.now())
    for one in found:
        click.echo(_in_words(one))
    if found:
        raise click.ClickException(f"The lists differ in {len(found)} of their events.")
    click.echo(f"The lists agree: {len(there)} events there.")


def _reader() -> Actor:
    """Return the operator, who reads here as a monitor of all sites does."""
    return replace(operator(), grants=(Grant(Role.MONITOR),))


def _read(file: Path) -> tuple[ListedEvent, ...]:
    try:
        return read_list(file.read_text(encoding="utf-8"))
    except UnreadableList as unreadable:
        said = "\n".join(
            f"  {file.name}, line {one.line}: {one.column} {one.reason}"
            for one in unreadable.faults
        )
        raise click.ClickException(f"This list cannot be read:\n{said}") from unreadable
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not UTF-8.") from error


def _in_words(one: Difference) -> str:
    event = one.here or one.there
    name = f"{one.participant} {event.term} ({event.onset_on})" if event else one.participant
    if one.fields:
        said = "; ".join(
            f"{each.field} here {each.here or 'empty'}, there {each.there or 'empty'}"
            for each in one.fields
        )
        return f"{name}: {said}"
    line = f", line {one.there.line}" if one.there else ""
    return f"{name}: {one.kind.value.replace('_', ' ')}{line}"


COMMANDS = (events,)

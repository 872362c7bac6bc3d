"""Proof that the journal is whole."""

import click
from sqlalchemy import select

from epro.commands.common import opened_parts
from epro.models import JournalLink
from epro.services import journal as chain


@click.group()
def journal() -> None:
    """Show that the record of all changes is whole."""


@journal.command()
def verify() -> None:
    """Recompute the whole chain; fail at the first entry that is not what it was, and name it.

    Compare the head it prints with the one sent to the investigator earlier: a chain that was
    rebuilt from the start holds in itself, but ends in another head.

    \b
    Example:
      epro journal verify
    """
    with opened_parts() as parts, parts.database.reading() as session:
        found = chain.verify(session)
    if (broken := found.first_break) is not None:
        raise click.ClickException(
            f"The journal is broken at number {broken.seq}: {broken.reason}.\n"
            f"  entry     {broken.entry_id}\n"
            f"  change    {broken.change_id}\n"
            f"  before it {found.linked_count} entries hold, up to {found.head}"
        )
    click.echo(f"The journal is whole: {found.linked_count} entries, head {found.head}.")
    if found.unlinked_count:
        click.echo(f"{found.unlinked_count} more wait for their place.")


@journal.command()
def head() -> None:
    """Print how many entries have their place, and the hash at the end of the chain.

    \b
    Example:
      epro journal head
    """
    with opened_parts() as parts, parts.database.reading() as session:
        last = session.scalars(
            select(JournalLink).order_by(JournalLink.seq.desc()).limit(1)
        ).first()
    seq, digest = (last.seq, last.hash) if last else (0, chain.FIRST_HASH)
    click.echo(f"{seq} {digest}")


COMMANDS = (journal,)

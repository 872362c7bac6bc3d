"""The clinical database on the other side: its clients, a new start after a restore, a pull."""

import os
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import select

from epro.access import Scope
from epro.clock import wall_clock_now
from epro.commands.common import opened_parts, operator
from epro.importer import Importer, PullRefused, Source
from epro.models import EdcClient, EdcConsumer
from epro.services import edc_clients, feed
from epro.services.edc_clients import NewSecret


@click.group()
def edc() -> None:
    """The clinical database that pulls changes: who may, and from which start."""


@edc.group("client")
def clients() -> None:
    """The machines that may pull changes.

    \b
    Example:
      epro edc client add sponsor-edc --scope edc:read --scope edc:ack
    """


@clients.command("add")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True,
    type=click.Choice([scope.value for scope in Scope]), help="May be given more than once.",
)  # fmt: skip
@click.option(
    "--network", "networks", multiple=True, metavar="CIDR",
    help="Where it may come from, as in 10.2.0.0/16; left out: anywhere.",
)  # fmt: skip
def add_client(name: str, scopes: tuple[str, ...], networks: tuple[str, ...]) -> None:
    """Add a client; prints its secret, this once."""
    with opened_parts() as parts, parts.database.transaction() as session:
        added = edc_clients.add_client(
            session, operator(), name, scopes=scopes, networks=networks,
            keyring=parts.keyring, now=parts.clock.now(), wall_now=wall_clock_now(),
        )  # fmt: skip
    _hand_over(added)


@clients.command("rotate")
@click.argument("name")
@click.option(
    "--overlap-hours", type=click.IntRange(0, 720), default=24, show_default=True,
    help="How long the old secret stays good.",
)  # fmt: skip
def rotate_secret(name: str, overlap_hours: int) -> None:
    """Give a client a new secret; the old one stays good for the overlap."""
    with opened_parts() as parts, parts.database.transaction() as session:
        rotated = edc_clients.rotate_secret(
            session, operator(), name, overlap=timedelta(hours=overlap_hours),
            keyring=parts.keyring, now=parts.clock.now(), wall_now=wall_clock_now(),
        )  # fmt: skip
    _hand_over(rotated)
    click.echo(f"The old secret is good for {overlap_hours} more hours.")


@clients.command("revoke")
@click.argument("name")
@click.option("--reason", required=True, help="For the record.")
def revoke(name: str, reason: str) -> None:
    """Shut a client out, for good and at once."""
    with opened_parts() as parts, parts.database.transaction() as session:
        edc_clients.revoke(session, operator(), name, reason=reason, now=parts.clock.now())
    click.echo(f"{name} is shut out.")


@clients.command("list")
def list_clients() -> None:
    """List the clients, what they may, and how far their importers say they are."""
    with opened_parts() as parts, parts.database.reading() as session:
        found = session.scalars(select(EdcClient).order_by(EdcClient.name)).all()
        consumers = session.scalars(select(EdcConsumer).order_by(EdcConsumer.name)).all()
    for client in found:
        state = f"revoked {client.revoked_at:%Y-%m-%d %H:%M} UTC" if client.revoked_at else "open"
        where = ", ".join(client.networks) or "anywhere"
        click.echo(f"{client.name}  {state}  {' '.join(client.scopes)}  from {where}")
        for consumer in consumers:
            if consumer.client_id == client.id:
                click.echo(
                    f"  {consumer.name} has stored up to {consumer.seq}, "
                    f"said {consumer.acknowledged_at:%Y-%m-%d %H:%M} UTC"
                )


@edc.command("new-epoch")
@click.option("--reason", required=True, help="For the record, as in: restored from 3 March.")
def new_epoch(reason: str) -> None:
    """Begin the feed anew after a backup was restored: importers are told to start over.

    \b
    Example:
      epro edc new-epoch --reason "restored from the backup of 3 March, 02:00"
    """
    with opened_parts() as parts, parts.database.transaction() as session:
        epoch = feed.begin_epoch(session, operator(), reason=reason, now=parts.clock.now())
    click.echo(f"Epoch {epoch} has begun; every cursor given before is void.")


@click.command("edc-pull")
@click.option("--url", required=True, help="Where epro is, as in https://epro.example.org")
@click.option("--client-id", required=True, help="The name of the client.")
@click.option(
    "--into", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file; made when it is not there.",
)  # fmt: skip
@click.option("--verify", is_flag=True, help="Compare with the source's totals afterwards.")
def pull(url: str, client_id: str, into: Path, *, verify: bool) -> None:
    """Pull every change that is new into a SQLite file; can be stopped and run again at any time.

    The secret comes from EPRO_EDC_SECRET, or is asked for. Needs no database and no settings: it
    is a client like any other, and its code an example of one.

    \b
    Example:
      epro edc-pull --url https://epro.example.org --client-id sponsor-edc \\
          --into edc.sqlite3 --verify
    """
    secret = os.environ.get("EPRO_EDC_SECRET") or click.prompt("Secret", hide_input=True)
    try:
        with Importer(Source(url, client_id, secret), into) as importer:
            new_count = _pull(importer)
            faults = importer.verify() if verify else []
    except PullRefused as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"{new_count} new changes in {into}.")
    if faults:
        raise click.ClickException("\n".join(["The copy is not whole.", *faults]))
    if verify:
        click.echo("Verified: counts and checksums agree with the source.")


def _pull(importer: Importer) -> int:
    new_count = done = 0
    with click.progressbar(length=1, label="Pulling", show_pos=True) as bar:
        for step in importer.pull():
            new_count += step.new_count
            bar.length = max(step.head, 1)
            bar.update(step.seq - done)
            done = step.seq
    return new_count


def _hand_over(given: NewSecret) -> None:
    click.echo(f"Client id  {given.client.name}")
    click.echo(f"Secret     {given.secret}")
    click.echo("The secret is shown only now. Scopes: " + " ".join(given.client.scopes))


COMMANDS = (edc, pull)

"""The training rooms of sites: opened and cleared from a shell as on the console's page."""

import click

from epro.commands.common import opened_parts, operator
from epro.errors import NotFound
from epro.models.training import RoomState
from epro.parts import Parts
from epro.rooms import settings_of
from epro.services import sites
from epro.services import training as rooms
from epro.training.keeping import Keeper


@click.group()
def training() -> None:
    """Rooms in which a site's people practise on invented participants."""


@training.command("open")
@click.argument("site")
def open_room(site: str) -> None:
    """Open the training room of a site and fill it; one that is open is left as it is.

    \b
    Example:
      epro training open SZ01
    """
    with opened_parts() as parts:
        _change(parts, site, is_clearing=False)


@training.command()
@click.argument("site")
@click.confirmation_option(prompt="Everything done in the room is gone. Go on?")
def clear(site: str) -> None:
    """Close the training room of a site with all that was done in it, and fill another.

    \b
    Example:
      epro training clear SZ01 --yes
    """
    with opened_parts() as parts:
        _change(parts, site, is_clearing=True)


def _change(parts: Parts, code: str, *, is_clearing: bool) -> None:
    """Do it and fill the room here and now, whether or not a worker runs."""
    with parts.database.transaction() as session:
        try:
            place = sites.get_site(session, code)
        except NotFound as absent:
            raise click.ClickException(f"There is no site {code}.") from absent
        act = rooms.clear if is_clearing else rooms.open_room
        try:
            room = act(session, operator(), place, now=parts.clock.now())
        except NotFound as absent:
            raise click.ClickException(f"No training room of {code} is open.") from absent
        settings_of(room, parts.settings)
    click.echo(f"Training room {room.code}, number {room.number} ...")
    keeper = Keeper(parts)
    try:
        if room.state is RoomState.BEING_FILLED:
            keeper.fill(room.id)
    finally:
        keeper.rooms.close()
    with parts.database.reading() as session:
        standing = rooms.room_of(session, place)
    if standing is not None and standing.state is RoomState.BEING_FILLED:
        click.echo("The worker is filling it; this takes about a minute.")
        return
    if standing is None or standing.state is not RoomState.OPEN:
        raise click.ClickException(f"It could not be filled: {standing and standing.fault}.")
    click.echo(f"It is open. Enter it in the console: {parts.settings.public_url}/console/training")


COMMANDS = (training,)

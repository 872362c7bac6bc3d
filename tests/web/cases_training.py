"""Each form about training rooms, sent successfully, and what it leaves on record."""

from collections.abc import Callable

from werkzeug.test import TestResponse

from epro.access import Role
from epro.services import sites, training
from epro.training.keeping import Keeper
from tests.api.world import HERE, World
from tests.web.pages import send


def _door(world: World, act: str) -> str:
    with world.database.reading() as session:
        return f"/training/{sites.get_site(session, HERE).id}/{act}"


def open_room(world: World) -> TestResponse:
    _close_what_stands(world)
    return send(world.sign_in_to_console(Role.COORDINATOR), _door(world, "opening"))


def clear_room(world: World) -> TestResponse:
    open_room(world)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, _door(world, "clearing"), confirm="yes")


def enter_room(world: World) -> TestResponse:
    open_room(world)
    keeper = Keeper(world.app.extensions["epro"], only=())
    keeper.look_after_all()
    keeper.rooms.close()
    return send(world.sign_in_to_console(Role.MONITOR), _door(world, "entry"))


def _close_what_stands(world: World) -> None:
    with world.database.transaction() as session:
        standing = training.room_of(session, sites.get_site(session, HERE))
        if standing is not None:
            standing.closed_at = world.clock()


TRAINING_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/training/{site_id}/opening": (open_room, "training_room.opened"),
    "POST /console/training/{site_id}/clearing": (clear_room, "training_room.cleared"),
    "POST /console/training/{site_id}/entry": (enter_room, "training_room.entered"),
}

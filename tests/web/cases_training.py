"""Each form about training rooms, sent successfully, and what it leaves on record."""

from collections.abc import Callable

from werkzeug.test import TestResponse

from epro.access import Role
from epro.training.keeping import Keeper
from tests.api.world import HERE, World
from tests.web.pages import send


def open_room(world: World) -> TestResponse:
    return send(world.sign_in_to_console(Role.COORDINATOR), f"/training/{HERE}/opening")


def clear_room(world: World) -> TestResponse:
    open_room(world)
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/training/{HERE}/clearing", confirm="yes")


def enter_room(world: World) -> TestResponse:
    open_room(world)
    keeper = Keeper(world.app.extensions["epro"], only=())
    keeper.look_after_all()
    keeper.rooms.close()
    return send(world.sign_in_to_console(Role.MONITOR), f"/training/{HERE}/entry")


TRAINING_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/training/{site}/opening": (open_room, "training_room.opened"),
    "POST /console/training/{site}/clearing": (clear_room, "training_room.cleared"),
    "POST /console/training/{site}/entry": (enter_room, "training_room.entered"),
}

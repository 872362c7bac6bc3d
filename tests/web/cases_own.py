"""Each form of one's own account, sent so that it is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from uuid import UUID

from flask.testing import FlaskClient
from lxml import html
from pyotp.totp import TOTP
from sqlalchemy import update
from werkzeug.test import TestResponse

from epro.access import Role
from epro.clock import wall_clock_now
from epro.models import User
from tests.api.world import World
from tests.factories import PASSWORD, add_user
from tests.web.pages import CONSOLE, send

NUMBERS = count(1)
CHOSEN = "nine sober pelicans"


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody of the staff whose account nobody else uses; `secret` is her authenticator's."""

    id: UUID
    username: str
    secret: str

    def proof(self, world: World) -> dict[str, str]:
        """Return what she types to show who she is, as if no code had been used before."""
        with world.database.transaction() as session:
            session.execute(update(User).where(User.id == self.id).values(totp_last_step=0))
        return {"password": PASSWORD, "totp": TOTP(self.secret).at(wall_clock_now())}

    def signed_in(self, world: World) -> FlaskClient:
        browser = world.browser()
        typed = {"username": self.username, "to": f"{CONSOLE}/account", **self.proof(world)}
        assert browser.post(f"{CONSOLE}/sign-in", data=typed).status_code == 303
        return browser

    def change_password(
        self, world: World, new: str, *, browser: FlaskClient | None = None, **but: str
    ) -> TestResponse:
        browser = browser or self.signed_in(world)
        typed = {"new_password": new, "new_password_again": new, **self.proof(world), **but}
        return send(browser, "/account/password", **typed)

    def begin_moving(self, world: World) -> tuple[FlaskClient, str]:
        """Return her browser, and the secret that is shown for the new app."""
        browser = self.signed_in(world)
        page = send(browser, "/account/authenticator", **self.proof(world))
        (key,) = html.fromstring(page.text).xpath("//span[@class='key']/text()")
        return browser, str(key)

    def finish_moving(self, browser: FlaskClient, secret: str, **but: str) -> TestResponse:
        typed = {"password": PASSWORD, "totp": TOTP(secret).at(wall_clock_now()), **but}
        return send(browser, "/account/authenticator/confirmation", **typed)


def an_owner(world: World) -> Owner:
    username = f"owner{next(NUMBERS)}"
    with world.database.transaction() as session:
        added = add_user(session, username, roles=[Role.COORDINATOR], keyring=world.keyring)
        return Owner(added.user.id, username, added.totp_secret)


def change_password(world: World) -> TestResponse:
    return an_owner(world).change_password(world, CHOSEN)


def begin_moving(world: World) -> TestResponse:
    owner = an_owner(world)
    return send(owner.signed_in(world), "/account/authenticator", **owner.proof(world))


def finish_moving(world: World) -> TestResponse:
    owner = an_owner(world)
    return owner.finish_moving(*owner.begin_moving(world))


OWN_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/account/password": (change_password, "user.password_changed"),
    "POST /console/account/authenticator": (begin_moving, "user.authenticator_begun"),
    "POST /console/account/authenticator/confirmation": (
        finish_moving, "user.authenticator_moved",
    ),
}  # fmt: skip

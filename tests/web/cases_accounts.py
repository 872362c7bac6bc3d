"""Each form about staff accounts, sent so that it is taken."""

from collections.abc import Callable
from itertools import count

from lxml import html
from pyotp.totp import TOTP
from werkzeug.test import TestResponse

from epro.access import Role
from epro.clock import wall_clock_now
from tests.api.world import HERE, World
from tests.web.pages import CONSOLE, send, text_of

NUMBERS = count(1)
CHOSEN = "seven quiet mountains"


def about_somebody(**but: str) -> dict[str, str]:
    """Return what is typed to open an account for somebody new."""
    name = f"new.person{next(NUMBERS)}"
    typed = {
        "username": name, "full_name": "新来的 New Person", "email": f"{name}@example.org",
        "site": HERE, "roles": Role.COORDINATOR.value,
    }  # fmt: skip
    return typed | but


def open_account(world: World, **but: str) -> TestResponse:
    """Have the administrator open an account; the answer is the sheet."""
    browser = world.sign_in_to_console(Role.SYSTEM_ADMIN)
    typed = about_somebody(**but) | world.proof(Role.SYSTEM_ADMIN)
    return send(browser, "/accounts/new", **typed)


def opened(world: World, **but: str) -> tuple[str, str]:
    """Open an account; return its user name, and the code that stands on the sheet."""
    typed = about_somebody(**but)
    sheet = open_account(world, **typed)
    assert sheet.status_code == 200, text_of(sheet)
    return typed["username"], code_on(sheet)


def code_on(sheet: TestResponse) -> str:
    (code,) = html.fromstring(sheet.text).xpath("//p[@class='secret']/text()")
    return str(code)


def act(world: World, username: str, path: str, **typed: str) -> TestResponse:
    """Have the administrator do something to an account, signed for."""
    browser = world.sign_in_to_console(Role.SYSTEM_ADMIN)
    fields = {"reason": "新分工", **typed, **world.proof(Role.SYSTEM_ADMIN)}
    return send(browser, f"/accounts/{username}{path}", **fields)


def give_role(world: World) -> TestResponse:
    username, _ = opened(world)
    return act(world, username, "/roles", role=Role.INVESTIGATOR.value, site=HERE)


def end_role(world: World) -> TestResponse:
    username, _ = opened(world)
    act(world, username, "/roles", role=Role.INVESTIGATOR.value, site=HERE)
    return act(world, username, "/roles/end", role=Role.INVESTIGATOR.value, site=HERE)


def renew(world: World) -> TestResponse:
    username, _ = opened(world)
    return act(world, username, "/code", reason="手机丢失")


def change_addresses(world: World) -> TestResponse:
    username, _ = opened(world)
    return act(world, username, "/addresses", phone="+86 139 0013 9066", reason="换号")


def close(world: World) -> TestResponse:
    username, _ = opened(world)
    return act(world, username, "/closure", reason="离职")


def begin(world: World) -> TestResponse:
    username, code = opened(world)
    return world.browser().post(f"{CONSOLE}/welcome", data={"username": username, "code": code})


def finish(world: World) -> TestResponse:
    return set_up(world, *opened(world))


def set_up(world: World, username: str, code: str, **but: str) -> TestResponse:
    """Have the owner set up an account with her code, as the pages lead her."""
    browser = world.browser()
    second = browser.post(f"{CONSOLE}/welcome", data={"username": username, "code": code})
    secret = secret_on(second)
    typed = {
        "username": username, "code": code, "password": CHOSEN, "password_again": CHOSEN,
        "totp": TOTP(secret).at(wall_clock_now()) if secret else "",
    }  # fmt: skip
    return browser.post(f"{CONSOLE}/welcome/password", data=typed | but)


def secret_on(page: TestResponse) -> str:
    """Return the key for the authenticator app; empty where a page shows none."""
    return "".join(html.fromstring(page.text).xpath("//span[@class='key']/text()"))


ACCOUNT_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/accounts/new": (open_account, "user.added"),
    "POST /console/accounts/{username}/roles": (give_role, "user.role_given"),
    "POST /console/accounts/{username}/roles/end": (end_role, "user.role_ended"),
    "POST /console/accounts/{username}/code": (renew, "user.setup_code_issued"),
    "POST /console/accounts/{username}/addresses": (change_addresses, "user.contact_changed"),
    "POST /console/accounts/{username}/closure": (close, "user.deactivated"),
    "POST /console/welcome": (begin, "user.setup_begun"),
    "POST /console/welcome/password": (finish, "user.set_up"),
}

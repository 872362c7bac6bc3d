"""The door of the console: who gets in, for how long, and what a form has to carry."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from epro.access import Role
from epro.clock import wall_clock_now
from epro.models import DeviceSession, User
from epro.services.staff import NewUser
from epro.web.console.session import COOKIE, PHONE_COOKIE
from tests.api.world import World
from tests.factories import PASSWORD, PIN, add_user, totp_at
from tests.web.pages import CONSOLE, csrf_of, send, text_of

pytestmark = pytest.mark.req("P-04", "P-05", "X-05")


def newcomer(world: World) -> NewUser:
    """Add a coordinator whose one-time codes nobody has used."""
    with world.database.transaction() as session:
        name = f"newcomer.{len(session.scalars(select(User)).all())}"
        return add_user(session, name, roles=[Role.COORDINATOR], keyring=world.keyring)


def typed(who: NewUser, **changed: str) -> dict[str, str]:
    right = {
        "username": who.user.username, "password": PASSWORD,
        "totp": totp_at(who, wall_clock_now()), "to": f"{CONSOLE}/phones",
    }  # fmt: skip
    return right | changed


def shown(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, text_of(answer)


def test_whoever_is_not_signed_in_is_led_to_the_door_and_then_where_she_wanted(
    world: World,
) -> None:
    who, browser = newcomer(world), world.browser()

    door = browser.get(f"{CONSOLE}/flags?tier=RED_A")
    page = browser.get(door.location)
    inside = browser.post(f"{CONSOLE}/sign-in", data=typed(who, to=f"{CONSOLE}/flags?tier=RED_A"))

    assert door.status_code == 303
    assert 'value="/console/flags?tier=RED_A"' in page.text
    assert (inside.status_code, inside.location) == (303, f"{CONSOLE}/flags?tier=RED_A")
    assert browser.get(inside.location).status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "/console/\\example.org", "/dev/inbox"]
)
def test_the_door_leads_nowhere_else(world: World, elsewhere: str) -> None:
    who, browser = newcomer(world), world.browser()

    inside = browser.post(f"{CONSOLE}/sign-in", data=typed(who, to=elsewhere))

    assert inside.location == f"{CONSOLE}/"


def test_an_unknown_user_and_a_wrong_password_read_the_same(world: World) -> None:
    who = newcomer(world)

    answers = [
        shown(world.browser().post(f"{CONSOLE}/sign-in", data=typed(who, **wrong)))
        for wrong in ({"username": "nobody.x"}, {"password": "not this one"}, {"totp": "000000"})
    ]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


def test_without_a_one_time_code_nobody_gets_in(world: World) -> None:
    who, browser = newcomer(world), world.browser()

    browser.post(f"{CONSOLE}/sign-in", data=typed(who, totp=""))

    assert browser.get_cookie(COOKIE, path=CONSOLE) is None


def test_a_form_of_another_site_is_refused(world: World) -> None:
    who, browser = newcomer(world), world.browser()

    refused = browser.post(
        f"{CONSOLE}/sign-in", data=typed(who), headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert refused.status_code == 403
    assert browser.get_cookie(COOKIE, path=CONSOLE) is None


@pytest.mark.parametrize("token", ["", "another"])
def test_a_form_without_the_token_of_this_session_changes_nothing(world: World, token: str) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    refused = browser.post(f"{CONSOLE}/sign-out", data={"csrf": token})

    assert refused.status_code == 403
    assert browser.get(f"{CONSOLE}/phones").status_code == 200


def test_signing_out_ends_the_session_also_for_a_copy_of_its_cookie(world: World) -> None:
    browser, copy = world.sign_in_to_console(Role.COORDINATOR), world.browser()
    cookie = browser.get_cookie(COOKIE, path=CONSOLE)
    assert cookie
    copy.set_cookie(COOKIE, cookie.value, path=CONSOLE)

    send(browser, "/sign-out")

    assert browser.get_cookie(COOKIE, path=CONSOLE) is None
    assert copy.get(f"{CONSOLE}/phones").status_code == 303


def test_an_api_token_opens_no_page(world: World) -> None:
    token = world.sign_in(Role.COORDINATOR)["Authorization"].removeprefix("Bearer ")
    browser = world.browser()
    browser.set_cookie(COOKIE, token, path=CONSOLE)

    assert browser.get(f"{CONSOLE}/flags").status_code == 303


def last_seen(world: World, **ago: float) -> None:
    """Let every session have been quiet for so long."""
    with world.database.transaction() as session:
        session.execute(
            update(DeviceSession).values(last_seen_at=wall_clock_now() - timedelta(**ago))
        )


def test_a_quarter_of_an_hour_without_anybody_ends_a_session(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    before = browser.get(f"{CONSOLE}/phones").status_code

    last_seen(world, minutes=15)

    assert (before, browser.get(f"{CONSOLE}/phones").status_code) == (200, 303)


def test_a_page_that_renews_itself_keeps_no_session_alive(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    last_seen(world, minutes=14)

    renewed = browser.get(f"{CONSOLE}/flags/table", headers={"HX-Request": "true"})
    last_seen(world, minutes=15)
    led = browser.get(f"{CONSOLE}/flags/table", headers={"HX-Request": "true"})

    assert renewed.status_code == 200
    assert led.headers["HX-Redirect"].startswith(f"{CONSOLE}/sign-in")


def test_somebody_at_the_desk_is_noted(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    last_seen(world, minutes=14)

    browser.get(f"{CONSOLE}/phones")

    with world.database.reading() as session:
        latest = max(session.scalars(select(DeviceSession.last_seen_at)))
    assert wall_clock_now() - latest < timedelta(minutes=2)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(world: World) -> None:
    who = newcomer(world)

    answer = world.browser().post(f"{CONSOLE}/sign-in", data=typed(who))

    (cookie,) = (one for one in answer.headers.getlist("Set-Cookie") if one.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=Lax", "Path=/console"} <= set(cookie.split("; "))


def test_on_a_trusted_phone_the_pin_opens_flags_and_nothing_more(world: World) -> None:
    phone = world.sign_in_to_console(Role.COORDINATOR)
    flag = world.complain("SZ01-014", urgent=("breathing",), breathing=("at-rest",))
    send(phone, "/phones", pin=PIN, pin_again=PIN)
    send(phone, "/sign-out")

    door = phone.get(f"{CONSOLE}/flags/{flag}")
    unlocked = phone.post(door.location, data={"pin": PIN, "to": f"{CONSOLE}/flags/{flag}"})
    taken = phone.post(f"{CONSOLE}/flags/{flag}/acknowledgement", data={"csrf": csrf_of(phone)})
    trust_another = send(phone, "/phones", pin=PIN, pin_again=PIN)

    assert door.location.startswith(f"{CONSOLE}/unlock")
    assert unlocked.location == taken.location == f"{CONSOLE}/flags/{flag}"
    assert "确认" in text_of(phone.get(taken.location))
    assert trust_another.status_code == 403


@pytest.mark.parametrize(
    ("pin", "again", "says"), [(PIN, "000000", "不一样"), ("123456", "123456", "太容易猜到")]
)
def test_a_pin_that_will_not_do_is_explained(world: World, pin: str, again: str, says: str) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    answer = send(browser, "/phones", pin=pin, pin_again=again)

    assert answer.status_code == 422
    assert says in text_of(answer)
    assert browser.get_cookie(PHONE_COOKIE, path=CONSOLE) is None

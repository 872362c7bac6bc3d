"""What is done on a page is on record as what the same act over the API is."""

from collections.abc import Callable
from itertools import count

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.api.access_table import routes_of
from epro.app import create_app
from epro.clock import wall_clock_now
from epro.models import JournalEntry, TrustedPhone
from tests.api.world import PARTICIPANT, World
from tests.factories import PASSWORD, PIN, add_user, totp_at
from tests.settings import make_settings
from tests.web.pages import CONSOLE, send

pytestmark = pytest.mark.req("T-01")

NUMBERS = count(1)


def sign_in(world: World) -> TestResponse:
    with world.database.transaction() as session:
        name = f"on.record.{next(NUMBERS)}"
        added = add_user(session, name, keyring=world.keyring)
    typed = {"username": name, "password": PASSWORD, "totp": totp_at(added, wall_clock_now())}
    return world.browser().post(f"{CONSOLE}/sign-in", data=typed)


def unlock(world: World) -> TestResponse:
    phone = world.sign_in_to_console(Role.COORDINATOR)
    send(phone, "/phones", pin=PIN, pin_again=PIN)
    return phone.post(f"{CONSOLE}/unlock", data={"pin": PIN})


def sign_out(world: World) -> TestResponse:
    return send(world.sign_in_to_console(Role.MONITOR), "/sign-out")


def trust_phone(world: World) -> TestResponse:
    return send(world.sign_in_to_console(Role.COORDINATOR), "/phones", pin=PIN, pin_again=PIN)


def revoke_phone(world: World) -> TestResponse:
    trust_phone(world)
    with world.database.reading() as session:
        newest = session.scalars(
            select(TrustedPhone.id).order_by(TrustedPhone.trusted_at.desc())
        ).all()[0]
    return send(world.sign_in_to_console(Role.COORDINATOR), f"/phones/{newest}/revocation")


def acknowledge(world: World) -> TestResponse:
    flag = world.complain(PARTICIPANT, urgent=("chills",))
    return send(world.sign_in_to_console(Role.COORDINATOR), f"/flags/{flag}/acknowledgement")


CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/sign-in": (sign_in, "device_session.started"),
    "POST /console/unlock": (unlock, "device_session.started"),
    "POST /console/sign-out": (sign_out, "device_session.ended"),
    "POST /console/phones": (trust_phone, "trusted_phone.added"),
    "POST /console/phones/{phone_id}/revocation": (revoke_phone, "trusted_phone.revoked"),
    "POST /console/flags/{flag_id}/acknowledgement": (acknowledge, "flag.acknowledged"),
}


def test_each_form_has_its_case_here() -> None:
    """Fails for a new form: add a case that sends it successfully."""
    forms = {
        f"{route.method} {route.path}"
        for route in routes_of(create_app(make_settings("sqlite://")))
        if route.path.startswith(CONSOLE) and route.method != "GET"
    }

    assert forms == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_form_that_was_taken_is_on_record(world: World, name: str) -> None:
    send_form, verb = CASES[name]
    with world.database.reading() as session:
        before = len(session.scalars(select(JournalEntry.id)).all())

    answer = send_form(world)

    assert answer.status_code == 303, answer.text
    with world.database.reading() as session:
        verbs = session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)).all()
    assert verb in verbs[before:]

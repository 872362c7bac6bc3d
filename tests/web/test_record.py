"""What is done on a page is on record as what the same act over the API is."""

from collections.abc import Callable
from itertools import count
from uuid import UUID

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
from tests.web.cases_accounts import ACCOUNT_CASES
from tests.web.cases_day import DAY_CASES
from tests.web.cases_own import OWN_CASES
from tests.web.cases_paper import PAPER_CASES
from tests.web.cases_participants import PARTICIPANT_CASES
from tests.web.cases_protection import PROTECTION_CASES
from tests.web.cases_record import RECORD_CASES
from tests.web.cases_training import TRAINING_CASES
from tests.web.pages import CONSOLE, send, text_of
from tests.web.test_ratings import correct, rate

pytestmark = pytest.mark.req("T-01")

NUMBERS = count(1)
# Who reads the page that a form leads back to, where a coordinator does not.
READERS = {
    "/ratings/": Role.OUTCOMES_ASSESSOR, "/audit-review": Role.MONITOR,
    "/accounts/": Role.SYSTEM_ADMIN,
    "/exports": Role.DATA_MANAGER,
    "/archives": Role.INVESTIGATOR,
}  # fmt: skip


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


def _taken(world: World) -> UUID:
    """Return a flag that a coordinator has taken."""
    flag = world.complain(PARTICIPANT, urgent=("belly",), belly=("pain",))
    browser = world.sign_in_to_console(Role.COORDINATOR)
    send(browser, f"/flags/{flag}/acknowledgement")
    return flag


def reassign(world: World) -> TestResponse:
    path = f"/flags/{_taken(world)}/reassignment"
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, path, to="investigator", reason="going home")


def log_contact(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(
        browser, f"/flags/{_taken(world)}/contacts", channel="telephone", outcome="reached",
        next_step="clinic_visit", note="好些了",
    )  # fmt: skip


def assess(world: World) -> TestResponse:
    return _assess(world, _taken(world))


def _assess(world: World, flag: UUID) -> TestResponse:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(
        browser, f"/flags/{flag}/assessment", is_adverse_event="no",
        narrative="肌肉拉伤，与研究无关的老毛病", reason="looked again",
    )  # fmt: skip


def state_awareness(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(
        browser, f"/flags/{_taken(world)}/awareness", at="2026-03-01T08:00",
        reason="her husband called",
    )  # fmt: skip


def record_sending(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(
        browser, f"/flags/{_taken(world)}/sending", sent_at="2026-03-01T19:00",
        sent_by="Li Min", sent_to="sponsor", proof="fax 12",
    )  # fmt: skip


def close(world: World) -> TestResponse:
    flag = _taken(world)
    assert _assess(world, flag).status_code == 303
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(browser, f"/flags/{flag}/closure", reason="looked after",
                **world.proof(Role.INVESTIGATOR))  # fmt: skip


def sign_again(world: World) -> TestResponse:
    flag = UUID(close(world).location.rpartition("/")[2])
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    send(browser, f"/flags/{flag}/assessment", is_adverse_event="no", narrative="仍然不是",
         reason="a word was wrong")  # fmt: skip
    path = f"/flags/{flag}/closure/signature"
    return send(browser, path, **world.proof(Role.INVESTIGATOR))


def show_number(world: World) -> TestResponse:
    return send(world.sign_in_to_console(Role.COORDINATOR), f"/flags/{_taken(world)}/phone")


def open_on_behalf(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/participants/{PARTICIPANT}/on-behalf", mode="site_tablet")


CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/sign-in": (sign_in, "device_session.started"),
    "POST /console/unlock": (unlock, "device_session.started"),
    "POST /console/sign-out": (sign_out, "device_session.ended"),
    "POST /console/phones": (trust_phone, "trusted_phone.added"),
    "POST /console/phones/{phone_id}/revocation": (revoke_phone, "trusted_phone.revoked"),
    "POST /console/flags/{flag_id}/acknowledgement": (acknowledge, "flag.acknowledged"),
    "POST /console/flags/{flag_id}/reassignment": (reassign, "flag.reassigned"),
    "POST /console/flags/{flag_id}/contacts": (log_contact, "contact.logged"),
    "POST /console/flags/{flag_id}/assessment": (assess, "flag.assessed"),
    "POST /console/flags/{flag_id}/awareness": (state_awareness, "flag.awareness_stated"),
    "POST /console/flags/{flag_id}/sending": (record_sending, "flag.reported"),
    "POST /console/flags/{flag_id}/closure": (close, "flag.closed"),
    "POST /console/flags/{flag_id}/closure/signature": (sign_again, "record.signed"),
    "POST /console/flags/{flag_id}/phone": (show_number, "identity.read"),
    "POST /console/participants/{code}/on-behalf": (
        open_on_behalf,
        "device_session.opened_on_behalf",
    ),
    **PARTICIPANT_CASES,
    **DAY_CASES,
    **RECORD_CASES,
    **ACCOUNT_CASES,
    **OWN_CASES,
    **PAPER_CASES,
    **PROTECTION_CASES,
    **TRAINING_CASES,
    "POST /console/ratings/{assessment_id}": (rate, "response.completed"),
    "POST /console/ratings/{assessment_id}/correction": (correct, "response.corrected"),
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

    assert answer.status_code in {200, 303}, text_of(answer)
    if answer.location and not answer.location.startswith(f"{CONSOLE}/sign-in"):
        # The page that the form leads back to shows what was done.
        reader = next(
            (role for part, role in READERS.items() if part in answer.location), Role.COORDINATOR
        )
        shown = world.sign_in_to_console(reader).get(answer.location)
        assert shown.status_code in {200, 303}, text_of(shown)
    with world.database.reading() as session:
        verbs = session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)).all()
    assert verb in verbs[before:]

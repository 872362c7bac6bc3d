"""Nothing changes without a trace: each request that changes something, and each verb in words."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import TypeGuard
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role, Scope
from epro.api.access_table import routes_of
from epro.app import create_app
from epro.clock import wall_clock_now
from epro.models import JournalEntry, RehearsalClock, Site, WorkKind
from epro.services import work_list
from epro.services.journal_words import VERBS
from tests.api.world import (
    API,
    ENROLLED,
    HERE,
    PARTICIPANT,
    YEAR_OF_BIRTH,
    World,
    Worlds,
    a_consent,
    enrolment,
    infusion,
    submission,
)
from tests.architecture.sources import name_of, product_files, tree_of
from tests.databases import DatabaseKind, DatabaseShelf
from tests.factories import PASSWORD, PIN, SYSTEM, add_user, totp_at
from tests.services.audit_edc import (
    correct_identity,
    decide_anchor_query,
    enrol_by_code,
    give_anchor,
    record_identity,
    request_snapshot,
    withdraw,
)
from tests.services.changes_by_her import CASES_OF_HER_OWN
from tests.services.changes_by_people import CASES_OF_EVENTS, delegate, end_delegation
from tests.services.changes_of_flags import CASES_OF_FLAGS
from tests.services.changes_of_paper import CASES_OF_PAPER
from tests.services.changes_of_protection import CASES_OF_PROTECTION
from tests.services.changes_of_records import CASES_OF_RECORDS
from tests.services.read_in_words import codes_read_after
from tests.settings import make_settings

pytestmark = pytest.mark.req("T-01")

HARMLESS_METHODS = {"GET"}
# Changes something, leaves no entry of its own: why that is right.
EXEMPT = {
    "POST /api/v1/participants/{code}/anchors/preview": "Shows what would change; writes nothing.",
    "POST /api/v1/sessions/refresh": "Goes on with a session whose start is on record, every few "
    "minutes; a token that comes back used is recorded, see below.",
    "POST /hooks/twilio/inbound": "Recorded as number.opted_out, number.opted_in (test_inbound).",
    "POST /hooks/twilio/voice/{message_id}": "Says what a call is about; changes nothing.",
    "POST /hooks/twilio/voice/{message_id}/key": "Recorded as message.heard (test_voice).",
    "POST /hooks/twilio/status/{message_id}": "A provider's word is kept as a receipt; what "
    "follows from it for a message is on record (tests/api/test_hooks.py).",
}
# Verbs whose second half is a value: the f-string in the code, and what it can become.
COMPOSED = {
    "response.": {"response.completed", "response.in_progress"},
    "user.": {"user.authenticator_moved", "user.password_changed"},
}
RECORDING = ("epro/services/", "epro/jobs/", "epro/api/")
# Texts of the same form there that say something else.
NO_VERBS = {
    "epro.access", "epro.training", "training.invalid", "inbox.css", "inbox.html",
    "ae.csv", "ae.json", "changes.ndjson", "odm.xml", "qs.csv", "qs.json",
    "response.answered_at", "response.id", "response.questionnaire_code",
    "response.questionnaire_version", "response.revision", "response.status",
}  # fmt: skip
WORDS = ("code_words", "journal_reading", "journal_words")
VERB = re.compile(r"[a-z_]+\.[a-z_]+")
NUMBERS = count(100)

Case = Callable[[World], TestResponse]


@pytest.fixture(scope="module")
def worlds(database_shelf: DatabaseShelf) -> Iterator[Worlds]:
    with Worlds(database_shelf, is_rehearsal=True) as worlds:
        yield worlds


@pytest.fixture
def world(worlds: Worlds, database_kind: DatabaseKind) -> World:
    return worlds[database_kind]


def enrol(world: World) -> TestResponse:
    body = enrolment(_a_new_code())
    return world.request(
        "POST", f"{API}/participants", json=body, headers=world.sign_in(Role.COORDINATOR)
    )


def issue_code(world: World) -> TestResponse:
    path = f"{API}/participants/{ENROLLED}/activation-codes"
    return world.request("POST", path, headers=world.sign_in(Role.COORDINATOR))


def record_anchor(world: World) -> TestResponse:
    code = _a_new_code()
    world.enrol(code, site=HERE, by=Role.COORDINATOR)
    body = infusion(event="INF1_PLANNED", occurred_at=world.clock.now().isoformat())
    return world.request(
        "POST", f"{API}/participants/{code}/anchors", json=body,
        headers=world.sign_in(Role.INVESTIGATOR),
    )  # fmt: skip


def take_anchor_back(world: World) -> TestResponse:
    code = _a_new_code()
    world.enrol(code, site=HERE, by=Role.COORDINATOR)
    path, headers = f"{API}/participants/{code}/anchors", world.sign_in(Role.COORDINATOR)
    body = infusion(event="INF1_PLANNED", occurred_at=world.clock.now().isoformat())
    world.request("POST", path, json=body, headers=headers)
    taken = {"event": "INF1_PLANNED", "reason": "another participant's"}
    return world.request("POST", f"{path}/withdrawal", json=taken, headers=headers)


def change_life_cycle(world: World) -> TestResponse:
    body = {
        "life_cycle": "paused", "occurred_at": world.clock.now().isoformat(), "reason": "hospital",
    }  # fmt: skip
    return _put_about_a_new_one(world, "life-cycle", body)


def give_consent(world: World) -> TestResponse:
    code = _a_new_code()
    world.enrol(code, site=HERE, by=Role.COORDINATOR)
    path, headers = f"{API}/participants/{code}/consents", world.sign_in(Role.COORDINATOR)
    return world.request("POST", path, json=a_consent(), headers=headers)


def withdraw_consent(world: World) -> TestResponse:
    code = give_consent(world).request.path.split("/")[-2]
    body = {"kind": "sms_processor", "withdrawn_at": world.clock.now().isoformat()}
    path, headers = f"{API}/participants/{code}/consents", world.sign_in(Role.COORDINATOR)
    return world.request("POST", f"{path}/withdrawal", json=body, headers=headers)


def change_zone(world: World) -> TestResponse:
    return _put_about_a_new_one(world, "zone", {"zone": "Asia/Urumqi", "reason": "travels"})


def change_slot(world: World) -> TestResponse:
    return _put_about_a_new_one(world, "diary-slot", {"diary_slot": "morning"})


def _put_about_a_new_one(world: World, what: str, body: dict[str, str]) -> TestResponse:
    code = _a_new_code()
    world.enrol(code, site=HERE, by=Role.COORDINATOR)
    path = f"{API}/participants/{code}/{what}"
    return world.request("PUT", path, json=body, headers=world.sign_in(Role.COORDINATOR))


def choose_pin(world: World) -> TestResponse:
    her = {"Authorization": f"Bearer {activate(world).get_json()['access_token']}"}
    pins = {"old_pin": PIN, "new_pin": "592640"}
    return world.request("PUT", f"{API}/me/pin", json=pins, headers=her)


def revoke_device(world: World) -> TestResponse:
    world.sign_in(Role.PARTICIPANT)
    path, headers = f"{API}/participants/{PARTICIPANT}/devices", world.sign_in(Role.COORDINATOR)
    devices = world.request("GET", path, headers=headers).get_json()["items"]
    standing = next(one["id"] for one in devices if one["revoked_at"] is None)
    return world.request("DELETE", f"{path}/{standing}", headers=headers)


def submit(world: World) -> TestResponse:
    report = {"id": None, "questionnaire": {"code": "ae_report", "version": "1.0.0"}}
    body = submission(report, status="in_progress", answers=[])
    headers = {**world.sign_in(Role.PARTICIPANT), "Answer-Age": "1"}
    return world.request("PUT", f"{API}/me/responses/{uuid4()}", json=body, headers=headers)


def activate(world: World) -> TestResponse:
    typed = {"code": world.enrol(_a_new_code(), site=HERE, by=Role.COORDINATOR), "pin": PIN}
    return world.request(
        "POST", f"{API}/sessions/activation", json={**typed, "year_of_birth": YEAR_OF_BIRTH}
    )


def sign_in_participant(world: World) -> TestResponse:
    typed = {"code": PARTICIPANT, "pin": PIN}
    return world.request("POST", f"{API}/sessions/participant", json=typed)


def sign_in_user(world: World) -> TestResponse:
    name = f"user.{next(NUMBERS)}"
    with world.database.transaction() as session:
        added = add_user(session, name, site=HERE, keyring=world.keyring)
    typed = {"username": name, "password": PASSWORD, "totp": totp_at(added, wall_clock_now())}
    return world.request("POST", f"{API}/sessions/staff", json=typed)


def sign_out(world: World) -> TestResponse:
    headers = world.sign_in(Role.MONITOR)
    return world.request("DELETE", f"{API}/sessions/current", headers=headers)


def move_clock(world: World) -> TestResponse:
    with world.database.transaction() as session:
        row = session.get(RehearsalClock, 1)
        ahead = timedelta(seconds=row.offset_s if row else 0, minutes=1)
        # As if the worker had done everything already.
        session.merge(
            RehearsalClock(
                id=1, offset_s=row.offset_s if row else 0.0,
                generation=row.generation if row else 0, settled_generation=1_000,
            )
        )  # fmt: skip
    to = (wall_clock_now() + ahead).isoformat()
    return world.request("POST", "/dev/clock", json={"to": to})


def finish_work_item(world: World) -> TestResponse:
    with world.database.transaction() as session:
        site = session.scalars(select(Site).where(Site.code == HERE)).one()
        item = work_list.add(
            session, SYSTEM, WorkKind.CALL_NOW, about=f"test:{next(NUMBERS)}", site_id=site.id,
            participant_id=None, now=world.clock.now(),
        )  # fmt: skip
    assert item
    path = f"{API}/work-items/{item.id}/done"
    return world.request("POST", path, headers=world.sign_in(Role.COORDINATOR))


def let_the_edc_in(world: World) -> TestResponse:
    added = world.add_client(Scope.READ)
    form, basic = {"grant_type": "client_credentials"}, (added.client.name, added.secret)
    return world.request("POST", "/api/edc/v1/token", data=form, auth=basic)


def acknowledge_feed(world: World) -> TestResponse:
    headers = world.sign_in(Role.EDC_CLIENT)
    page = world.request("GET", "/api/edc/v1/changes?limit=5", headers=headers).get_json()
    path, body = "/api/edc/v1/consumers/importer/ack", {"cursor": page["next_cursor"]}
    return world.request("PUT", path, json=body, headers=headers)


CASES: dict[str, tuple[Case, str]] = {
    "POST /api/edc/v1/participants": (enrol_by_code, "participant.enrolled"),
    "POST /api/edc/v1/participants/{code}/anchors": (give_anchor, "anchor_query.opened"),
    "POST /api/edc/v1/participants/{code}/withdrawal": (
        withdraw,
        "participant.life_cycle_changed",
    ),
    "POST /api/edc/v1/snapshots": (request_snapshot, "snapshot.requested"),
    "POST /api/v1/anchor-queries/{query_id}/decision": (
        decide_anchor_query, "anchor_query.decided",
    ),
    "POST /api/v1/participants/{code}/identity": (record_identity, "identity.recorded"),
    "PATCH /api/v1/participants/{code}/identity": (correct_identity, "identity.corrected"),
    "POST /api/v1/participants": (enrol, "participant.enrolled"),
    "POST /api/v1/participants/{code}/activation-codes": (issue_code, "activation_code.issued"),
    "POST /api/v1/participants/{code}/anchors": (record_anchor, "anchor.recorded"),
    "POST /api/v1/participants/{code}/anchors/withdrawal": (take_anchor_back, "anchor.withdrawn"),
    "POST /api/v1/participants/{code}/consents": (give_consent, "consent.given"),
    "POST /api/v1/participants/{code}/consents/withdrawal": (
        withdraw_consent, "consent.withdrawn",
    ),
    "PUT /api/v1/participants/{code}/life-cycle": (
        change_life_cycle, "participant.life_cycle_changed",
    ),
    "PUT /api/v1/participants/{code}/zone": (change_zone, "participant.moved_to_zone"),
    "PUT /api/v1/participants/{code}/diary-slot": (
        change_slot, "participant.diary_slot_chosen",
    ),
    "PUT /api/v1/me/pin": (choose_pin, "pin.chosen"),
    "DELETE /api/v1/participants/{code}/devices/{device_id}": (
        revoke_device, "device_session.revoked",
    ),
    "PUT /api/v1/me/responses/{response_id}": (submit, "response.in_progress"),
    **CASES_OF_HER_OWN,
    **CASES_OF_EVENTS,
    **CASES_OF_FLAGS,
    **CASES_OF_PAPER,
    **CASES_OF_PROTECTION,
    **CASES_OF_RECORDS,
    "POST /api/v1/sessions/activation": (activate, "participant.activated"),
    "POST /api/v1/sessions/participant": (sign_in_participant, "device_session.started"),
    "POST /api/v1/sessions/staff": (sign_in_user, "device_session.started"),
    "DELETE /api/v1/sessions/current": (sign_out, "device_session.ended"),
    "POST /api/v1/sites/{site}/delegations": (delegate, "delegation.signed"),
    "POST /api/v1/delegations/{delegation_id}/end": (end_delegation, "delegation.ended"),
    "POST /api/v1/work-items/{item_id}/done": (finish_work_item, "work_item.done"),
    "POST /api/edc/v1/token": (let_the_edc_in, "edc_token.issued"),
    "PUT /api/edc/v1/consumers/{consumer}/ack": (acknowledge_feed, "feed.acknowledged"),
    "POST /dev/clock": (move_clock, "rehearsal_clock.moved"),
}  # fmt: skip


def test_each_route_that_changes_something_has_its_case_here() -> None:
    """Fails for a new route: add a case that calls it successfully. Pages: tests/web."""
    app = create_app(make_settings("sqlite://", is_rehearsal=True))
    mutating = {
        f"{route.method} {route.path}"
        for route in routes_of(app)
        if route.method not in HARMLESS_METHODS and not route.path.startswith("/console")
    }

    assert mutating == CASES.keys() | EXEMPT.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_successful_change_is_on_record(world: World, name: str) -> None:
    call, verb = CASES[name]
    earlier = _last_entry(world)

    answer = call(world)

    assert answer.status_code in {200, 201, 202, 204}, answer.text
    assert verb in _verbs_after(world, earlier)
    assert codes_read_after(world, earlier) == []


@pytest.mark.req("P-01")
def test_looking_at_identity_is_on_record_too(world: World) -> None:
    earlier = _last_entry(world)

    world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/identity", headers=world.sign_in(Role.COORDINATOR)
    )

    assert "identity.read" in _verbs_after(world, earlier)


def test_a_renewal_is_not_on_record_but_a_token_that_was_used_up_is(world: World) -> None:
    first = world.sign_in_to_refresh(PARTICIPANT)
    earlier = _last_entry(world)

    newer = _renewed(world.request("POST", f"{API}/sessions/refresh", headers=first))
    newest = world.request("POST", f"{API}/sessions/refresh", headers=newer)
    quiet = _verbs_after(world, earlier)
    stolen = world.request("POST", f"{API}/sessions/refresh", headers=first)

    assert newest.status_code == 200
    assert quiet == []
    assert stolen.status_code == 401
    assert _verbs_after(world, earlier) == ["device_session.revoked"]


@pytest.mark.req("T-04", "P-10")
def test_every_verb_in_the_code_has_words_and_every_word_its_verb() -> None:
    assert _verbs_in_code() == VERBS.keys()


def _a_new_code() -> str:
    return f"{HERE}-{next(NUMBERS)}"


def _renewed(answer: TestResponse) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.get_json()['refresh_token']}"}


def _last_entry(world: World) -> int:
    with world.database.reading() as session:
        return max(session.scalars(select(JournalEntry.id)), default=0)


def _verbs_after(world: World, entry_id: int) -> list[str]:
    query = select(JournalEntry.verb).where(JournalEntry.id > entry_id).order_by(JournalEntry.id)
    with world.database.reading() as session:
        return list(session.scalars(query))


def _verbs_in_code() -> set[str]:
    """Read every verb from the code: texts like `noun.verb`, and composed ones spelled out."""
    found: set[str] = set()
    for file in product_files():
        if not name_of(file).startswith(RECORDING) or file.stem.startswith(WORDS):
            continue
        fields = [one.value for one in ast.walk(tree_of(file)) if _names_an_attribute(one)]
        for node in ast.walk(tree_of(file)):
            match node:
                case ast.Constant(value=str(text)) if VERB.fullmatch(text) and node not in fields:
                    found.add(text)
                case ast.JoinedStr(values=[ast.Constant(value=str(text)), ast.FormattedValue()]):
                    found |= COMPOSED.get(text, set())
    return found - NO_VERBS


def _names_an_attribute(node: ast.AST) -> TypeGuard[ast.keyword]:
    """Tell whether a schema says here where a field is read from, which looks like a verb."""
    return isinstance(node, ast.keyword) and node.arg == "attribute"

"""Nothing changes without a trace: each request that changes something, and each verb in words."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role, Scope
from epro.api.access_table import routes_of
from epro.app import create_app
from epro.clock import wall_clock_now
from epro.models import FlagTrigger, JournalEntry, RehearsalClock, SafetyFlag, Site, WorkKind
from epro.services import work_list
from epro.services.journal_words import VERBS
from questionnaires.tiers import Tier
from tests.api.world import (
    API,
    ENROLLED,
    HERE,
    PARTICIPANT,
    YEAR_OF_BIRTH,
    World,
    Worlds,
    enrolment,
    infusion,
    submission,
)
from tests.architecture.sources import name_of, product_files, tree_of
from tests.databases import DatabaseKind, DatabaseShelf
from tests.factories import PASSWORD, PIN, SYSTEM, add_user, totp_at
from tests.services.changes_by_people import CASES_OF_EVENTS, delegate, end_delegation
from tests.settings import make_settings

pytestmark = pytest.mark.req("T-01")

HARMLESS_METHODS = {"GET"}
# Changes something, leaves no entry of its own: why that is right.
EXEMPT = {
    "POST /api/v1/sessions/refresh": "Goes on with a session whose start is on record, every few "
    "minutes; a token that comes back used is recorded, see below.",
    "POST /hooks/twilio/inbound": "What a reply asks for is on record as number.opted_out and "
    "number.opted_in (tests/api/test_inbound.py).",
    "POST /hooks/twilio/status/{message_id}": "A provider's word is kept as a receipt; what "
    "follows from it for a message is on record (tests/api/test_hooks.py).",
}
# Verbs whose second half is a value: the f-string in the code, and what it can become.
COMPOSED = {"response.": {"response.completed", "response.in_progress"}}
RECORDING = ("epro/services/", "epro/jobs/", "epro/api/")
# Texts of the same form there that say something else.
NO_VERBS = {"epro.access", "inbox.css", "inbox.html"}
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


def choose_preferences(world: World) -> TestResponse:
    minute = next(NUMBERS) % 60
    return world.request(
        "PATCH", f"{API}/me/preferences", json={"reminder_time": f"19:{minute:02d}"},
        headers=world.sign_in(Role.PARTICIPANT),
    )  # fmt: skip


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


def acknowledge_flag(world: World) -> TestResponse:
    her, coordinator = world.sign_in(Role.PARTICIPANT), world.sign_in(Role.COORDINATOR)
    known = world.known
    body = submission(
        {"id": str(known.assessment), "questionnaire": {
            "code": known.questionnaire.code, "version": known.questionnaire.version}}
    )  # fmt: skip
    for answer in body["answers"]:
        if answer["link_id"] == "temp":
            answer["value"] = 39.8
    world.request(
        "PUT", f"{API}/me/responses/{uuid4()}", json=body, headers={**her, "Answer-Age": "1"}
    )
    raised = world.request("GET", f"{API}/flags", headers=coordinator).get_json()["items"][0]
    path = f"{API}/flags/{raised['id']}/acknowledgement"
    return world.request("POST", path, headers=coordinator)


def reassign(world: World) -> TestResponse:
    return _about_a_flag(
        world, "reassignment", {"to": "investigator", "reason": "night"}, Role.COORDINATOR
    )


def assess(world: World) -> TestResponse:
    # Tests share flags: one that was assessed before takes a reason.
    body = {"is_adverse_event": False, "narrative": "misread", "reason": "read again"}
    return _about_a_flag(world, "assessments", body, Role.INVESTIGATOR)


def state_awareness(world: World) -> TestResponse:
    at = (world.clock.now() - timedelta(hours=1)).isoformat()
    return _about_a_flag(
        world, "awareness", {"aware_at": at, "reason": "she phoned"}, Role.COORDINATOR
    )


def state_later_awareness(world: World) -> TestResponse:
    path = f"{API}/flags/{_taken_flag(world)}"
    at = (world.clock.now() - timedelta(hours=1)).isoformat()
    world.request("POST", f"{path}/awareness", json={"aware_at": at, "reason": "she phoned"},
                  headers=world.sign_in(Role.COORDINATOR))  # fmt: skip
    body = {"aware_at": world.clock.now().isoformat(), "reason": "of another matter",
            "signature": world.proof(Role.PRINCIPAL_INVESTIGATOR)}  # fmt: skip
    headers = world.sign_in(Role.PRINCIPAL_INVESTIGATOR)
    return world.request("POST", f"{path}/later-awareness", json=body, headers=headers)


def record_sending(world: World) -> TestResponse:
    body = {"sent_at": world.clock.now().isoformat(), "sent_by": "Li Min", "sent_to": "sponsor",
            "proof": "fax 17"}  # fmt: skip
    return _about_a_flag(world, "sendings", body, Role.COORDINATOR)


def close(world: World) -> TestResponse:
    assessed = assess(world)
    assert assessed.status_code == 201, assessed.text
    flag_id = assessed.get_json()["id"]
    body = {"reason": "settled", "signature": world.proof(Role.INVESTIGATOR)}
    headers = world.sign_in(Role.INVESTIGATOR)
    return world.request("POST", f"{API}/flags/{flag_id}/closure", json=body, headers=headers)


def sign_again(world: World) -> TestResponse:
    flag_id = close(world).get_json()["id"]
    headers, path = world.sign_in(Role.INVESTIGATOR), f"{API}/flags/{flag_id}"
    again = {"is_adverse_event": False, "narrative": "misread", "reason": "looked again"}
    world.request("POST", f"{path}/assessments", json=again, headers=headers)
    body = {"signature": world.proof(Role.INVESTIGATOR)}
    return world.request("POST", f"{path}/signature", json=body, headers=headers)


def log_contact(world: World) -> TestResponse:
    body = {"channel": "telephone", "outcome": "reached"}
    path = f"{API}/participants/{PARTICIPANT}/contacts"
    return world.request("POST", path, json=body, headers=world.sign_in(Role.COORDINATOR))


def _taken_flag(world: World) -> str:
    """Return the id of a flag of its own that somebody has taken and nobody has assessed."""
    acknowledge_flag(world)
    now, taken_by = world.clock.now(), world.staff[Role.COORDINATOR].user.id
    with world.database.transaction() as session:
        met = session.scalars(select(FlagTrigger).order_by(FlagTrigger.id.desc())).first()
        assert met
        like = session.get_one(SafetyFlag, met.flag_id)
        flag = SafetyFlag(
            participant_id=like.participant_id, site_id=like.site_id, tier=Tier.RED_B,
            study_version_id=like.study_version_id, tonight=False, possible_serious=True,
            raised_at=now, urgent_since=now, acknowledged_at=now, acknowledged_by_id=taken_by,
            owner_id=taken_by, viewed_at=now, aware_at=now,
        )  # fmt: skip
        session.add(flag)
        session.flush()
        session.add(
            FlagTrigger(flag_id=flag.id, screening_id=met.screening_id, rule=met.rule,
                        tier=met.tier, met_at=now)
        )  # fmt: skip
        return str(flag.id)


def _about_a_flag(world: World, act: str, body: dict[str, Any], role: Role) -> TestResponse:
    path = f"{API}/flags/{_taken_flag(world)}/{act}"
    return world.request("POST", path, json=body, headers=world.sign_in(role))


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
    "POST /api/v1/participants": (enrol, "participant.enrolled"),
    "POST /api/v1/participants/{code}/activation-codes": (issue_code, "activation_code.issued"),
    "POST /api/v1/participants/{code}/anchors": (record_anchor, "anchor.recorded"),
    "DELETE /api/v1/participants/{code}/devices/{device_id}": (
        revoke_device, "device_session.revoked",
    ),
    "PUT /api/v1/me/responses/{response_id}": (submit, "response.in_progress"),
    "PATCH /api/v1/me/preferences": (choose_preferences, "participant.preferences_changed"),
    **CASES_OF_EVENTS,
    "POST /api/v1/sessions/activation": (activate, "participant.activated"),
    "POST /api/v1/sessions/participant": (sign_in_participant, "device_session.started"),
    "POST /api/v1/sessions/staff": (sign_in_user, "device_session.started"),
    "DELETE /api/v1/sessions/current": (sign_out, "device_session.ended"),
    "POST /api/v1/flags/{flag_id}/acknowledgement": (acknowledge_flag, "flag.acknowledged"),
    "POST /api/v1/flags/{flag_id}/reassignment": (reassign, "flag.reassigned"),
    "POST /api/v1/flags/{flag_id}/assessments": (assess, "flag.assessed"),
    "POST /api/v1/flags/{flag_id}/awareness": (state_awareness, "flag.awareness_stated"),
    "POST /api/v1/flags/{flag_id}/later-awareness": (state_later_awareness, "record.signed"),
    "POST /api/v1/flags/{flag_id}/sendings": (record_sending, "flag.reported"),
    "POST /api/v1/flags/{flag_id}/closure": (close, "flag.closed"),
    "POST /api/v1/flags/{flag_id}/signature": (sign_again, "record.signed"),
    "POST /api/v1/participants/{code}/contacts": (log_contact, "contact.logged"),
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

    assert answer.status_code in {200, 201, 204}, answer.text
    assert verb in _verbs_after(world, earlier)


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
        if not name_of(file).startswith(RECORDING) or file.name == "journal_words.py":
            continue
        for node in ast.walk(tree_of(file)):
            match node:
                case ast.Constant(value=str(text)) if VERB.fullmatch(text):
                    found.add(text)
                case ast.JoinedStr(values=[ast.Constant(value=str(text)), ast.FormattedValue()]):
                    found |= COMPOSED.get(text, set())
    return found - NO_VERBS

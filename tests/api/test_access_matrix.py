"""Every route, called as every role: who may, who may not, what the others can learn from it."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from epro.access import PERMISSIONS_OF, STAFF_ROLES, Permission, Role
from epro.api import access_table
from epro.api.access_table import Route, Unguarded, routes_of
from epro.app import create_app
from epro.exchange import fhir
from epro.settings import Environment
from tests.api.world import (
    API,
    ELSEWHERE,
    FROM_ELSEWHERE,
    HERE,
    NOBODY,
    PARTICIPANT,
    YEAR_OF_BIRTH,
    World,
    Worlds,
    a_consent,
    enrolment,
    infusion,
    new_event,
    put_down,
)
from tests.architecture.sources import ROOT
from tests.clock import START
from tests.databases import DatabaseKind
from tests.services.changes_of_paper import sheet
from tests.services.changes_of_protection import a_request
from tests.settings import make_settings

pytestmark = pytest.mark.req("P-06")

# Whoever adds a line here opens a door to the whole internet.
PUBLIC = {
    "GET /api/openapi.json",
    "POST /api/edc/v1/token",
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
    "POST /api/v1/sessions/activation",
    "POST /api/v1/sessions/participant",
    "POST /api/v1/sessions/refresh",
    "POST /api/v1/sessions/staff",
    "POST /hooks/twilio/inbound",  # signed by the provider
    "POST /hooks/twilio/status/{message_id}",  # signed by the provider
    "GET /a",
    "GET /p",
    "GET /p/",
    "GET /p/manifest.webmanifest",
    "GET /p/state.json",
    "GET /p/sw.js",
    "GET /p/{version}/{name}",
    "POST /hooks/twilio/voice/{message_id}",  # signed by the provider
    "POST /hooks/twilio/voice/{message_id}/key",  # signed by the provider
    "GET /console/language/{chosen}",
    "GET /console/sign-in",
    "GET /console/static/{name}",
    "GET /console/unlock",
    "GET /console/welcome",
    "GET /console/{rest}",
    "POST /console/sign-in",
    "POST /console/unlock",
    "POST /console/welcome",
    "POST /console/welcome/password",
}
ONLY_IN_REHEARSAL = {"GET /dev/clock", "POST /dev/clock"}

PRODUCTION = make_settings("sqlite://", environment=Environment.PRODUCTION)
ROUTES = routes_of(create_app(PRODUCTION))
# Pages lead to the door instead of saying 401; tests/web asks the same of them.
GUARDED = [
    route for route in ROUTES if not route.is_public and not route.path.startswith("/console")
]
# A machine is let in for the whole study, not for a site.
OF_A_PARTICIPANT = [
    route for route in GUARDED
    if "/participants/{code}" in route.path and not route.path.startswith("/api/edc/")
]  # fmt: skip
ROLES = [Role.PARTICIPANT, Role.EDC_CLIENT, *sorted(STAFF_ROLES)]


@pytest.fixture
def world(worlds: Worlds) -> World:
    """On one kind of database: who may do what is decided before any is asked."""
    return worlds[DatabaseKind.SQLITE]


def test_nothing_else_is_open_to_anybody() -> None:
    assert {_name(route) for route in ROUTES if route.is_public} == PUBLIC


def test_the_clock_can_be_moved_in_a_rehearsal_only() -> None:
    rehearsal = routes_of(create_app(replace(PRODUCTION, is_rehearsal=True)))

    assert {_name(route) for route in rehearsal if route not in ROUTES} == ONLY_IN_REHEARSAL
    assert ONLY_IN_REHEARSAL.isdisjoint(map(_name, ROUTES))


def test_a_view_without_a_guard_is_found() -> None:
    app = Flask("bare")
    app.add_url_rule("/forgotten/<int:number>", view_func=str)

    with pytest.raises(Unguarded, match=r"/forgotten/\{number\}"):
        routes_of(app)


def test_every_permission_is_asked_for_by_a_route_and_held_by_a_role() -> None:
    held = frozenset().union(*PERMISSIONS_OF.values())

    asked_for = {route.permission for route in ROUTES if not route.is_public}
    assert asked_for == set(Permission) == held


def test_the_table_in_the_documentation_is_the_one_in_force() -> None:
    written = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")

    assert written == access_table.as_markdown(ROUTES)


def test_nobody_but_staff_of_a_site_and_the_participant_sees_clinical_data() -> None:
    """Outcomes assessors rate in a room of their own, also on invented people; administrators run
    the system.
    """
    clinical = set(Permission) - {
        Permission.OWN_SESSION, Permission.RATE_OUTCOME, Permission.READ_SYSTEM,
        Permission.PRACTISE, Permission.KEEP_ACCOUNTS,
    }  # fmt: skip

    for role in (Role.OUTCOMES_ASSESSOR, Role.SYSTEM_ADMIN, Role.SYSTEM):
        assert clinical.isdisjoint(PERMISSIONS_OF[role])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_a_role_gets_in_exactly_where_the_table_says(
    world: World, route: Route, role: Role
) -> None:
    headers = world.sign_in(role)

    answer = _call(world, route, PARTICIPANT, headers)

    if route.is_open_to(role):
        if _is_unsigned(answer):  # let in, and refused for what was typed
            return
        assert answer.status_code not in {401, 403}, answer.text
        assert answer.status_code < 500
    else:
        assert _told(answer) == (
            403,
            _refusal(route, "not_permitted", "Your role does not allow this."),
        )


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_a_refused_role_cannot_tell_who_exists(world: World, route: Route) -> None:
    refused = next((role for role in ROLES if not route.is_open_to(role)), None)
    if refused is None:
        assert route.permission is Permission.OWN_SESSION
        return
    headers = world.sign_in(refused)

    existing, invented = (_call(world, route, code, headers) for code in (PARTICIPANT, NOBODY))

    assert _told(existing) == _told(invented)


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("code", [PARTICIPANT, NOBODY])
def test_without_a_token_every_guarded_route_says_the_same(
    world: World, route: Route, code: str
) -> None:
    answer = _call(world, route, code, {})

    assert _told(answer) == (401, _refusal(route, "not_signed_in", "Please sign in."))


@pytest.mark.req("C-01")
@pytest.mark.parametrize(
    "route", OF_A_PARTICIPANT, ids=lambda route: f"{route.method} {route.path}"
)
def test_a_participant_of_another_site_looks_like_one_who_does_not_exist(
    world: World, route: Route
) -> None:
    """Also for somebody with all the roles elsewhere and one here that sees nothing clinical."""
    headers = world.sign_in(FROM_ELSEWHERE)

    theirs = _call(world, route, ELSEWHERE, headers)
    of_another_site, invented = (
        _call(world, route, code, headers) for code in (PARTICIPANT, NOBODY)
    )

    assert theirs.status_code != 404 or "{device_id}" in route.path or "{candidate" in route.path
    assert of_another_site.status_code == 404
    assert _told(of_another_site) == _told(invented)
    assert PARTICIPANT not in of_another_site.text


@pytest.mark.req("C-01")
@pytest.mark.parametrize("query", ["", f"?site={HERE}", "?cursor=SZ00", "?limit=1"])
def test_a_list_holds_participants_of_ones_own_sites_only(world: World, query: str) -> None:
    listed = world.request(
        "GET", f"{API}/participants{query}", headers=world.sign_in(FROM_ELSEWHERE)
    )

    assert {one["code"] for one in listed.get_json()["items"]} <= {ELSEWHERE}


@pytest.mark.req("C-01", "T-04")
def test_the_journal_of_a_participant_of_another_site_is_that_of_nobody(world: World) -> None:
    headers = world.sign_in(FROM_ELSEWHERE)

    seen = [
        _told(world.request("GET", f"{API}/journal?participant={code}", headers=headers))
        for code in (PARTICIPANT, NOBODY)
    ]

    assert seen[0] == seen[1] == (200, {"items": [], "has_more": False, "next_after": 0})


@pytest.mark.req("C-01")
def test_nobody_enrols_at_a_site_of_others(world: World) -> None:
    from_elsewhere = world.sign_in(FROM_ELSEWHERE)

    answers = [
        world.request("POST", f"{API}/participants", json=body, headers=from_elsewhere)
        for body in (enrolment("SZ01-777"), enrolment("XX99-777", site="XX99"))
    ]

    assert _told(answers[0]) == _told(answers[1])
    assert answers[0].status_code == 404


def test_one_participant_cannot_read_or_answer_for_another(world: World) -> None:
    another, path = world.sign_in(ELSEWHERE), f"{API}/me/responses/{world.known.response}"

    read = world.request("GET", path, headers=another)
    invented = world.request("GET", f"{API}/me/responses/{uuid4()}", headers=another)

    assert _told(read) == _told(invented)
    assert read.status_code == 404


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _call(world: World, route: Route, code: str, headers: dict[str, str]) -> TestResponse:
    """Call a route with parameters that lead somewhere, and a body that its schema lets through."""
    known = world.known
    parameters = {
        "code": known.questionnaire.code if "{version}" in route.path else code,
        "version": known.questionnaire.version,
        "response_id": known.response,
        "consumer": "importer",
        "kind": "QuestionnaireResponse",
        "site": HERE,
    }
    path = re.sub(r"{(\w+)}", lambda name: str(parameters.get(name[1], uuid4())), route.path)
    theirs = world.known_elsewhere if code == ELSEWHERE else known
    bodies = {
        "POST /api/v1/participants/{code}/corrections": put_down(theirs),
        "POST /api/v1/participants/{code}/adverse-events": new_event(),
        "POST /api/v1/participants/{code}/adverse-event-candidates/{candidate_id}/decision": {
            "disposition": "declined",
            "reason": "x",
        },
        "PUT /api/v1/participants/{code}/transcriptions/{response_id}": sheet(),
        "POST /api/v1/participants": enrolment(code),
        "POST /api/v1/participants/{code}/anchors": infusion(),
        "POST /api/v1/participants/{code}/contacts": {
            "channel": "telephone",
            "outcome": "reached",
        },
        "POST /api/v1/participants/{code}/data-requests": a_request(),
        "POST /api/v1/participants/{code}/code-breaks": {
            "kind": "planned",
            "happened_at": START.isoformat(),
            "done_by": "investigator",
        },
        "POST /api/v1/participants/{code}/anchors/preview": infusion(),
        "POST /api/v1/participants/{code}/anchors/withdrawal": {"event": "END", "reason": "r"},
        "POST /api/v1/participants/{code}/consents": a_consent(),
        "POST /api/v1/participants/{code}/consents/withdrawal": {
            "kind": "sms_processor",
            "withdrawn_at": infusion()["occurred_at"],
        },
        "PUT /api/v1/participants/{code}/life-cycle": {
            "life_cycle": "active",
            "occurred_at": infusion()["occurred_at"],
            "reason": "r",
        },
        "PUT /api/v1/participants/{code}/zone": {"zone": "Asia/Shanghai"},
        "PUT /api/v1/participants/{code}/diary-slot": {"diary_slot": "evening"},
        "POST /api/v1/participants/{code}/record/sign-off": {
            "signature": {"password": "x", "totp": "000000"},
        },
        "POST /api/v1/participants/{code}/record/unlock": {"reason": "r"},
        "PATCH /api/v1/participants/{code}/identity": {"phone": "+8613800138077", "reason": "r"},
        "POST /api/v1/participants/{code}/identity": {
            "phone": "+8613800138077",
            "year_of_birth": YEAR_OF_BIRTH,
        },
    }
    return world.request(
        route.method, path, headers=headers, json=bodies.get(_name(route)),
        query_string={"participant": code} if route.path.endswith("/journal") else None,
    )  # fmt: skip


def _told(answer: TestResponse) -> tuple[int, object]:
    """Return all that a caller learns, beyond the number of the request."""
    return answer.status_code, answer.get_json()


def _is_unsigned(answer: TestResponse) -> bool:
    told = answer.get_json(silent=True)
    return isinstance(told, dict) and told.get("error", {}).get("code") == "signature_not_proven"


def _refusal(route: Route, code: str, message: str) -> dict[str, object]:
    """Return a refusal in the one shape of errors; FHIR has its own."""
    if route.path.startswith("/fhir/"):
        status = 401 if code == "not_signed_in" else 403
        return fhir.outcome(code, message, status=status)
    return {"error": {"code": code, "message": message, "details": {}}}

"""Whatever is sent, the answer is one that docs/openapi.json announces, and never a fault of ours.

Schemathesis makes the requests, by the description that the application serves: fitting ones and
unfitting ones, from staff, a participant and nobody in particular. The odd ones that no schema
suggests follow. `make fuzz` looks longer, and elsewhere each time.
"""

import json
import os
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation

from epro.access import Role
from epro.api.access_table import routes_of
from epro.app import create_app
from tests.api.world import (
    API,
    ENROLLED,
    EVENING,
    HERE,
    PARTICIPANT,
    World,
    enrolment,
    submission,
)
from tests.databases import DatabaseKind
from tests.factories import PIN
from tests.settings import make_settings

pytestmark = pytest.mark.req("X-05", "E-01")

EXAMPLES = int(os.environ.get("EPRO_FUZZ_EXAMPLES", "10"))
SEED = int(os.environ.get("EPRO_FUZZ_SEED", "20260301"))
# The rules are the same on both; what differs is what a database refuses to store. Whoever is not
# let in meets the guard and nothing behind it.
ONE_IN_ON_POSTGRESQL = 5
ONE_IN_WHEN_REFUSED = 5

APP = create_app(make_settings("sqlite://"))
ROUTES = {f"{route.method} {route.path}": route for route in routes_of(APP)}
SCHEMA = schemathesis.openapi.from_dict(
    json.loads(APP.test_client().get("/api/openapi.json").data),
    config=SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {
                "max-examples": EXAMPLES,
                "database": "none",
                "with-security-parameters": False,
            },
            # Rules that live in the database cannot be in a schema.
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    ),
)
NUMBERS = count(1)


@pytest.fixture(params=[Role.COORDINATOR, Role.PARTICIPANT, Role.EDC_CLIENT, None])
def caller(request: pytest.FixtureRequest) -> Role | None:
    role: Role | None = request.param
    return role


@pytest.fixture
def headers(world: World, caller: Role | None) -> dict[str, str]:
    return world.sign_in(caller) if caller else {}


@SCHEMA.parametrize()
@settings(suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_is_announced(
    case: Case[Any],
    world: World,
    database_kind: DatabaseKind,
    caller: Role | None,
    headers: dict[str, str],
) -> None:
    one_in = ONE_IN_ON_POSTGRESQL if database_kind is DatabaseKind.POSTGRESQL else 1
    one_in *= 1 if _is_let_in(case, caller) else ONE_IN_WHEN_REFUSED
    turn, is_left_out = divmod(next(NUMBERS), one_in)
    if is_left_out:
        return
    if turn % 4:
        _lead_somewhere(case, world, turn)
    # The cases are made before there is an application to send them to.
    case.operation.app = case.operation.schema.app = world.app

    answer = case.call_and_validate(headers=headers, environ_base=world.a_new_address())

    assert answer.status_code < 500


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"true", b"[]", b'"x"', b"NaN", b'{"a": 1e999}', b'{"a": Infinity}',
        b"\xff\xfe{}", '{"a": 1}'.encode("utf-16"), b'{"a": "\\ud800"}', b'{"\\u0000": 1}',
        b'{"a": 1, "a": 2}', b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"a": ' + b"9" * 5_000 + b"}", b'{"a": "' + b"x" * 200_000 + b'"}', b"x" * 300_000,
    ],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
@pytest.mark.parametrize(
    "write",
    [
        "POST /sessions/activation", "POST /sessions/participant", "POST /sessions/staff",
        "POST /sessions/refresh", "POST /participants", f"POST /participants/{PARTICIPANT}/anchors",
        "PUT /me/responses/6f2b1b1e-5a5c-4c0e-9d0e-8f3f3d1c2a77",
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_refused_in_our_shape(world: World, write: str, body: bytes) -> None:
    method, path = write.split()
    who = Role.PARTICIPANT if "/me/" in path else Role.COORDINATOR
    headers = {**world.sign_in(who), "Answer-Age": "1", "Content-Type": "application/json"}

    answer = world.request(method, f"{API}{path}", data=body, headers=headers)

    assert answer.status_code in {400, 401, 413, 422}
    assert set(answer.get_json()["error"]) == {"code", "message", "details"}


@pytest.mark.parametrize(("body", "status"), [(b"[" * 5_000, 201), (b"x" * 300_000, 413)])
def test_a_body_that_nobody_asked_for_does_no_harm(world: World, body: bytes, status: int) -> None:
    """With a key it is part of what makes a request the same again."""
    path = f"{API}/participants/{ENROLLED}/activation-codes"
    headers = {**world.sign_in(Role.COORDINATOR), "Idempotency-Key": uuid4().hex}

    answers = [
        world.request(
            "POST", path, data=body, headers={**headers, "Content-Type": "application/json"}
        )
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [status] * 2


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", 'a/b; c="', "", "json"])
def test_a_body_of_another_kind_counts_as_none(world: World, content_type: str) -> None:
    headers = {**world.sign_in(Role.COORDINATOR), "Content-Type": content_type}

    answer = world.request("POST", f"{API}/participants", data=b"{}", headers=headers)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/participants/%FF", "/participants/%ED%A0%80", "/participants/%00", "/me/responses/1",
        f"/participants/{PARTICIPANT}%0A", f"/participants/{PARTICIPANT}/", "/me/responses/%00",
        f"/participants/{'A' * 33}", "/participants/..%2F..%2Fetc", "/questionnaires/%FF/1", "/%FF",
    ],
)  # fmt: skip
def test_a_path_that_cannot_be_is_not_found(world: World, path: str) -> None:
    answer = world.request("GET", f"{API}{path}", headers=world.sign_in(Role.COORDINATOR))

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=1&limit=2", 200), ("cursor=%FF", 200), ("cursor=%ED%A0%80", 200),
        ("a=1&" * 3_000, 200),
        ("limit=" + "9" * 5_000, 422), ("limit=1e3", 422), ("limit=0", 422), ("limit=", 422),
        ("cursor=%00", 422), ("site=%00", 422), ("%00=1", 422), ("cursor=" + "x" * 33, 422),
    ],
)  # fmt: skip
def test_odd_queries_have_an_answer(world: World, query: str, status: int) -> None:
    path, headers = f"{API}/participants?{query}", world.sign_in(Role.COORDINATOR)

    assert world.request("GET", path, headers=headers).status_code == status


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "X Y"])
def test_odd_methods_are_refused_and_say_which_are_not(world: World, method: str) -> None:
    answer = world.request(method, f"{API}/sessions/staff")

    assert answer.status_code == (200 if method == "OPTIONS" else 405)
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer", "Bearer ", "Bearer x", "Bearer a b", "Bearer a.b.c", "Bearer \xff", "Basic eDp5",
        "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer " + "x" * 9_000, "",
    ],
)  # fmt: skip
def test_a_token_that_is_none_is_nobody(world: World, authorization: str) -> None:
    for method, path in (("GET", "/me"), ("POST", "/sessions/refresh")):
        answer = world.request(method, f"{API}{path}", headers={"Authorization": authorization})

        assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:30:00Z"]
)
def test_an_instant_that_no_zone_can_hold_is_refused(world: World, instant: str) -> None:
    coordinator, her = world.sign_in(Role.COORDINATOR), world.sign_in(Role.PARTICIPANT)
    body = enrolment("SZ01-801")
    body["consents"][0]["given_at"] = instant
    due = {"id": str(world.known.assessment), "questionnaire": _reference(world)}
    anchor = {"event": "INF1_PLANNED", "occurred_at": instant}

    answers = [
        world.request("POST", f"{API}/participants", json=body, headers=coordinator),
        world.request(
            "POST", f"{API}/participants/{ENROLLED}/anchors", json=anchor, headers=coordinator
        ),
        world.request(
            "PUT", f"{API}/me/responses/{uuid4()}", json=submission(due, answered_at=instant),
            headers={**her, "Answer-Age": "1"},
        ),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [422] * 3


def test_nonsense_in_every_answer_is_refused_or_stored(world: World) -> None:
    """Judged by the questionnaire, not by a schema: so the description cannot suggest it."""
    nonsense: tuple[Any, ...] = (
        None, True, -1, 10**400, 1e300, "", "x" * 9_000, [], {}, [[]], ["none", "none"], [None],
        "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", -0.0,
    )  # fmt: skip
    due = {"id": str(world.known.assessment), "questionnaire": _reference(world)}
    headers = {**world.sign_in(Role.PARTICIPANT), "Answer-Age": "1"}
    items = [item.link_id for item in world.known.questionnaire.items]

    answers = [
        world.request(
            "PUT", f"{API}/me/responses/{uuid4()}", headers=headers,
            json=submission(
                due, status="in_progress",
                answers=[{"link_id": item, "value": value} for item in items],
            ),
        )
        for value in nonsense
    ]  # fmt: skip

    assert {answer.status_code for answer in answers} <= {201, 422}


def _is_let_in(case: Case[Any], caller: Role | None) -> bool:
    """Tell whether this caller gets past the guard; a public route is called without a token."""
    route = ROUTES[case.operation.label]
    if caller is None or route.is_public:
        return caller is None and route.is_public
    return route.is_open_to(caller)


def _lead_somewhere(case: Case[Any], world: World, number: int) -> None:
    """Put what exists where the description can only say which form it has."""
    paths: dict[str, Any] = {
        "code": PARTICIPANT, "version": world.known.questionnaire.version,
        "response_id": str(world.known.response), "device_id": str(world.known.device),
    }  # fmt: skip
    if "/questionnaires/" in case.path:
        paths["code"] = world.known.questionnaire.code
    if _is_positive(case, ParameterLocation.PATH):
        case.path_parameters = {
            name: paths.get(name, made_up) for name, made_up in case.path_parameters.items()
        }
    if isinstance(case.body, dict) and _is_positive(case, ParameterLocation.BODY):
        case.body = case.body | _known_values(world, number).get(case.operation.label, {})


def _known_values(world: World, number: int) -> dict[str, dict[str, Any]]:
    """Return by operation what its body has to name for more than a refusal to come of it."""
    due = {"assessment_id": str(world.known.assessment), "questionnaire": _reference(world)}
    answers = submission({"id": None, "questionnaire": _reference(world)})["answers"]
    if number % 2:
        due["answers"] = answers
    return {
        "POST /api/v1/participants": enrolment(f"{HERE}-{number % 1000:03}"),
        "POST /api/v1/participants/{code}/anchors": {"occurred_at": EVENING.isoformat()},
        "POST /api/v1/sessions/participant": {"code": PARTICIPANT, "pin": PIN},
        "PUT /api/v1/me/responses/{response_id}": due,
    }


def _is_positive(case: Case[Any], location: ParameterLocation) -> bool:
    component = case.meta.components.get(location) if case.meta else None
    return component is not None and component.mode.is_positive


def _reference(world: World) -> dict[str, str]:
    known = world.known.questionnaire
    return {"code": known.code, "version": known.version}

"""What the clinical database changes, and what the site does about it: a case for each route."""

from datetime import timedelta
from itertools import count

from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import (
    API,
    HERE,
    INFUSED_AT,
    PARTICIPANT,
    YEAR_OF_BIRTH,
    World,
    enrolment,
)

EDC = "/api/edc/v1"
NUMBERS = count(700)


def enrol_by_code(world: World) -> TestResponse:
    body = enrolment(f"{HERE}-{next(NUMBERS)}")
    coded = {name: body[name] for name in ("code", "site", "language", "consents")}
    return world.request(
        "POST", f"{EDC}/participants", json=coded, headers=world.sign_in(Role.EDC_CLIENT)
    )


def record_identity(world: World) -> TestResponse:
    code = enrol_by_code(world).get_json()["code"]
    return world.request(
        "POST", f"{API}/participants/{code}/identity",
        json={"phone": "+8613800138077", "year_of_birth": YEAR_OF_BIRTH},
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip


def correct_identity(world: World) -> TestResponse:
    return world.request(
        "PATCH", f"{API}/participants/{PARTICIPANT}/identity",
        json={"phone": f"+86138001{next(NUMBERS):05}", "reason": "new number"},
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip


def give_anchor(world: World) -> TestResponse:
    at = INFUSED_AT + timedelta(seconds=next(NUMBERS))
    return world.request(
        "POST", f"{EDC}/participants/{PARTICIPANT}/anchors",
        json={"event": "INF1", "occurred_at": at.isoformat()},
        headers=world.sign_in(Role.EDC_CLIENT),
    )  # fmt: skip


def decide_anchor_query(world: World) -> TestResponse:
    query = give_anchor(world).get_json()["query"]
    return world.request(
        "POST", f"{API}/anchor-queries/{query['id']}/decision",
        json={"is_accepted": False, "reason": "looked at the paper"},
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip


def withdraw(world: World) -> TestResponse:
    code = enrol_by_code(world).get_json()["code"]
    return world.request(
        "POST", f"{EDC}/participants/{code}/withdrawal",
        json={"withdrawn_from": "diary", "occurred_at": world.clock.now().isoformat(),
              "reason": "told at the visit"},
        headers=world.sign_in(Role.EDC_CLIENT),
    )  # fmt: skip


def request_snapshot(world: World) -> TestResponse:
    return world.request(
        "POST", f"{EDC}/snapshots", json={"files": []}, headers=world.sign_in(Role.EDC_CLIENT)
    )

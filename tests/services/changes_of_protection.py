"""Successful requests about the registers of data protection, with their verbs."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, HERE, World

CODES = (f"{HERE}-{number}" for number in count(800))


def a_request(**but: str) -> dict[str, str]:
    """Return a body that records a request, received on the day that the world stands still."""
    said = {"kind": "copy", "asked_by": "herself", "identity_check": "known_in_person",
            "received_on": "2026-03-01", "words": "想要一份自己的日记"}  # fmt: skip
    return said | but


def an_incident(world: World, **but: Any) -> dict[str, Any]:
    """Return a body that enters a breach found just now."""
    said = {"kind": "lost_device", "severity": "minor", "found_at": world.clock.now().isoformat(),
            "found_by": "研究护士", "happened": "平板不见了", "data_concerned": "未提交的日记",
            "person_count": 2}  # fmt: skip
    return said | but


def post(world: World, path: str, body: dict[str, Any] | None = None) -> TestResponse:
    headers = world.sign_in(Role.COORDINATOR)
    return world.request("POST", f"{API}{path}", json=body, headers=headers)


def record_request(world: World, code: str | None = None, **but: str) -> TestResponse:
    if code is None:
        code = next(CODES)
        world.enrol(code, site=HERE, by=Role.COORDINATOR)
    return post(world, f"/participants/{code}/data-requests", a_request(**but))


def on_a_request(act: str, body: dict[str, Any] | None = None) -> Callable[[World], TestResponse]:
    """Return a call of one act on a request of its own."""

    def call(world: World) -> TestResponse:
        request_id = record_request(world).get_json()["id"]
        return post(world, f"/data-requests/{request_id}/{act}", body)

    return call


def to_erase(world: World) -> str:
    """Return the id of a request for erasure by somebody who has left altogether."""
    made = record_request(world, kind="erasure").get_json()
    left = {"life_cycle": "withdrawn_from_all", "occurred_at": world.clock.now().isoformat(),
            "reason": "her wish"}  # fmt: skip
    answer = world.request(
        "PUT", f"{API}/participants/{made['participant']}/life-cycle", json=left,
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return str(made["id"])


def erase(world: World) -> TestResponse:
    return post(world, f"/data-requests/{to_erase(world)}/erasure")


def record_incident(world: World, **but: Any) -> TestResponse:
    return post(world, f"/sites/{HERE}/data-incidents", an_incident(world, **but))


def on_an_incident(world: World, act: str, body: dict[str, Any]) -> TestResponse:
    incident_id = record_incident(world).get_json()["id"]
    return post(world, f"/data-incidents/{incident_id}/{act}", body)


def take_step(world: World) -> TestResponse:
    body = {"words": "远程擦除", "taken_at": world.clock.now().isoformat(), "taken_by": "研究护士"}
    return on_an_incident(world, "steps", body)


def settle(world: World) -> TestResponse:
    body = {"recipient": "regulator", "not_needed_because": "已加密"}
    return on_an_incident(world, "notices", body)


def ready_to_close(world: World) -> str:
    """Return the id of a breach that is contained and of which everybody was told."""
    entered = record_incident(world, found_at=_earlier(world)).get_json()
    path, now = f"/data-incidents/{entered['id']}", world.clock.now().isoformat()
    step = {"words": "擦除", "taken_at": now, "taken_by": "研究护士", "is_contained": True}
    assert post(world, f"{path}/steps", step).status_code == 200
    for notice in entered["notices"]:
        told = {"recipient": notice["recipient"], "told_at": now, "proof": "邮件"}
        assert post(world, f"{path}/notices", told).status_code == 200
    return str(entered["id"])


def close(world: World) -> TestResponse:
    ended = {"cause": "没有登记", "prevention": "每晚清点"}
    return post(world, f"/data-incidents/{ready_to_close(world)}/closure", ended)


def _earlier(world: World) -> str:
    return (world.clock.now() - timedelta(hours=1)).isoformat()


CASES_OF_PROTECTION: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /api/v1/participants/{code}/data-requests": (record_request, "data_request.recorded"),
    "POST /api/v1/data-requests/{request_id}/steps": (
        on_a_request("steps", {"words": "已联系"}), "data_request.step_taken",
    ),
    "POST /api/v1/data-requests/{request_id}/extension": (
        on_a_request("extension", {"due_on": "2026-05-01", "reason": "已告知"}),
        "data_request.step_taken",
    ),
    "POST /api/v1/data-requests/{request_id}/copy": (
        on_a_request("copy"), "data_request.step_taken",
    ),
    "POST /api/v1/data-requests/{request_id}/erasure": (erase, "identity.erased"),
    "POST /api/v1/data-requests/{request_id}/end": (
        on_a_request("end", {"outcome": "fulfilled", "explanation": "已交给她"}),
        "data_request.ended",
    ),
    "POST /api/v1/sites/{site}/data-incidents": (record_incident, "data_incident.recorded"),
    "POST /api/v1/data-incidents/{incident_id}/steps": (take_step, "data_incident.step_taken"),
    "POST /api/v1/data-incidents/{incident_id}/notices": (
        settle, "data_incident.notice_settled",
    ),
    "POST /api/v1/data-incidents/{incident_id}/closure": (close, "data_incident.closed"),
}  # fmt: skip

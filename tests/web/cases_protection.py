"""Each form of the registers of data protection, sent so that it is taken."""

from collections.abc import Callable

from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import HERE, PARTICIPANT, World
from tests.services.changes_of_protection import (
    a_request,
    ready_to_close,
    record_incident,
    record_request,
    to_erase,
)
from tests.web.pages import send

NOW = "2026-03-01T19:00"  # where the world stands still, by the clock of its site


def record_a_request(world: World) -> TestResponse:
    return _send(world, "/data-requests", code=PARTICIPANT, **a_request())


def on_a_request(act: str, **fields: str) -> Callable[[World], TestResponse]:
    def call(world: World) -> TestResponse:
        request_id = record_request(world).get_json()["id"]
        return _send(world, f"/data-requests/{request_id}/{act}", **fields)

    return call


def erase(world: World) -> TestResponse:
    return _send(world, f"/data-requests/{to_erase(world)}/erasure", confirm="yes")


def record_a_breach(world: World) -> TestResponse:
    return _send(
        world, "/data-incidents", site=HERE, kind="wrong_recipient", severity="minor",
        found_at=NOW, found_by="研究护士", happened="发错了人", data_concerned="一份日记",
        person_count="", is_exercise="yes",
    )  # fmt: skip


def on_a_breach(act: str, **fields: str) -> Callable[[World], TestResponse]:
    def call(world: World) -> TestResponse:
        incident_id = record_incident(world).get_json()["id"]
        return _send(world, f"/data-incidents/{incident_id}/{act}", **fields)

    return call


def close(world: World) -> TestResponse:
    path = f"/data-incidents/{ready_to_close(world)}/closure"
    return _send(world, path, cause="没有登记", prevention="每晚清点")


def _send(world: World, path: str, **fields: str) -> TestResponse:
    return send(world.sign_in_to_console(Role.COORDINATOR), path, **fields)


PROTECTION_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/data-requests": (record_a_request, "data_request.recorded"),
    "POST /console/data-requests/{request_id}/steps": (
        on_a_request("steps", words="已联系"), "data_request.step_taken",
    ),
    "POST /console/data-requests/{request_id}/extension": (
        on_a_request("extension", due_on="2026-05-01", reason="已告知"), "data_request.step_taken",
    ),
    "POST /console/data-requests/{request_id}/copy": (
        on_a_request("copy"), "data_request.step_taken",
    ),
    "POST /console/data-requests/{request_id}/erasure": (erase, "identity.erased"),
    "POST /console/data-requests/{request_id}/end": (
        on_a_request("end", outcome="fulfilled", explanation="已交给她"), "data_request.ended",
    ),
    "POST /console/data-incidents": (record_a_breach, "data_incident.recorded"),
    "POST /console/data-incidents/{incident_id}/steps": (
        on_a_breach("steps", words="擦除", taken_at=NOW, taken_by="研究护士"),
        "data_incident.step_taken",
    ),
    "POST /console/data-incidents/{incident_id}/notices": (
        on_a_breach("notices", recipient="regulator", not_needed_because="已加密"),
        "data_incident.notice_settled",
    ),
    "POST /console/data-incidents/{incident_id}/closure": (close, "data_incident.closed"),
}  # fmt: skip

"""Successful requests about the record of a participant as a whole, with their verbs."""

from collections.abc import Callable
from itertools import count

from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, HERE, World

CODES = (f"{HERE}-{number}" for number in count(900))


def record_path(world: World) -> str:
    """Return the path of the record of somebody whom nothing is open about."""
    code = next(CODES)
    world.enrol(code, site=HERE, by=Role.COORDINATOR)
    return f"{API}/participants/{code}/record"


def sign_off(world: World, path: str | None = None) -> TestResponse:
    body = {"signature": world.proof(Role.INVESTIGATOR)}
    return world.request(
        "POST", f"{path or record_path(world)}/sign-off", json=body,
        headers=world.sign_in(Role.INVESTIGATOR),
    )  # fmt: skip


def lock(world: World, path: str | None = None) -> TestResponse:
    path = path or record_path(world)
    assert sign_off(world, path).status_code == 200
    return world.request("POST", f"{path}/lock", headers=world.sign_in(Role.PRINCIPAL_INVESTIGATOR))


def unlock(world: World) -> TestResponse:
    path = record_path(world)
    assert lock(world, path).status_code == 200
    return world.request(
        "POST", f"{path}/unlock", json={"reason": "漏了一条"},
        headers=world.sign_in(Role.PRINCIPAL_INVESTIGATOR),
    )  # fmt: skip


CASES_OF_RECORDS: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /api/v1/participants/{code}/record/sign-off": (sign_off, "record.signed"),
    "POST /api/v1/participants/{code}/record/lock": (lock, "record.locked"),
    "POST /api/v1/participants/{code}/record/unlock": (unlock, "record.unlocked"),
}

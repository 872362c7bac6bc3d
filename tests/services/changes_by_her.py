"""Successful requests of a participant about herself and her phone, with their verbs."""

from collections.abc import Callable
from itertools import count
from uuid import uuid4

from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, World
from tests.factories import PIN

NUMBERS = count()


def change_own_zone(world: World) -> TestResponse:
    return _put_own(world, "zone", [{"zone": "Asia/Urumqi"}, {"zone": "Asia/Shanghai"}])


def change_own_slot(world: World) -> TestResponse:
    return _put_own(world, "diary-slot", [{"diary_slot": "morning"}, {"diary_slot": "evening"}])


def _put_own(world: World, what: str, bodies: list[dict[str, str]]) -> TestResponse:
    """Change it and change it back: others share this participant."""
    headers = world.sign_in(Role.PARTICIPANT)
    answers = [
        world.request("PUT", f"{API}/me/{what}", json=body, headers=headers) for body in bodies
    ]
    return answers[0]


def choose_preferences(world: World) -> TestResponse:
    minute = next(NUMBERS) % 60
    return world.request(
        "PATCH", f"{API}/me/preferences", json={"reminder_time": f"19:{minute:02d}"},
        headers=world.sign_in(Role.PARTICIPANT),
    )  # fmt: skip


def move_to_another_phone(world: World) -> TestResponse:
    her = world.sign_in(Role.PARTICIPANT)
    return world.request("POST", f"{API}/me/transfer-code", json={"pin": PIN}, headers=her)


def note_stuck(world: World) -> TestResponse:
    stuck, her = (
        {"response_id": str(uuid4()), "refusal": "invalid"},
        world.sign_in(Role.PARTICIPANT),
    )
    return world.request("POST", f"{API}/me/stuck", json=stuck, headers=her)


CASES_OF_HER_OWN: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "PUT /api/v1/me/zone": (change_own_zone, "participant.moved_to_zone"),
    "PUT /api/v1/me/diary-slot": (change_own_slot, "participant.diary_slot_chosen"),
    "PATCH /api/v1/me/preferences": (choose_preferences, "participant.preferences_changed"),
    "POST /api/v1/me/transfer-code": (move_to_another_phone, "activation_code.issued"),
    "POST /api/v1/me/stuck": (note_stuck, "work_item.added"),
}

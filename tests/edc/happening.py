"""Everything that an export can hold, made to happen in one trial, over HTTP as people do it."""

from typing import Any

from epro.access import Role
from tests.api.world import API, PARTICIPANT, World, new_event
from tests.edc.pulling import report_in_own_words
from tests.services.changes_by_people import sign_event, void_event
from tests.services.changes_of_flags import close, log_contact

TERM = "头痛 𠮷野 headache"


def as_investigator(world: World, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = world.request(
        method, f"{API}{path}", json=body, headers=world.sign_in(Role.INVESTIGATOR)
    )
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def enter_event(world: World, **facts: Any) -> str:
    """Enter an adverse event of the infusion day; return its id."""
    body = new_event(**{"term": TERM} | facts)
    return str(
        as_investigator(world, "POST", f"/participants/{PARTICIPANT}/adverse-events", body)["id"]
    )


def revise_event(world: World, event_id: str, version: int, **facts: Any) -> None:
    """Say of an event what is known by now."""
    body = new_event(**{"term": TERM} | facts) | {"version": version, "reason": "复诊"}
    as_investigator(world, "PUT", f"/adverse-events/{event_id}", body)


def candidates(world: World) -> list[dict[str, Any]]:
    path = f"/participants/{PARTICIPANT}/adverse-event-candidates"
    found: list[dict[str, Any]] = as_investigator(world, "GET", path)["items"]
    return found


def accept(world: World, candidate: dict[str, Any]) -> None:
    """Decide that a candidate is an event."""
    path = f"/participants/{PARTICIPANT}/adverse-event-candidates/{candidate['id']}/decision"
    as_investigator(
        world, "POST", path,
        {"disposition": "accepted", "reason": "看过", "event": new_event()["event"]},
    )  # fmt: skip


def everything(world: World) -> str:
    """Have each kind of change happen at least once; return the id of a signed event."""
    report_in_own_words(world)
    accept(world, next(one for one in candidates(world) if one["state"] == "undecided"))
    report_in_own_words(world)
    signed = sign_event(world)
    assert signed.status_code in {200, 201}, signed.text
    for happening in (void_event, close, log_contact):
        answer = happening(world)
        assert answer.status_code in {200, 201}, answer.text
    return str(signed.get_json()["id"])

"""Acts on flags, each called once and successfully, for the test that nothing goes unrecorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import FlagTrigger, SafetyFlag
from questionnaires.tiers import Tier
from tests.api.world import API, PARTICIPANT, World, submission
from tests.services.changes_by_people import (
    acknowledge_drill,
    enter_roster,
    log_number_check,
    record_code_break,
    start_drill,
)


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


CASES_OF_FLAGS: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /api/v1/flags/{flag_id}/acknowledgement": (acknowledge_flag, "flag.acknowledged"),
    "POST /api/v1/flags/{flag_id}/reassignment": (reassign, "flag.reassigned"),
    "POST /api/v1/flags/{flag_id}/assessments": (assess, "flag.assessed"),
    "POST /api/v1/flags/{flag_id}/awareness": (state_awareness, "flag.awareness_stated"),
    "POST /api/v1/flags/{flag_id}/later-awareness": (state_later_awareness, "record.signed"),
    "POST /api/v1/flags/{flag_id}/sendings": (record_sending, "flag.reported"),
    "POST /api/v1/flags/{flag_id}/closure": (close, "flag.closed"),
    "POST /api/v1/flags/{flag_id}/signature": (sign_again, "record.signed"),
    "POST /api/v1/participants/{code}/contacts": (log_contact, "contact.logged"),
    "POST /api/v1/sites/{site}/rosters": (enter_roster, "roster.entered"),
    "POST /api/v1/sites/{site}/drills": (start_drill, "drill.started"),
    "POST /api/v1/drills/{drill_id}/acknowledgement": (acknowledge_drill, "drill.acknowledged"),
    "POST /api/v1/sites/{site}/number-checks": (log_number_check, "number_check.logged"),
    "POST /api/v1/participants/{code}/code-breaks": (record_code_break, "code_break.recorded"),
}  # fmt: skip

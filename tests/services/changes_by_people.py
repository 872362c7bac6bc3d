"""Successful requests about corrections, adverse events and delegations, with their verbs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, HERE, PARTICIPANT, World, new_event, submission


def correct_own(world: World) -> TestResponse:
    return _correct(world, _report(world))


def confirm_own(world: World) -> TestResponse:
    asked = put_down_correction(world).get_json()
    path, word = f"{API}/me/corrections/{asked['id']}/word", {"is_right": True}
    return world.request("POST", path, json=word, headers=world.sign_in(Role.PARTICIPANT))


def put_down_correction(world: World) -> TestResponse:
    said = {"source": "call", "said_at": world.clock.now().isoformat(), "said_words": "好多了"}
    body = _corrected(_report(world)) | said
    path = f"{API}/participants/{PARTICIPANT}/corrections"
    return world.request("POST", path, json=body, headers=world.sign_in(Role.COORDINATOR))


def put_down_call(world: World) -> TestResponse:
    asked = put_down_correction(world).get_json()
    call = {"is_right": True, "call_at": world.clock.now().isoformat(), "call_words": "对"}
    path = f"{API}/corrections/{asked['id']}/call"
    return world.request("POST", path, json=call, headers=world.sign_in(Role.COORDINATOR))


def decide_correction(world: World) -> TestResponse:
    asked = put_down_call(world).get_json()
    path = f"{API}/corrections/{asked['id']}/decision"
    decision = {"is_approved": True, "reason": "她的说法可信"}
    return world.request("POST", path, json=decision, headers=world.sign_in(Role.INVESTIGATOR))


def answer_safety_question(world: World) -> TestResponse:
    report = submission({"id": None, "questionnaire": {"code": "ae_report", "version": "1.0.0"}})
    others = [one for one in report["answers"] if one["link_id"] != "note"]
    report["answers"] = [*others, {"link_id": "note", "value": "昨晚住院了"}]
    her, path = world.sign_in(Role.PARTICIPANT), f"{API}/me/responses/{uuid4()}"
    stored = world.request("PUT", path, json=report, headers={**her, "Answer-Age": "1"})
    path = f"{API}/me/safety-questions/{stored.get_json()['safety_question']['id']}/answer"
    answer = {"help_now": False, "hospital": "unplanned"}
    return world.request("POST", path, json=answer, headers=her)


def _report(world: World) -> str:
    """Send a problem report and return its id."""
    report = {"id": None, "questionnaire": {"code": "ae_report", "version": "1.0.0"}}
    response_id, her = uuid4(), world.sign_in(Role.PARTICIPANT)
    answer = world.request(
        "PUT", f"{API}/me/responses/{response_id}", json=submission(report),
        headers={**her, "Answer-Age": "1"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(response_id)


def _corrected(response_id: str) -> dict[str, Any]:
    reference = {"code": "ae_report", "version": "1.0.0"}
    answers = submission({"id": None, "questionnaire": reference})["answers"]
    for one in answers:
        if one["link_id"] == "effect":
            one["value"] = "rest"
    return {
        "response_id": response_id, "questionnaire": reference, "corrected_revision": 1,
        "answers": answers, "reason": "按错了",
    }  # fmt: skip


def _correct(world: World, response_id: str) -> TestResponse:
    body = {**_corrected(response_id), "corrected_at": world.clock.now().isoformat()}
    body.pop("response_id")
    return world.request(
        "PUT", f"{API}/me/responses/{response_id}/corrections/{uuid4()}", json=body,
        headers={**world.sign_in(Role.PARTICIPANT), "Answer-Age": "1"},
    )  # fmt: skip


def enter_roster(world: World) -> TestResponse:
    hours = {"begins_at": "2026-03-02T00:00:00+08:00", "ends_at": "2026-03-03T00:00:00+08:00"}
    shifts = [
        {"duty": "on_call", "person": "investigator", **hours},
        {"duty": "backup", "person": "principal_investigator", **hours},
    ]
    body = {"from_on": "2026-03-02", "to_on": "2026-03-02", "shifts": shifts}
    headers = world.sign_in(Role.COORDINATOR)
    return world.request("POST", f"{API}/sites/{HERE}/rosters", json=body, headers=headers)


def start_drill(world: World) -> TestResponse:
    headers = world.sign_in(Role.COORDINATOR)
    return world.request("POST", f"{API}/sites/{HERE}/drills", headers=headers)


def acknowledge_drill(world: World) -> TestResponse:
    path = f"{API}/drills/{start_drill(world).get_json()['id']}/acknowledgement"
    return world.request("POST", path, headers=world.sign_in(Role.INVESTIGATOR))


def log_number_check(world: World) -> TestResponse:
    body, headers = {"which": "site_phone", "is_answered": True}, world.sign_in(Role.COORDINATOR)
    return world.request("POST", f"{API}/sites/{HERE}/number-checks", json=body, headers=headers)


def record_code_break(world: World) -> TestResponse:
    body = {"kind": "emergency", "happened_at": world.clock.now().isoformat(),
            "done_by": "investigator"}  # fmt: skip
    path = f"{API}/participants/{PARTICIPANT}/code-breaks"
    return world.request("POST", path, json=body, headers=world.sign_in(Role.INVESTIGATOR))


def delegate(world: World) -> TestResponse:
    body = {
        "person": "investigator", "task": "assess_event", "from_on": "2026-03-02",
        "signature": world.proof(Role.PRINCIPAL_INVESTIGATOR),
    }  # fmt: skip
    headers = world.sign_in(Role.PRINCIPAL_INVESTIGATOR)
    return world.request("POST", f"{API}/sites/{HERE}/delegations", json=body, headers=headers)


def end_delegation(world: World) -> TestResponse:
    line, headers = delegate(world).get_json(), world.sign_in(Role.PRINCIPAL_INVESTIGATOR)
    body = {"ended_on": "2026-03-02", "reason": "leaves",
            "signature": world.proof(Role.PRINCIPAL_INVESTIGATOR)}  # fmt: skip
    path = f"{API}/delegations/{line['id']}/end"
    return world.request("POST", path, json=body, headers=headers)


def enter_event(world: World) -> TestResponse:
    path = f"{API}/participants/{PARTICIPANT}/adverse-events"
    return world.request("POST", path, json=new_event(), headers=world.sign_in(Role.INVESTIGATOR))


def revise_event(world: World) -> TestResponse:
    body = new_event(relationship="unlikely") | {"version": 1}
    return _about_event(world, "PUT", "", body)


def void_event(world: World) -> TestResponse:
    return _about_event(world, "POST", "/void", {"reason": "x"})


def sign_event(world: World) -> TestResponse:
    body = {"version": 1, "signature": world.proof(Role.INVESTIGATOR)}
    return _about_event(world, "POST", "/signature", body)


def report_medicines(world: World) -> UUID:
    """Have her report a medicine; return the response."""
    medicines = {"id": None, "questionnaire": {"code": "medicines", "version": "1.0.0"}}
    response_id, her = uuid4(), world.sign_in(Role.PARTICIPANT)
    taken = world.request(
        "PUT", f"{API}/me/responses/{response_id}", json=submission(medicines),
        headers={**her, "Answer-Age": "1"},
    )  # fmt: skip
    assert taken.status_code == 201, taken.text
    return response_id


def link_event(world: World) -> TestResponse:
    report = report_medicines(world)
    return _about_event(world, "PUT", "/links", {"response_ids": [str(report)], "reason": "x"})


def decide_candidate(world: World) -> TestResponse:
    _report(world)
    headers = world.sign_in(Role.INVESTIGATOR)
    path = f"{API}/participants/{PARTICIPANT}/adverse-event-candidates"
    found = world.request("GET", path, headers=headers).get_json()["items"]
    undecided = next(one for one in found if one["state"] == "undecided")
    return world.request(
        "POST", f"{path}/{undecided['id']}/decision", headers=headers,
        json={"disposition": "declined", "reason": "x"},
    )  # fmt: skip


def reconcile_events(world: World) -> TestResponse:
    header = "participant,number,term,onset_on,ended_on,grade,serious\n"
    return world.request(
        "POST", f"{API}/adverse-event-reconciliation", json={"csv": header},
        headers=world.sign_in(Role.MONITOR),
    )  # fmt: skip


def _about_event(world: World, method: str, path: str, body: dict[str, Any]) -> TestResponse:
    event_id = enter_event(world).get_json()["id"]
    return world.request(
        method, f"{API}/adverse-events/{event_id}{path}", json=body,
        headers=world.sign_in(Role.INVESTIGATOR),
    )  # fmt: skip


CASES_OF_EVENTS: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "PUT /api/v1/me/responses/{response_id}/corrections/{correction_id}": (
        correct_own,
        "response.corrected",
    ),
    "POST /api/v1/me/safety-questions/{question_id}/answer": (
        answer_safety_question,
        "safety_question.answered",
    ),
    "POST /api/v1/me/corrections/{correction_id}/word": (confirm_own, "correction.confirmed"),
    "POST /api/v1/participants/{code}/corrections": (put_down_correction, "correction.put_down"),
    "POST /api/v1/corrections/{correction_id}/call": (put_down_call, "correction.confirmed"),
    "POST /api/v1/corrections/{correction_id}/decision": (
        decide_correction,
        "correction.approved",
    ),
    "POST /api/v1/participants/{code}/adverse-events": (enter_event, "adverse_event.recorded"),
    "POST /api/v1/participants/{code}/adverse-event-candidates/{candidate_id}/decision": (
        decide_candidate,
        "candidate.decided",
    ),
    "PUT /api/v1/adverse-events/{event_id}": (revise_event, "adverse_event.revised"),
    "PUT /api/v1/adverse-events/{event_id}/links": (link_event, "adverse_event.linked"),
    "POST /api/v1/adverse-events/{event_id}/void": (void_event, "adverse_event.voided"),
    "POST /api/v1/adverse-events/{event_id}/signature": (sign_event, "record.signed"),
    "POST /api/v1/adverse-event-reconciliation": (
        reconcile_events,
        "adverse_event_list.reconciled",
    ),
}

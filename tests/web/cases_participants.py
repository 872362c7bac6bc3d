"""Each form of the pages about participants, sent so that it is taken."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

from werkzeug.test import TestResponse

from epro.access import Role
from tests.api.world import API, EVENING, HERE, INFUSED_AT, World, infusion
from tests.factories import shipped_package
from tests.web.pages import CONSOLE, csrf_of, send

CODES = (f"{HERE}-{number}" for number in count(500))
NEEDED = [one.kind.value for one in shipped_package().consents if one.required]


def enrol(world: World, code: str | None = None) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    fields = {
        "csrf": csrf_of(browser), "code": code or next(CODES), "year_of_birth": "1968",
        "phone": "+8613800138000", "language": "zh", "document_version": "2.0",
        "given_at": "2026-03-01T08:00", "explained_by": "李敏", "paper_location": "binder 1",
        "consents": NEEDED,
    }  # fmt: skip
    return browser.post(f"{CONSOLE}/participants/new", data=fields)


def somebody(world: World) -> str:
    """Return the code of a participant whom nobody else touches."""
    code = next(CODES)
    assert enrol(world, code).status_code == 200
    return code


def issue_code(world: World) -> TestResponse:
    return _send(world, "activation-codes")


def revoke_device(world: World) -> TestResponse:
    code, browser = somebody(world), world.sign_in_to_console(Role.COORDINATOR)
    issued = world.request(
        "POST", f"{API}/participants/{code}/activation-codes",
        headers=world.sign_in(Role.COORDINATOR),
    ).get_json()  # fmt: skip
    phone = world.request(
        "POST", f"{API}/sessions/activation",
        json={"code": issued["activation_code"], "year_of_birth": 1968, "pin": "274913"},
    ).get_json()  # fmt: skip
    return send(browser, f"/participants/{code}/devices/{phone['id']}/revocation")


def show_number(world: World) -> TestResponse:
    return _send(world, "phone")


def record_identity(world: World) -> TestResponse:
    code = next(CODES)
    paper = {"document_version": "2.0", "given_at": EVENING.isoformat(), "explained_by": "Li Min",
             "paper_location": "binder 1"}  # fmt: skip
    added = world.request(
        "POST", "/api/edc/v1/participants", headers=world.sign_in(Role.EDC_CLIENT),
        json={"code": code, "site": HERE, "language": "zh",
              "consents": [{"kind": kind, **paper} for kind in NEEDED]},
    )  # fmt: skip
    assert added.status_code == 201, added.text
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(
        browser, f"/participants/{code}/identity", phone="+8613800138000", year_of_birth="1970"
    )


def correct_identity(world: World) -> TestResponse:
    return _send(world, "identity/correction", phone="+86 139 0013 9055", reason="换号")


def record_anchor(world: World) -> TestResponse:
    return _send(world, "anchors", event="INF1", occurred_at="2026-03-01T18:00")


def withdraw_anchor(world: World) -> TestResponse:
    code, browser = somebody(world), world.sign_in_to_console(Role.COORDINATOR)
    send(browser, f"/participants/{code}/anchors", event="INF1", occurred_at="2026-03-01T18:00")
    return send(
        browser, f"/participants/{code}/anchors/withdrawal", event="INF1", reason="her neighbour"
    )


def decide_query(world: World) -> TestResponse:
    code, browser = somebody(world), world.sign_in_to_console(Role.COORDINATOR)
    world.request("POST", f"{API}/participants/{code}/anchors", json=infusion(),
                  headers=world.sign_in(Role.COORDINATOR))  # fmt: skip
    theirs = (INFUSED_AT + timedelta(hours=2)).isoformat()
    opened = world.request(
        "POST", f"/api/edc/v1/participants/{code}/anchors",
        json={"event": "INF1", "occurred_at": theirs}, headers=world.sign_in(Role.EDC_CLIENT),
    ).get_json()  # fmt: skip
    path = f"/participants/{code}/anchor-queries/{opened['query']['id']}/decision"
    return send(browser, path, is_accepted="no", reason="ours is from the pump")


def change_life_cycle(world: World) -> TestResponse:
    return _send(world, "life-cycle", life_cycle="paused", reason="in hospital")


def give_consent(world: World) -> TestResponse:
    return _send(
        world, "consents", kind="sms_processor", document_version="2.0",
        given_at="2026-03-01T09:00", explained_by="Li Min", paper_location="binder 1",
    )  # fmt: skip


def withdraw_consent(world: World) -> TestResponse:
    code = give_consent(world).request.path.split("/")[-2]
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/participants/{code}/consents/withdrawal", kind="sms_processor")


def change_zone(world: World) -> TestResponse:
    return _send(world, "zone", zone="Europe/London")


def change_slot(world: World) -> TestResponse:
    return _send(world, "diary-slot", diary_slot="morning")


def _send(world: World, form: str, **fields: str) -> TestResponse:
    code, browser = somebody(world), world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/participants/{code}/{form}", **fields)


HERS = "POST /console/participants/{code}"
PARTICIPANT_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/participants/new": (enrol, "participant.enrolled"),
    f"{HERS}/activation-codes": (issue_code, "activation_code.issued"),
    f"{HERS}/devices/{{device_id}}/revocation": (revoke_device, "device_session.revoked"),
    f"{HERS}/phone": (show_number, "identity.read"),
    f"{HERS}/identity": (record_identity, "identity.recorded"),
    f"{HERS}/identity/correction": (correct_identity, "identity.corrected"),
    f"{HERS}/anchors": (record_anchor, "anchor.recorded"),
    f"{HERS}/anchors/withdrawal": (withdraw_anchor, "anchor.withdrawn"),
    f"{HERS}/anchor-queries/{{query_id}}/decision": (decide_query, "anchor_query.decided"),
    f"{HERS}/consents": (give_consent, "consent.given"),
    f"{HERS}/consents/withdrawal": (withdraw_consent, "consent.withdrawn"),
    f"{HERS}/life-cycle": (change_life_cycle, "participant.life_cycle_changed"),
    f"{HERS}/zone": (change_zone, "participant.moved_to_zone"),
    f"{HERS}/diary-slot": (change_slot, "participant.diary_slot_chosen"),
}

"""Each form of the record and the team, sent so that it is taken."""

import hashlib
from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from epro.access import Role
from epro.clock import wall_clock_now
from epro.jobs import tasks
from epro.parts import Parts
from epro.services import archives, sites
from epro.services.archives import Made
from epro.services.staff import NewUser
from tests.api.world import API, HERE, INFUSED_AT, PARTICIPANT, World, put_down
from tests.factories import PASSWORD, SYSTEM, add_user, totp_at
from tests.services.changes_by_people import report_medicines
from tests.services.changes_of_records import lock, record_path, sign_off
from tests.web.pages import CONSOLE, send

NUMBERS = count(1)


def asked(world: World) -> str:
    """Put down a correction of her answer; return its id."""
    answer = world.request(
        "POST", f"{API}/participants/{PARTICIPANT}/corrections", json=put_down_again(world),
        headers=world.sign_in(Role.COORDINATOR),
    )  # fmt: skip
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.get_json()["id"])


def put_down_again(world: World) -> dict[str, object]:
    """Return what is put down about the answer as it stands now."""
    her = world.request(
        "GET", f"{API}/me/responses/{world.known.response}", headers=world.sign_in(PARTICIPANT)
    ).get_json()
    body = put_down(world.known) | {"corrected_revision": her["revision"]}
    if her["revision"] % 2 == 0:
        for one in body["answers"]:
            if one["link_id"] == "temp":
                one["value"] = 36.3
    return body


def what_she_says(world: World, **but: str) -> dict[str, str]:
    """Return what is typed on the form for what she says was wrong: as she answered, but this."""
    browser = world.sign_in_to_console(Role.COORDINATOR)
    path = f"/participants/{PARTICIPANT}/answers/{world.known.response}/correction"
    form = html.fromstring(browser.get(f"{CONSOLE}{path}").text).forms[-1]
    said = {"source": "call", "said_at": "2026-03-01T19:00", "said_words": "是三十六度四",
            "reason": "按错了"}  # fmt: skip
    kept = {name: str(value) for name, value in form.form_values() if name != "csrf"}
    return kept | said | but


def put_down_on_a_page(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    path = f"/participants/{PARTICIPANT}/answers/{world.known.response}/correction"
    return send(browser, path, **what_she_says(world, **{"her-temp": "36.4"}))


def put_down_call(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    return send(browser, f"/corrections/{asked(world)}/call", is_right="yes", call_words="是的")


def decide_correction(world: World) -> TestResponse:
    correction = asked(world)
    world.request(
        "POST", f"{API}/me/corrections/{correction}/word", json={"is_right": True},
        headers=world.sign_in(PARTICIPANT),
    )  # fmt: skip
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(
        browser, f"/corrections/{correction}/decision", is_approved="yes", reason="电话核实过"
    )


def undecided(world: World) -> str:
    """Have her complain; return the candidate for an event that nobody has decided about."""
    world.complain(PARTICIPANT, urgent=("belly",), belly=("pain",))
    listed = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/adverse-event-candidates",
        headers=world.sign_in(Role.INVESTIGATOR),
    ).get_json()  # fmt: skip
    return next(str(one["id"]) for one in listed["items"] if one["disposition"] is None)


def decide_candidate(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    path = f"/participants/{PARTICIPANT}/event-candidates/{undecided(world)}/decision"
    return send(browser, path, disposition="declined", reason="饭后腹胀")


def an_event(**but: str) -> dict[str, str]:
    """Return what is typed about a mild event of the infusion day."""
    typed = {
        "term": "头痛", "onset_on": INFUSED_AT.date().isoformat(), "outcome": "not_recovered",
        "action_taken": "none", "relationship": "possible", "grade": "1", "grade_from": "",
        "reason": "检查时发现",
    }  # fmt: skip
    return typed | but


def accept_candidate(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    path = f"/participants/{PARTICIPANT}/event-candidates/{undecided(world)}/acceptance"
    return send(browser, path, **an_event())


def enter_event(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(browser, f"/participants/{PARTICIPANT}/events", **an_event())


def latest_event(world: World) -> dict[str, Any]:
    """Return her latest event as it stands."""
    listed = world.request(
        "GET", f"{API}/participants/{PARTICIPANT}/adverse-events",
        headers=world.sign_in(Role.INVESTIGATOR),
    ).get_json()  # fmt: skip
    newest: dict[str, Any] = listed["items"][-1]
    return newest


def revise_event(world: World) -> TestResponse:
    enter_event(world)
    event, browser = latest_event(world), world.sign_in_to_console(Role.INVESTIGATOR)
    return send(browser, f"/events/{event['id']}", version="1", **an_event(grade="2"))


def act_on_event(world: World, act: str, **fields: str) -> TestResponse:
    """Enter an event and send one of the forms on its page."""
    enter_event(world)
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(browser, f"/events/{latest_event(world)['id']}/{act}", **fields)


def sign_event(world: World) -> TestResponse:
    return act_on_event(world, "signature", version="1", **world.proof(Role.INVESTIGATOR))


def link_event(world: World) -> TestResponse:
    report = report_medicines(world)
    return act_on_event(world, "links", response_ids=str(report), reason="因头痛服药")


def void_event(world: World) -> TestResponse:
    return act_on_event(world, "void", reason="录错了人")


def delegate(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR)
    return send(
        browser, "/delegations", site=HERE, person="coordinator", task="data_review",
        from_on="2026-03-02", **world.proof(Role.PRINCIPAL_INVESTIGATOR),
    )  # fmt: skip


def end_delegation(world: World) -> TestResponse:
    delegate(world)
    log = world.request(
        "GET", f"{API}/sites/{HERE}/delegations",
        headers=world.sign_in(Role.PRINCIPAL_INVESTIGATOR),
    ).get_json()  # fmt: skip
    newest = [one["id"] for one in log["items"] if one["ended_on"] is None][-1]
    browser = world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR)
    return send(
        browser, f"/delegations/{newest}/end", ended_on="2026-03-02", reason="left the site",
        **world.proof(Role.PRINCIPAL_INVESTIGATOR),
    )  # fmt: skip


def take_export(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.DATA_MANAGER)
    return send(browser, "/exports", kind="compliance", **world.proof(Role.DATA_MANAGER))


def review_audit_trail(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.MONITOR)
    return send(
        browser, "/audit-review/reviews", site=HERE, upto_on="2026-03-01", remark="没有发现"
    )


def take_audit_review(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.DATA_MANAGER)
    return send(browser, "/audit-review.csv", **world.proof(Role.DATA_MANAGER))


def study_wide(world: World) -> tuple[FlaskClient, NewUser]:
    """Return a browser of a data manager of all sites, and her account."""
    with world.database.transaction() as session:
        name = f"data.{next(NUMBERS)}"
        roles = [Role.DATA_MANAGER]
        added = add_user(session, name, roles=roles, site=None, keyring=world.keyring)
    return world.sign_in_to_console(name), added


def order_snapshot(world: World) -> TestResponse:
    browser, _ = study_wide(world)
    return send(browser, "/exports/snapshots", files="code-book.csv")


def take_snapshot_file(world: World) -> TestResponse:
    browser, manager = study_wide(world)
    send(browser, "/exports/snapshots", files="code-book.csv")
    make_files(world)
    (form,) = [
        one for one in html.fromstring(browser.get("/console/exports").text).forms
        if str(one.action).endswith("/file")
    ]  # fmt: skip
    return send(
        browser, str(form.action).removeprefix("/console"), name="code-book.csv",
        password=PASSWORD, totp=totp_at(manager, wall_clock_now()),
    )  # fmt: skip


def make_files(world: World) -> None:
    """Let the worker make all that is wanted."""
    parts: Parts = world.app.extensions["epro"]
    while tasks.make_snapshot_file(parts):
        pass


def sign_record_off(world: World) -> TestResponse:
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    return send(browser, f"{_page(record_path(world))}/sign-off", **world.proof(Role.INVESTIGATOR))


def lock_record(world: World) -> TestResponse:
    path = record_path(world)
    assert sign_off(world, path).status_code == 200
    return send(world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR), f"{_page(path)}/lock")


def unlock_record(world: World) -> TestResponse:
    path = record_path(world)
    assert lock(world, path).status_code == 200
    browser = world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR)
    return send(browser, f"{_page(path)}/unlock", reason="漏了一条 <b>")


def a_copy(world: World) -> tuple[UUID, str]:
    """Have a copy of the site made, as the command does; return its id and the manifest's hash."""
    sha256 = hashlib.sha256(f"copy {next(NUMBERS)}".encode()).hexdigest()
    made = Made(
        upto_seq=1,
        journal_head="0" * 64,
        manifest_sha256=sha256,
        made_by="Li Min",
        counts={"participants": 2},
    )
    with world.database.transaction() as session:
        site = sites.get_site(session, HERE)
        archive = archives.record_made(session, SYSTEM, site, made, now=world.clock.now())
        return archive.id, sha256


def receive_copy(world: World) -> TestResponse:
    archive_id, sha256 = a_copy(world)
    browser = world.sign_in_to_console(Role.INVESTIGATOR)
    path = f"/archives/{archive_id}/receipt"
    return send(browser, path, sha256=sha256, **world.proof(Role.INVESTIGATOR))


def _page(path: str) -> str:
    return path.removeprefix(API)


RECORD_CASES: dict[str, tuple[Callable[[World], TestResponse], str]] = {
    "POST /console/participants/{code}/answers/{response_id}/correction": (
        put_down_on_a_page,
        "correction.put_down",
    ),
    "POST /console/corrections/{correction_id}/call": (put_down_call, "correction.confirmed"),
    "POST /console/corrections/{correction_id}/decision": (decide_correction, "response.corrected"),
    "POST /console/participants/{code}/event-candidates/{candidate_id}/decision": (
        decide_candidate, "candidate.decided",
    ),
    "POST /console/participants/{code}/event-candidates/{candidate_id}/acceptance": (
        accept_candidate, "candidate.decided",
    ),
    "POST /console/participants/{code}/events": (enter_event, "adverse_event.recorded"),
    "POST /console/events/{event_id}": (revise_event, "adverse_event.revised"),
    "POST /console/events/{event_id}/signature": (sign_event, "record.signed"),
    "POST /console/events/{event_id}/links": (link_event, "adverse_event.linked"),
    "POST /console/events/{event_id}/void": (void_event, "adverse_event.voided"),
    "POST /console/participants/{code}/record/sign-off": (sign_record_off, "record.signed"),
    "POST /console/participants/{code}/record/lock": (lock_record, "record.locked"),
    "POST /console/participants/{code}/record/unlock": (unlock_record, "record.unlocked"),
    "POST /console/archives/{archive_id}/receipt": (receive_copy, "archive.received"),
    "POST /console/delegations": (delegate, "delegation.signed"),
    "POST /console/delegations/{delegation_id}/end": (end_delegation, "delegation.ended"),
    "POST /console/exports": (take_export, "export.taken"),
    "POST /console/exports/snapshots": (order_snapshot, "snapshot.requested"),
    "POST /console/exports/snapshots/{snapshot_id}/file": (take_snapshot_file, "snapshot.read"),
    "POST /console/audit-review.csv": (take_audit_review, "export.taken"),
    "POST /console/audit-review/reviews": (review_audit_trail, "audit_review.marked"),
}  # fmt: skip

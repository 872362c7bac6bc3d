"""What is done in a training room is nowhere else: no row, no message, no figure, no file."""

import json
import re
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from epro.access import Role, Scope
from epro.api.access_table import routes_of
from epro.jobs.tasks import JOBS
from epro.models import JournalEntry, SafetyFlag
from epro.services import journal
from epro.services.exports import ExportKind
from notifications.messages import DevelopmentMessage, MessageState, OutboxMessage
from questionnaires.invented import calm_answers
from tests.api.world import API, PARTICIPANT
from tests.factories import shipped_package
from tests.training.schooling import CODE, INSIDE, Schooling, everything_in, post

pytestmark = pytest.mark.req("P-06")

OF_THE_ROOM = re.compile(f"{CODE}|invented\\.|培训|\\+99900|training\\.invalid")
# The only tables of the trial that know of rooms.
KNOWS_OF_ROOMS = {"training_room", "journal_entry", "journal_link"}
# Where the trial's own doings appear in what is read: its cursors, clocks and own accesses.
VOLATILE = re.compile(
    r"(next_cursor|cursor|lag_seconds|Last-Modified|ETag|FileOID|timestamp|as_of)", re.IGNORECASE
)


def practise(school: Schooling) -> None:
    """Do in the room what there is to do: on a phone, on the pages, and by the worker's jobs."""
    her = school.activate(f"{CODE}-003")
    complain(school, her, urgent=("breathing",), breathing=("at-rest",))
    complain(school, school.activate(f"{CODE}-004"), urgent=("breathing",), breathing=("at-rest",))
    physician, flag = school.go_in(Role.INVESTIGATOR), school.open_flag(f"{CODE}-003")
    page = f"{INSIDE}/flags/{flag}"
    taken = post(physician, page, f"{page}/acknowledgement")
    assert taken.status_code == 303, taken.text
    contact = {"channel": "telephone", "outcome": "reached", "next_step": "clinic_visit"}
    assert post(physician, page, f"{page}/contacts", note="好些了", **contact).status_code == 303
    coordinator = school.go_in(Role.COORDINATOR)
    note = {"site": CODE, "text": "请回电"}
    page = f"{INSIDE}/today"
    assert post(coordinator, page, f"{page}/notes", **note).status_code == 303
    assert post(coordinator, f"{INSIDE}/drills", f"{INSIDE}/drills", site=CODE).status_code == 303
    for _round in range(3):
        school.world.clock.advance(minutes=45)
        school.keeper.look_after_all()


def complain(school: Schooling, headers: dict[str, str], **but: Any) -> None:
    report = shipped_package().questionnaire("ae_report")
    assert report
    now = school.world.clock()
    body = {
        "questionnaire": {"code": report.code, "version": report.version}, "revision": 1,
        "status": "completed", "language": "zh", "answered_at": now.isoformat(),
        "answers": calm_answers(report, answered_at=now, chance=Random(7), but=but),
    }  # fmt: skip
    answered = school.world.request(
        "PUT", f"{API}/me/responses/{uuid4()}", json=body, headers={**headers, "Answer-Age": "1"}
    )
    assert answered.status_code == 201, answered.text


def test_no_row_of_the_trial_is_added_or_changed(school: Schooling) -> None:
    before = everything_in(school.trial.database)
    with school.trial.database.reading() as session:
        newest = session.scalar(select(func.max(JournalEntry.id)))

    practise(school)

    # What the trial's own sessions were touched by is not the room's doing.
    after = everything_in(school.trial.database)
    own = KNOWS_OF_ROOMS | {"device_session"}
    assert {name: after[name] for name in after.keys() - own} == {
        name: before[name] for name in before.keys() - own
    }
    with school.trial.database.reading() as session:
        added = session.scalars(
            select(JournalEntry.entity_type).where(JournalEntry.id > newest)
        ).all()
    assert set(added) == {"training_room", "device_session"}


def test_every_message_of_the_room_stays_in_it(school: Schooling) -> None:
    practise(school)

    with school.inside.reading() as session:
        states = set(session.scalars(select(OutboxMessage.state)))
        kept = session.scalars(select(DevelopmentMessage.channel)).all()
        written = session.scalar(select(func.count(OutboxMessage.id)))
        climbed = session.scalar(select(func.max(SafetyFlag.rung_count)))
    # A connection to any of the trial's providers would have been refused and be seen here.
    assert not states & {MessageState.FAILED, MessageState.UNKNOWN, MessageState.NOT_CONFIRMED}
    assert MessageState.SENT in states
    assert {str(one) for one in kept} >= {"email", "sms"}
    assert len(kept) <= (written or 0)
    # Nobody has taken one of the flags: the ladder was climbed, and nobody was told.
    assert (climbed or 0) > 1


def read_everything(school: Schooling, machine: dict[str, str]) -> dict[str, str]:
    """Return what every route gives that reads more than one thing, to whoever reads the most."""
    world = school.world
    with school.trial.database.transaction() as session:
        journal.sequence(session)
    headers = {
        Role.EDC_CLIENT: machine,
        **{role: world.sign_in(role) for role in (Role.DATA_MANAGER, Role.INSPECTOR, Role.MONITOR,
                                                   Role.COORDINATOR, Role.PRINCIPAL_INVESTIGATOR)},
    }  # fmt: skip
    read = {}
    for route in routes_of(world.app):
        is_list = "{" not in route.path and route.path.startswith(("/api/", "/fhir/", "/readyz"))
        if route.method != "GET" or not is_list:
            continue
        for role, signed_in in headers.items():
            if route.is_open_to(role):
                answer = world.request("GET", route.path, headers=signed_in)
                read[f"{role} {route.path}"] = answer.get_data(as_text=True)
    for kind in ("Patient", "QuestionnaireResponse", "AdverseEvent", "Flag"):
        answer = world.request("GET", f"/fhir/R4/{kind}", headers=machine)
        read[f"fhir {kind}"] = answer.get_data(as_text=True)
    for kind in ExportKind:
        read[f"export {kind}"] = export(school, kind)
    read |= {f"snapshot {name}": text for name, text in snapshot(school, machine).items()}
    return read


def export(school: Schooling, kind: ExportKind) -> str:
    """Return the file that a principal investigator takes away, signed for."""
    browser = school.world.sign_in_to_console(Role.PRINCIPAL_INVESTIGATOR)
    proof = school.world.proof(Role.PRINCIPAL_INVESTIGATOR)
    taken = post(browser, "/console/exports", "/console/exports", kind=kind.value, **proof)
    assert taken.status_code == 200, taken.text
    assert taken.mimetype == "text/csv"
    return taken.get_data(as_text=True)


def snapshot(school: Schooling, machine: dict[str, str]) -> dict[str, str]:
    """Return every file of a snapshot of the whole feed."""
    world = school.world
    asked = world.request("POST", "/api/edc/v1/snapshots", json={"files": []}, headers=machine)
    assert asked.status_code == 202, asked.text
    make = next(job for job in JOBS if job.name == "make_snapshots")
    while make.run(school.trial):
        pass
    files = world.request("GET", asked.headers["Location"], headers=machine).get_json()["files"]
    assert len(files) >= 6
    return {
        one["name"]: world.request("GET", one["href"], headers=machine).get_data(as_text=True)
        for one in files
    }


def test_whatever_is_read_of_the_trial_knows_nothing_of_the_room(school: Schooling) -> None:
    practise(school)

    read = read_everything(school, school.world.sign_in_client(*Scope))

    assert any(PARTICIPANT in text for text in read.values())
    assert len(read) > 40
    # The journal says that there is a room, and who keeps it; nothing of what is in it.
    found = {
        place
        for place, text in read.items()
        if OF_THE_ROOM.search(text) and not place.endswith(("/journal", "/api/openapi.json"))
    }
    assert found == set()


def served(read: dict[str, str]) -> list[Any]:
    """Return the items of the feed as they are served, without where the page ends."""
    page: dict[str, list[Any]] = json.loads(read[f"{Role.EDC_CLIENT} /api/edc/v1/changes"])
    return page["items"]


def test_the_feed_and_every_file_are_byte_for_byte_as_without_the_room(school: Schooling) -> None:
    # What the trial counts up to now is read at the same moment, before and after.
    began, machine = school.world.clock(), school.world.sign_in_client(*Scope)
    later = school.world.clock.advance(hours=3)
    before = read_everything(school, machine)

    school.world.clock.set(began)
    practise(school)

    school.world.clock.set(later)
    after = read_everything(school, machine)
    assert before.keys() == after.keys()
    assert served(before) == served(after)
    files = {place for place in before if place.startswith(("snapshot", "export", "fhir"))}
    files |= {place for place in before if place.endswith((".csv", "/compliance", "-table"))}
    # That counts who looked at what, which this test does as well.
    files = {place for place in files if "audit_review" not in place}
    assert len(files) > 8
    for place in files:
        assert stable(after[place]) == stable(before[place]), place


def stable(text: str) -> list[str]:
    """Leave out the lines that say when a file was made."""
    return [line for line in re.split(r"(?<=[>,{])|\n", text) if not VOLATILE.search(line)]


def test_the_journal_of_the_trial_stays_whole(school: Schooling) -> None:
    practise(school)

    with school.trial.database.transaction() as session:
        journal.sequence(session)
    with school.trial.database.reading() as session:
        bodies = session.scalars(
            select(JournalEntry.body).where(JournalEntry.entity_type == "training_room")
        ).all()
        verified = journal.verify(session)
    assert verified.first_break is None
    verbs = {json.loads(body)["verb"] for body in bodies}
    assert verbs >= {"training_room.opened", "training_room.filled", "training_room.entered"}
    # That somebody went in stands there; what she did inside does not.
    assert not any("participant_code" in body and f"{CODE}-0" in body for body in bodies)


def test_the_clinical_database_cannot_push_anything_into_a_room(school: Schooling) -> None:
    machine = school.world.sign_in_client(*Scope)
    body = {"event": "INF1", "occurred_at": school.world.clock().isoformat()}
    path = "/api/edc/v1/participants/{}/anchors"

    into_the_room, into_the_trial = (
        school.world.request("POST", path.format(code), json=body, headers=machine)
        for code in (f"{CODE}-003", PARTICIPANT)
    )

    assert into_the_room.status_code == 404
    assert into_the_trial.status_code in {200, 201, 202}

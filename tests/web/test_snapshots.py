"""Snapshots of the feed for people: who may have which, the checksum, the signature, the record."""

import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from lxml import html
from lxml.html import FormElement
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from epro.access import Actor, ActorKind, Grant, Role, Scope
from epro.clock import wall_clock_now
from epro.models import EdcSnapshot, EdcSnapshotFile, EdcSnapshotPart, JournalEntry
from epro.services import snapshots
from tests.api.world import World
from tests.factories import PASSWORD, totp_at
from tests.web.cases_record import make_files, study_wide
from tests.web.pages import CONSOLE, send, text_of

pytestmark = pytest.mark.req("E-05", "T-01")
EXPORTS = f"{CONSOLE}/exports"


@pytest.fixture(autouse=True)
def _tidy(world: World) -> None:
    """Begin without snapshots: the worlds of this folder are shared."""
    with world.database.transaction() as session:
        for table in (EdcSnapshotPart, EdcSnapshotFile, EdcSnapshot):
            session.execute(delete(table))


def files_form(answer: TestResponse) -> FormElement:
    (form,) = [
        one for one in html.fromstring(answer.text).forms if str(one.action).endswith("/file")
    ]
    return form


def path_of(form: FormElement) -> str:
    return str(form.action).removeprefix(CONSOLE)


def test_what_is_taken_is_what_the_page_gave_the_checksum_of(world: World) -> None:
    browser, manager = study_wide(world)
    ordered = send(browser, "/exports/snapshots", files="changes.ndjson")
    pending = browser.get(EXPORTS)
    make_files(world)
    page = browser.get(EXPORTS)
    form = files_form(page)
    proof = {"password": PASSWORD, "totp": totp_at(manager, wall_clock_now())}

    taken = send(browser, path_of(form), name="changes.ndjson", **proof)

    assert ordered.status_code == 303
    assert "正在生成：0 / 1" in text_of(pending)
    digest = hashlib.sha256(taken.data).hexdigest()
    assert taken.status_code == 200
    assert digest in text_of(page)
    assert taken.headers["Content-SHA256"] == digest
    assert taken.headers["Content-Disposition"].endswith('changes.ndjson"')
    lines = [json.loads(line) for line in taken.data.splitlines()]
    assert {"participant", "response"} <= {line["type"] for line in lines}
    # Who may not read events gets none, and days since the second infusion leave to machines alone.
    assert {"adverse_event", "candidate", "flag"}.isdisjoint({line["type"] for line in lines})
    with world.database.reading() as session:
        body = session.scalars(
            select(JournalEntry.body)
            .where(JournalEntry.verb == "snapshot.read")
            .order_by(JournalEntry.id.desc())
        ).first()
    entry = json.loads(body or "")
    assert entry["actor"]["name"] == manager.user.username
    assert (entry["after"]["file"], entry["after"]["sha256"]) == ("changes.ndjson", digest)
    assert entry["kind"] == "access"


def test_nothing_leaves_without_a_signature_or_a_file_that_is_there(world: World) -> None:
    browser, manager = study_wide(world)
    send(browser, "/exports/snapshots", files="code-book.csv")
    make_files(world)
    form = files_form(browser.get(EXPORTS))

    unsigned = send(browser, path_of(form), name="code-book.csv", password="no", totp="1")
    unnamed = send(browser, path_of(form), password=PASSWORD, totp="1")
    proof = {"password": PASSWORD, "totp": totp_at(manager, wall_clock_now())}
    absent = send(browser, path_of(form), name="odm.xml", **proof)

    snapshot = path_of(form).split("/")[3]
    assert unsigned.status_code == 403
    assert f'id="file-{snapshot}-proof-wrong"' in unsigned.text
    assert unnamed.status_code == 422
    assert f'id="file-{snapshot}-name-wrong"' in unnamed.text
    assert absent.status_code == 404
    assert all(one.mimetype == "text/html" for one in (unsigned, unnamed, absent))


def test_ones_own_snapshot_is_nobody_elses_and_ends_after_a_week(world: World) -> None:
    browser, _ = study_wide(world)
    other, second = study_wide(world)
    send(browser, "/exports/snapshots", files="code-book.csv")
    make_files(world)
    path = path_of(files_form(browser.get(EXPORTS)))

    assert "/file" not in other.get(EXPORTS).text
    proof = {"password": PASSWORD, "totp": totp_at(second, wall_clock_now())}
    assert send(other, path, name="code-book.csv", **proof).status_code == 404
    with world.database.reading() as session:
        kept = session.scalars(select(EdcSnapshot.expires_at)).all()
    assert {one - world.clock() for one in kept} == {timedelta(days=7)}


@pytest.mark.req("P-06", "B-04")
@pytest.mark.parametrize("role", [Role.DATA_MANAGER, Role.PRINCIPAL_INVESTIGATOR])
def test_whoever_works_at_one_site_takes_nothing_of_the_whole_study(
    world: World, role: Role
) -> None:
    browser = world.sign_in_to_console(role)

    page = browser.get(EXPORTS)
    ordered = send(browser, "/exports/snapshots")

    assert page.status_code == 200
    assert "/exports/snapshots" not in page.text
    assert ordered.status_code == 403


@pytest.mark.req("P-06", "B-04")
def test_what_the_files_hold_follows_from_what_somebody_may_read_everywhere() -> None:
    def scopes(*grants: Grant) -> frozenset[Scope]:
        actor = Actor(kind=ActorKind.USER, id=None, name="somebody", grants=grants)
        return snapshots.scopes_of(actor)

    here = uuid4()

    assert scopes(Grant(Role.DATA_MANAGER)) == {Scope.READ, Scope.FREE_TEXT}
    assert scopes(Grant(Role.INSPECTOR)) == {
        Scope.READ, Scope.FREE_TEXT, Scope.FLAGS, Scope.ADVERSE_EVENTS,
    }  # fmt: skip
    assert scopes(Grant(Role.INSPECTOR, here)) == frozenset()
    assert scopes(Grant(Role.DATA_MANAGER), Grant(Role.MONITOR, here)) == {
        Scope.READ, Scope.FREE_TEXT,
    }  # fmt: skip
    assert Scope.SECOND_INFUSION not in scopes(*(Grant(role) for role in Role))

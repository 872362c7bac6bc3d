"""Inside a training room: marked everywhere, nothing real, no way that leads out unseen."""

import re
from collections import deque
from uuid import uuid4

import pytest
from lxml import html
from sqlalchemy import select

from epro.access import Role
from epro.api.access_table import routes_of
from epro.api.context import TRAINING_DOOR, parts
from epro.errors import NotSignedIn
from epro.models import DeviceSession, JournalEntry, SiteMembership, User
from epro.services import staff
from epro.web.console.session import COOKIE, ROOM_COOKIE
from tests.api.world import API, HERE, PARTICIPANT, THERE
from tests.factories import PASSWORD, SYSTEM
from tests.training.schooling import CODE, CSRF, INSIDE, Schooling, post

pytestmark = pytest.mark.req("P-06")

REAL = re.compile(f"{HERE}|{THERE}|{PARTICIPANT}|深圳测试医院(?<!】深圳测试医院)")
BANNER = '<aside class="training"'
# The way back to the trial, the participant's app, and files to look at.
LEADS_OUT = re.compile("/console/training|/p/")


def test_every_page_says_that_it_is_training_and_shows_nothing_real(school: Schooling) -> None:
    browser = school.go_in(Role.COORDINATOR)
    seen, waiting = {f"{INSIDE}/"}, deque([f"{INSIDE}/"])
    while waiting and len(seen) < 120:
        path = waiting.popleft()
        page = browser.get(path, follow_redirects=True)
        assert page.status_code == 200, path
        assert page.request.path.startswith(INSIDE), path
        assert BANNER in page.text, path
        assert "培训 TRAINING" in page.text, path
        assert not REAL.search(page.text), (path, REAL.search(page.text))
        for found in html.fromstring(page.text).xpath("//a/@href"):
            asked = str(found).split("#")[0]
            link = asked.split("?")[0]
            if not link or "/language/" in link or LEADS_OUT.match(link):
                continue
            assert link.startswith(INSIDE), f"{path} leads to {link}"
            # One participant's pages stand for all of them.
            if link not in seen and not re.search(f"{CODE}-(?!003)", link):
                seen.add(link)
                waiting.append(asked)

    assert len(seen) > 25


def test_a_link_of_the_trial_leads_nowhere_inside_and_back(school: Schooling) -> None:
    browser = school.go_in(Role.COORDINATOR)

    assert browser.get(f"{INSIDE}/participants/{PARTICIPANT}").status_code == 404
    assert browser.get(f"/console/participants/{CODE}-003").status_code == 404
    # Both worlds are open beside each other, each as itself.
    assert BANNER in browser.get(f"{INSIDE}/participants/{CODE}-003").text
    assert BANNER not in browser.get(f"/console/participants/{PARTICIPANT}").text


def test_choosing_a_language_stays_in_its_world(school: Schooling) -> None:
    browser = school.go_in(Role.COORDINATOR)

    chosen = browser.get(f"{INSIDE}/language/en?to=/console/today")

    assert chosen.headers["Location"] == f"{INSIDE}/today"
    assert "Everybody here is invented" in browser.get(f"{INSIDE}/today").text


def test_a_form_of_the_trial_is_never_taken_inside_nor_the_other_way_round(
    school: Schooling,
) -> None:
    browser = school.go_in(Role.COORDINATOR)
    real, practice = (
        CSRF.search(browser.get(f"{world}/today").text) for world in ("/console", INSIDE)
    )
    assert real
    assert practice
    note = {"site": HERE, "text": "x"}

    into_the_room = browser.post(f"{INSIDE}/today/notes", data={"csrf": real[1], **note})
    into_the_trial = browser.post("/console/today/notes", data={"csrf": practice[1], **note})

    assert (into_the_room.status_code, into_the_trial.status_code) == (403, 403)


def test_neither_session_opens_the_other_world(school: Schooling) -> None:
    browser = school.go_in(Role.COORDINATOR)
    trial, room = (
        browser.get_cookie(COOKIE, path="/console"),
        browser.get_cookie(ROOM_COOKIE, path=INSIDE),
    )
    assert trial
    assert room
    swapped = school.world.browser()
    swapped.set_cookie(COOKIE, room.value, path="/console")
    swapped.set_cookie(ROOM_COOKIE, trial.value, path=INSIDE)

    assert "/sign-in" in swapped.get("/console/today").headers["Location"]
    assert swapped.get(f"{INSIDE}/today").headers["Location"] == "/console/training"
    bearer = {"Authorization": f"Bearer {room.value}"}
    assert school.world.request("GET", f"{API}/flags", headers=bearer).status_code == 401


def test_only_pages_are_inside_and_no_door(school: Schooling) -> None:
    browser = school.go_in(Role.PRINCIPAL_INVESTIGATOR)

    for path in ("/training/api/v1/flags", "/training/hooks/twilio/inbound", "/training/healthz",
                 "/training/fhir/R4/metadata", "/training/p/",
                 "/training/consolex/today"):  # fmt: skip
        assert browser.get(path).status_code in {404, 405}, path
    for door in ("sign-in", "unlock", "welcome"):
        assert browser.get(f"{INSIDE}/{door}").headers["Location"] == "/console/training"
    typed = {"username": "principal_investigator", "password": PASSWORD, "totp": "000000"}
    assert browser.post(f"{INSIDE}/sign-in", data=typed).headers["Location"] == "/console/training"


def test_without_being_let_in_there_is_no_database_at_all(school: Schooling) -> None:
    by_the_door = {TRAINING_DOOR: True}
    request = school.world.app.test_request_context("/console/today", environ_base=by_the_door)

    with request, pytest.raises(NotSignedIn):
        parts()


@pytest.mark.parametrize("path", ["exports", "system", "training"])
def test_nobody_exports_or_opens_a_room_inside_the_room(school: Schooling, path: str) -> None:
    browser = school.go_in(Role.PRINCIPAL_INVESTIGATOR)

    assert browser.get(f"{INSIDE}/{path}").status_code == 403
    assert f"{INSIDE}/{path}" not in browser.get(f"{INSIDE}/flags").text


def test_nobody_takes_the_audit_review_out_of_the_room(school: Schooling) -> None:
    browser, page = school.go_in(Role.PRINCIPAL_INVESTIGATOR), f"{INSIDE}/audit-review"

    taken = post(browser, page, f"{page}.csv", **school.world.proof(Role.PRINCIPAL_INVESTIGATOR))

    assert taken.status_code == 403
    assert "您的角色不能打开这一页" in taken.text  # not for want of a signature
    assert "audit-review.csv" not in browser.get(page).text


def test_the_printed_sheet_says_that_it_is_for_no_patient(school: Schooling) -> None:
    page = f"{INSIDE}/participants/{CODE}-001"

    sheet = post(school.go_in(Role.COORDINATOR), page, f"{page}/activation-codes")

    article = html.fromstring(sheet.text).xpath("//article[contains(@class, 'sheet')]")[0]
    assert "培训 · TRAINING · 不要交给患者" in article.text_content()


@pytest.mark.req("P-08")
def test_a_diary_opened_inside_is_hers_of_the_room_and_one_of_the_trial_is_not_taken_for_it(
    school: Schooling,
) -> None:
    browser, hers = school.go_in(Role.COORDINATOR), f"{CODE}-001"
    for where, code in (("/console", PARTICIPANT), (INSIDE, hers)):
        page = f"{where}/participants/{code}"
        opened = post(browser, page, f"{page}/on-behalf", mode="site_tablet")
        assert opened.headers["Location"] == f"/p/#/behalf/{code}"

    inside = browser.get(f"{API}/me", headers={"On-Behalf-Of": hers})
    outside = browser.get(f"{API}/me", headers={"On-Behalf-Of": PARTICIPANT})

    assert inside.get_json()["code"] == hers
    assert outside.get_json()["error"]["code"] == "other_participant"


def test_the_message_log_shows_what_would_have_been_said(school: Schooling) -> None:
    page = school.go_in(Role.COORDINATOR).get(f"{INSIDE}/messages?days=30")

    assert "没有一条真的发出" in page.text
    assert f"{CODE}-003" in page.text
    # The words of a message, not only the name of its text.
    assert re.search(f'<td class="words">[^<]*{CODE}-003', page.text)


def test_she_signs_inside_with_her_own_password_and_it_counts_for_nothing_outside(
    school: Schooling,
) -> None:
    browser = school.go_in(Role.PRINCIPAL_INVESTIGATOR)
    page, proof = f"{INSIDE}/delegations", school.world.proof(Role.PRINCIPAL_INVESTIGATOR)
    browser = school.go_in(Role.PRINCIPAL_INVESTIGATOR)
    line = {"site": CODE, "person": "invented.deputy", "task": "causality"}

    signed = post(browser, page, page, **line, from_on="2026-03-01", **proof)

    assert signed.status_code in {303, 422}, signed.text
    with school.trial.database.reading() as session:
        assert not session.scalars(
            select(JournalEntry.id).where(JournalEntry.body.contains("invented."))
        ).all()


def test_whoever_leaves_the_site_is_out_of_the_room_at_once(school: Schooling) -> None:
    with school.trial.database.transaction() as session:
        site = school.site()
        added = staff.add_user(
            session, SYSTEM, username=f"trainee.{uuid4().hex[:6]}", full_name="Trainee",
            email="trainee@example.org", password=PASSWORD, roles=[Role.COORDINATOR],
            site=site.code, keyring=school.trial.keyring, now=school.world.clock(),
        )  # fmt: skip
        name, person_id = added.user.username, added.user.id
    browser = school.world.sign_in_to_console(name)
    post(browser, "/console/training", school.door("entry"))
    assert browser.get(f"{INSIDE}/today").status_code == 200

    with school.trial.database.transaction() as session:
        session.delete(
            session.scalars(select(SiteMembership).where(SiteMembership.user_id == person_id)).one()
        )

    assert browser.get(f"{INSIDE}/today").headers["Location"] == "/console/training"


@pytest.mark.parametrize(
    ("role", "may_enter", "may_keep"),
    [
        (Role.COORDINATOR, True, True),
        (Role.INVESTIGATOR, True, False),
        (Role.PRINCIPAL_INVESTIGATOR, True, False),
        (Role.OUTCOMES_ASSESSOR, True, False),
        (Role.MONITOR, True, False),
        (Role.DATA_MANAGER, False, False),
        (Role.INSPECTOR, False, False),
        (Role.SYSTEM_ADMIN, False, False),
    ],
)
def test_who_may_enter_and_who_keeps_the_room(
    school: Schooling, role: Role, *, may_enter: bool, may_keep: bool
) -> None:
    browser = school.world.sign_in_to_console(role)

    page = browser.get("/console/training")

    assert page.status_code == (200 if may_enter else 403)
    assert (school.door("clearing") in page.text) is may_keep
    for path in ("opening", "clearing"):
        csrf = CSRF.search(browser.get("/console/phones").text)
        assert csrf
        sent = browser.post(school.door(path), data={"csrf": csrf[1]})
        assert (sent.status_code != 403) is may_keep, path


def test_the_room_of_another_site_looks_absent(school: Schooling) -> None:
    browser = school.world.sign_in_to_console(Role.COORDINATOR)

    for path in ("entry", "opening", "clearing"):
        sent = post(browser, "/console/training", school.door(path, THERE), confirm="yes")
        assert sent.status_code == 404, path


def test_every_form_inside_is_in_the_journal_of_the_room(school: Schooling) -> None:
    """What somebody practises leaves the traces there that it would leave in the trial."""
    browser = school.go_in(Role.COORDINATOR)
    note = {"site": CODE, "text": f"请看 {uuid4()}"}

    assert post(browser, f"{INSIDE}/today", f"{INSIDE}/today/notes", **note).status_code == 303

    with school.inside.reading() as session:
        bodies = session.scalars(select(JournalEntry.body)).all()
        names = set(session.scalars(select(User.username)))
        sessions = session.scalars(select(DeviceSession.id)).all()
    assert any(note["text"] in body and '"coordinator"' in body for body in bodies)
    assert {"invented.principal", "coordinator"} <= names
    assert sessions


def test_no_route_of_the_trial_is_lost_by_the_door(school: Schooling) -> None:
    assert {"/console/training", "/console/today"} <= {
        route.path for route in routes_of(school.world.app)
    }

"""The site opens a participant's app on its device: the answers are hers, the hand is known."""

import json
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import (
    DeviceSession,
    EntryMode,
    JournalEntry,
    Quarantine,
    QuestionnaireResponse,
    WorkItem,
)
from epro.services import sessions
from questionnaires.invented import calm_answers
from tests.api.world import API, ELSEWHERE, ENROLLED, EVENING, PARTICIPANT, World
from tests.factories import PIN, shipped_package
from tests.web.pages import CONSOLE, send, text_of

HER_COOKIES = (
    ("epro_phone_access", "/api/v1/"),
    ("epro_phone_csrf", "/"),
    ("epro_phone_refresh", "/api/v1/sessions/refresh"),
    ("epro_phone_refresh_csrf", "/"),
)


def open_for(
    browser: FlaskClient, mode: str = "site_tablet", *, code: str = PARTICIPANT
) -> TestResponse:
    return send(browser, f"/participants/{code}/on-behalf", mode=mode)


def headers_of(browser: FlaskClient, code: str = PARTICIPANT) -> dict[str, str]:
    found = browser.get_cookie("epro_behalf_csrf")
    assert found
    return {"X-CSRF-TOKEN": found.value, "Answer-Age": "1", "On-Behalf-Of": code}


def report(
    browser: FlaskClient, headers: dict[str, str], response_id: UUID | None = None
) -> TestResponse:
    form = shipped_package().questionnaire("ae_report")
    assert form
    body = {
        "questionnaire": {"code": form.code, "version": form.version}, "revision": 1,
        "status": "completed", "language": "zh", "completer": "read_to_me",
        "mode": "own_device", "answered_at": EVENING.isoformat(),
        "answers": calm_answers(form, answered_at=EVENING, chance=Random(1)),
    }  # fmt: skip
    path = f"{API}/me/responses/{response_id or uuid4()}"
    return browser.put(path, json=body, headers=headers)


def what_is_kept(world: World) -> list[UUID]:
    """Return the responses that were stored, and those of which a body lies in quarantine."""
    with world.database.reading() as session:
        stored = session.scalars(select(QuestionnaireResponse.id)).all()
        return sorted([*stored, *session.scalars(select(Quarantine.response_id))])


@pytest.mark.req("P-08", "Q-10")
@pytest.mark.parametrize("mode", ["site_tablet", "telephone_interview"])
def test_answers_are_hers_with_who_opened_the_app_and_by_which_mode(
    world: World, mode: str
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    opened = open_for(browser, mode)
    stored = report(browser, headers_of(browser))

    assert (opened.status_code, opened.headers["Location"]) == (
        303, f"/p/#/behalf/{PARTICIPANT}",
    )  # fmt: skip
    assert stored.status_code == 201, stored.text
    me = browser.get(f"{API}/me", headers=headers_of(browser)).get_json()
    assert me["code"] == PARTICIPANT
    assert me["on_behalf"]["mode"] == mode
    with world.database.reading() as session:
        response = session.get(QuestionnaireResponse, UUID(stored.get_json()["id"]))
        assert response is not None
        assert response.mode is EntryMode(mode)  # whatever the app says
        entries = session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).all()
    mine = next(one for one in entries if one.entity_id == str(response.id))
    actor = json.loads(mine.body)["actor"]
    assert actor["name"] == PARTICIPANT
    assert actor["client"].startswith(f"{me['on_behalf']['by']} ({mode})")
    assert "device_session.opened_on_behalf" in {one.verb for one in entries}


@pytest.mark.req("P-06", "T-06")
def test_what_is_her_own_stays_out_of_reach(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    open_for(browser)
    headers = headers_of(browser)

    choosing = browser.patch(f"{API}/me/preferences", json={"language": "en"}, headers=headers)
    correcting = browser.get(f"{API}/me/corrections", headers=headers)

    assert (choosing.status_code, correcting.status_code) == (403, 403)


@pytest.mark.req("P-06", "T-06")
@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.MONITOR, Role.DATA_MANAGER])
def test_nobody_but_a_coordinator_opens_it(world: World, role: Role) -> None:
    refused = open_for(world.sign_in_to_console(role))

    assert refused.status_code == 403


@pytest.mark.req("P-06")
def test_a_participant_of_another_site_looks_absent(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    assert send(browser, "/participants/XX99-999/on-behalf", mode="site_tablet").status_code == 404


@pytest.mark.req("P-08", "S-02")
def test_what_was_refused_in_her_name_is_told_and_handed_over_by_the_page_that_holds_it(
    world: World,
) -> None:
    browser, about = world.sign_in_to_console(Role.COORDINATOR), uuid4()
    open_for(browser)
    stuck = {"response_id": str(about), "refusal": "403", "body": "{}", "answer_age_s": 1}

    noted = browser.post(f"{API}/me/stuck", json=stuck, headers=headers_of(browser))

    assert noted.get_json() == {"is_new": True, "is_kept": True}
    with world.database.reading() as session:
        (kept,) = session.scalars(select(Quarantine).where(Quarantine.response_id == about))
        device = session.get(DeviceSession, kept.device_session_id)
        line = session.scalars(select(WorkItem).where(WorkItem.about == f"{about}:403")).one()
    assert (kept.body, kept.refusal_code) == (b"{}", "403")
    assert device is not None
    assert "(site_tablet)" in device.client
    assert line.participant_id == kept.participant_id


@pytest.mark.req("P-04")
def test_it_ends_by_itself_and_when_the_device_is_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    open_for(browser)
    headers = headers_of(browser)
    before = browser.get(f"{API}/me", headers=headers)
    given_back = browser.delete(f"{API}/sessions/current", headers=headers)
    after = browser.get(f"{API}/me", headers=headers)
    open_for(browser)
    headers = headers_of(browser)

    monkeypatch.setattr(sessions, "ON_BEHALF_LIMIT", timedelta())

    assert (before.status_code, given_back.status_code, after.status_code) == (200, 204, 401)
    assert browser.get(f"{API}/me", headers=headers).status_code == 401


@pytest.mark.req("P-08", "Q-10")
def test_a_tab_opened_for_her_stores_nothing_as_whoever_was_opened_in_another(
    world: World,
) -> None:
    browser, response_id = world.sign_in_to_console(Role.COORDINATOR), uuid4()
    before = what_is_kept(world)
    open_for(browser)
    open_for(browser, code=ENROLLED)

    refused = report(browser, headers_of(browser), response_id)
    left = browser.delete(f"{API}/sessions/current", headers=headers_of(browser))
    other = browser.get(f"{API}/me", headers=headers_of(browser, ENROLLED))

    assert refused.status_code == left.status_code == 401
    assert refused.get_json()["error"]["code"] == "other_participant"
    assert what_is_kept(world) == before
    assert other.get_json()["code"] == ENROLLED  # leaving the first tab has not ended the second
    open_for(browser)
    assert report(browser, headers_of(browser), response_id).status_code == 201
    assert what_is_kept(world) == sorted([*before, response_id])


@pytest.mark.req("P-04", "P-08")
def test_her_own_session_in_the_same_browser_is_neither_used_nor_ended(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    typed = {"code": ELSEWHERE, "pin": PIN, "session_transport": "cookie"}
    browser.post(f"{API}/sessions/participant", json=typed)
    mine = {name: browser.get_cookie(name, path=path) for name, path in HER_COOKIES}
    assert all(mine.values())

    without = browser.get(f"{API}/me", headers={"On-Behalf-Of": ELSEWHERE})
    open_for(browser)
    own = browser.get(f"{API}/me", headers={"Participant": ELSEWHERE})
    confused = browser.get(f"{API}/me", headers={"Participant": PARTICIPANT})
    ended = browser.delete(f"{API}/sessions/current", headers=headers_of(browser))

    assert without.status_code == 401  # hers does not count as one that the site opened
    assert own.get_json()["code"] == ELSEWHERE
    assert own.get_json()["on_behalf"] is None
    assert confused.get_json()["error"]["code"] == "other_participant"
    assert ended.status_code == 204
    assert {name: browser.get_cookie(name, path=path) for name, path in HER_COOKIES} == mine
    assert browser.get_cookie("epro_behalf_csrf") is None


@pytest.mark.req("P-04")
def test_the_cookie_of_the_site_is_out_of_reach_and_counts_only_with_name_and_proof(
    world: World,
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    open_for(browser)
    cookie = browser.get_cookie("epro_behalf_access", path="/api/v1/")
    assert cookie
    named = {"On-Behalf-Of": PARTICIPANT}
    leave = f"{API}/sessions/current"

    assert (cookie.http_only, cookie.same_site) == (True, "Strict")
    assert browser.get_cookie("epro_phone_access", path="/api/v1/") is None
    assert browser.get(f"{API}/me").status_code == 401
    assert browser.get(f"{API}/me", headers={"On-Behalf-Of": ""}).status_code == 401
    assert browser.delete(leave, headers=named).status_code == 401
    assert browser.delete(leave, headers={**named, "X-CSRF-TOKEN": "x"}).status_code == 401
    for more in ({}, named):  # nor as somebody's own, sent as a header
        bearer = {"Authorization": f"Bearer {cookie.value}", **more}
        assert world.request("GET", f"{API}/me", headers=bearer).status_code == 401
    assert browser.get(f"{API}/me", headers=named).status_code == 200


@pytest.mark.req("X-05")
def test_the_page_asks_how_and_chooses_nothing(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    page = browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/on-behalf")

    assert page.status_code == 200
    assert PARTICIPANT in text_of(page)
    assert "checked" not in page.text

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
from epro.models import EntryMode, JournalEntry, QuestionnaireResponse
from epro.services import sessions
from questionnaires.invented import calm_answers
from tests.api.world import API, EVENING, PARTICIPANT, World
from tests.factories import shipped_package
from tests.web.pages import CONSOLE, send, text_of


def open_for(world: World, browser: FlaskClient, mode: str = "site_tablet") -> TestResponse:
    return send(browser, f"/participants/{PARTICIPANT}/on-behalf", mode=mode)


def headers_of(browser: FlaskClient) -> dict[str, str]:
    found = browser.get_cookie("epro_phone_csrf")
    assert found
    return {"X-CSRF-TOKEN": found.value, "Answer-Age": "1"}


def report(browser: FlaskClient) -> TestResponse:
    form = shipped_package().questionnaire("ae_report")
    assert form
    body = {
        "questionnaire": {"code": form.code, "version": form.version}, "revision": 1,
        "status": "completed", "language": "zh", "completer": "read_to_me",
        "mode": "own_device", "answered_at": EVENING.isoformat(),
        "answers": calm_answers(form, answered_at=EVENING, chance=Random(1)),
    }  # fmt: skip
    path = f"{API}/me/responses/{uuid4()}"
    return browser.put(path, json=body, headers=headers_of(browser))


@pytest.mark.req("P-08", "Q-10")
@pytest.mark.parametrize("mode", ["site_tablet", "telephone_interview"])
def test_answers_are_hers_with_who_opened_the_app_and_by_which_mode(
    world: World, mode: str
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    opened = open_for(world, browser, mode)
    stored = report(browser)

    assert (opened.status_code, opened.headers["Location"]) == (303, "/p/#/behalf")
    assert stored.status_code == 201, stored.text
    me = browser.get(f"{API}/me").get_json()
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
    open_for(world, browser)
    headers = headers_of(browser)

    choosing = browser.patch(f"{API}/me/preferences", json={"language": "en"}, headers=headers)
    correcting = browser.get(f"{API}/me/corrections", headers=headers)

    assert (choosing.status_code, correcting.status_code) == (403, 403)


@pytest.mark.req("P-06", "T-06")
@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.MONITOR, Role.DATA_MANAGER])
def test_nobody_but_a_coordinator_opens_it(world: World, role: Role) -> None:
    refused = open_for(world, world.sign_in_to_console(role))

    assert refused.status_code == 403


@pytest.mark.req("P-06")
def test_a_participant_of_another_site_looks_absent(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    assert send(browser, "/participants/XX99-999/on-behalf", mode="site_tablet").status_code == 404


@pytest.mark.req("P-04")
def test_it_ends_by_itself_and_when_the_device_is_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)
    open_for(world, browser)
    given_back = browser.delete(f"{API}/sessions/current", headers=headers_of(browser))
    after = browser.get(f"{API}/me")
    open_for(world, browser)

    monkeypatch.setattr(sessions, "ON_BEHALF_LIMIT", timedelta())

    assert (given_back.status_code, after.status_code) == (204, 401)
    assert browser.get(f"{API}/me").status_code == 401


@pytest.mark.req("X-05")
def test_the_page_asks_how_and_chooses_nothing(world: World) -> None:
    browser = world.sign_in_to_console(Role.COORDINATOR)

    page = browser.get(f"{CONSOLE}/participants/{PARTICIPANT}/on-behalf")

    assert page.status_code == 200
    assert PARTICIPANT in text_of(page)
    assert "checked" not in page.text

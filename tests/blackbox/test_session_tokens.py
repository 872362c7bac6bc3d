"""Refresh tokens on a weak network, and the browser's cookies, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from tests.blackbox.people import Phone, activation_form, enrolled_phone, heard_at_once
from tests.blackbox.system import API, System

pytestmark = pytest.mark.blackbox

ACCESS, RENEWAL = "epro_phone_access", "epro_phone_refresh"
CSRF, RENEWAL_CSRF = "epro_phone_csrf", "epro_phone_refresh_csrf"


@pytest.mark.req("P-04")
def test_a_phone_that_lost_the_reply_to_its_refresh_goes_on_with_the_old_token(
    system: System,
) -> None:
    phone = enrolled_phone(system)
    refreshed(phone, phone.refresh_token)  # its reply never arrives

    pair = refreshed(phone, phone.refresh_token)

    assert who_am_i(system, pair["access_token"]).json()["code"] == phone.code
    assert refresh(system, pair["refresh_token"]).status_code == 200


@pytest.mark.req("P-04")
def test_a_used_up_refresh_token_ends_the_session_for_everybody_who_holds_a_part_of_it(
    system: System,
) -> None:
    phone = enrolled_phone(system)
    second = refreshed(phone, phone.refresh_token)
    newest = refreshed(phone, second["refresh_token"])

    stolen = refresh(system, phone.refresh_token)

    assert (stolen.status_code, code_of(stolen)) == (401, "session_revoked")
    assert code_of(refresh(system, newest["refresh_token"])) == "session_revoked"
    assert code_of(who_am_i(system, newest["access_token"])) == "session_revoked"


@pytest.mark.req("P-04")
def test_two_tabs_that_refresh_in_the_same_moment_both_go_on(system: System) -> None:
    phone = enrolled_phone(system)

    tabs = heard_at_once(*[partial(refresh, system, phone.refresh_token)] * 2)

    assert [tab.status_code for tab in tabs] == [200, 200]
    for tab in tabs:
        noted(system, tab)
        assert who_am_i(system, tab.json()["access_token"]).status_code == 200
        assert refresh(system, tab.json()["refresh_token"]).status_code == 200


@dataclass(frozen=True, slots=True)
class Browser:
    client: httpx.Client
    activated: httpx.Response


@pytest.fixture
def browser(system: System) -> Iterator[Browser]:
    """A browser in which somebody has activated her diary, her tokens in cookies."""
    typed = activation_form(system)["typed"] | {"session_transport": "cookie"}
    with system.new_client() as client:
        activated = client.post(f"{API}/sessions/activation", json=typed)
        assert activated.status_code == 200, activated.text
        system.said.secrets |= {client.cookies[ACCESS], client.cookies[RENEWAL]}
        yield Browser(client, activated)


@pytest.mark.req("P-04", "X-05")
def test_tokens_in_cookies_are_out_of_reach_for_scripts(browser: Browser) -> None:
    body = browser.activated.json()
    cookies = {
        line.split("=", 1)[0]: line for line in browser.activated.headers.get_list("set-cookie")
    }

    assert (body["access_token"], body["refresh_token"]) == (None, None)
    assert all(browser.client.cookies[name] not in browser.activated.text for name in cookies)
    assert all("HttpOnly" in cookies[name] for name in (ACCESS, RENEWAL))
    assert all("SameSite=Strict" in line for line in cookies.values())
    assert f"Path={API}/sessions/refresh" in cookies[RENEWAL]
    assert browser.client.get(f"{API}/me").status_code == 200


@pytest.mark.req("X-05")
def test_a_write_by_cookie_needs_the_second_proof_in_a_header(
    system: System, browser: Browser
) -> None:
    sheet = Phone(system, "", "", "").report(answered_at=system.now())
    path = f"{API}/me/responses/{sheet.response_id}"
    headers = {"Content-Type": "application/json", "Answer-Age": "1"}
    proof = {"X-CSRF-TOKEN": browser.client.cookies[CSRF]}

    without = browser.client.put(path, content=sheet.body, headers=headers)
    wrong = browser.client.put(
        path, content=sheet.body, headers=headers | {"X-CSRF-TOKEN": "guessed"}
    )
    proven = browser.client.put(path, content=sheet.body, headers=headers | proof)

    assert [without.status_code, wrong.status_code, proven.status_code] == [401, 401, 201]


@pytest.mark.req("P-04", "X-05")
def test_a_refresh_by_cookie_needs_its_own_proof_and_shows_no_token(browser: Browser) -> None:
    path = f"{API}/sessions/refresh"
    before = browser.client.cookies[ACCESS]
    proof = {"X-CSRF-TOKEN": browser.client.cookies[RENEWAL_CSRF]}

    without = browser.client.post(path)
    of_the_other = browser.client.post(path, headers={"X-CSRF-TOKEN": browser.client.cookies[CSRF]})
    proven = browser.client.post(path, headers=proof)

    assert [without.status_code, of_the_other.status_code, proven.status_code] == [401, 401, 200]
    assert (proven.json()["access_token"], proven.json()["refresh_token"]) == (None, None)
    assert browser.client.cookies[ACCESS] != before
    assert browser.client.get(f"{API}/me").status_code == 200


def refresh(system: System, token: str) -> httpx.Response:
    return system.http.post(f"{API}/sessions/refresh", headers={"Authorization": f"Bearer {token}"})


def refreshed(phone: Phone, token: str) -> dict[str, str]:
    answer = refresh(phone.system, token)
    assert answer.status_code == 200, answer.text
    return noted(phone.system, answer)


def noted(system: System, answer: httpx.Response) -> dict[str, str]:
    pair: dict[str, str] = answer.json()
    system.said.secrets |= {pair["access_token"], pair["refresh_token"]}
    return pair


def who_am_i(system: System, access_token: str) -> httpx.Response:
    return system.http.get(f"{API}/me", headers={"Authorization": f"Bearer {access_token}"})


def code_of(answer: httpx.Response) -> str:
    code: str = answer.json()["error"]["code"]
    return code

"""The participant's app on the site's own tablet, opened from the console, in a real browser."""

import json
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from epro.models import Participant, Quarantine
from questionnaires.branching import visible
from questionnaires.definition import ItemType, Questionnaire
from tests.blackbox.people import Phone, questionnaire_of
from tests.blackbox.system import API, as_bytes
from tests.browser.desk import Desk
from tests.browser.handset import Handset, Somebody, with_a_diary

pytestmark = pytest.mark.blackbox

END = "交还给研究人员"


def refused_bodies(desk: Desk, code: str) -> list[bytes]:
    """Return what the site's system keeps of hers that was refused."""
    with desk._parts.database.reading() as session:
        kept = session.scalars(
            select(Quarantine.body).join(Participant).where(Participant.code == code)
        )
        return list(kept)


def open_for(page: Page, code: str) -> str:
    """Open somebody's app for the tablet; return the page of hers that it ends on."""
    where = f"/console/participants/{code}"
    page.goto(f"{where}/on-behalf")
    page.get_by_label("平板").check()
    page.get_by_role("button", name="打开日记").click()
    expect(page.locator(".behalf")).to_contain_text(code)
    return where


def calmly(questionnaire: Questionnaire) -> list[dict[str, Any]]:
    """Answer as `Handset.answer_calmly` does on the screen, without one."""
    answers: dict[str, Any] = {}
    for item in questionnaire.items:
        if item.takes_answer and item.link_id in visible(questionnaire, answers):
            last = item.codes[-1] if item.codes else None
            answers[item.link_id] = {
                ItemType.NUMBER: 36.6, ItemType.NRS: 0, ItemType.BOOLEAN: False,
                ItemType.MULTI: [last], ItemType.CHOICE: last,
            }[item.type]  # fmt: skip
    return [{"link_id": link, "value": value} for link, value in answers.items()]


def send_by_api(desk: Desk, somebody: Somebody, diary: dict[str, Any]) -> str:
    """Have somebody answer her diary calmly over the API; return the id of the response."""
    tokens = desk.system.http.post(f"{API}/sessions/activation", json=somebody.typed).json()
    phone = Phone(desk.system, somebody.code, tokens["access_token"], tokens["refresh_token"])
    asked, response_id = diary["questionnaire"], uuid4()
    body = {
        "assessment_id": diary["id"], "revision": 1, "status": "completed", "language": "zh",
        "questionnaire": {"code": asked["code"], "version": asked["version"]},
        "answered_at": desk.system.now().isoformat(),
        "answers": calmly(questionnaire_of(asked["code"])),
    }  # fmt: skip
    stored = phone.put(response_id, as_bytes(body), age_s=1)
    assert stored.status_code == 201, stored.text
    return str(response_id)


@pytest.mark.req("P-08", "Q-03")
def test_what_is_answered_on_the_site_s_tablet_is_stored_as_over_the_api(
    desk: Desk, chromium: Browser
) -> None:
    (somebody, diary), (other, hers) = with_a_diary(desk.system), with_a_diary(desk.system)
    assert diary["questionnaire"] == hers["questionnaire"]
    with desk.desktop(width=820, height=1100) as watched:
        open_for(watched.page, somebody.code)
        tablet = Handset(desk.system, watched.page.context, watched, somebody)
        tablet.open_form(diary["title"]["zh"])
        tablet.answer_calmly()
        tablet.press()
        expect(watched.page.get_by_role("status")).to_contain_text("已送达研究中心")
        (by_tablet,) = tablet.responses()

    by_api = send_by_api(desk, other, hers)

    first, second = (
        desk.system.read(f"/responses/{one}/versions")["items"][-1]["answers"]
        for one in (by_tablet["id"], by_api)
    )
    told = {"link_id", "value", "declined", "confirmed"}
    assert [{name: one.get(name) for name in told} for one in first] == [
        {name: one.get(name) for name in told} for one in second
    ]
    assert len(first) >= 5


@pytest.mark.req("P-08")
def test_the_site_opens_her_app_hands_it_over_and_gets_its_console_back(
    desk: Desk, chromium: Browser
) -> None:
    somebody, diary = with_a_diary(desk.system)
    title = diary["title"]["zh"]
    with desk.desktop(width=820, height=1100) as watched:
        page = watched.page
        where = open_for(page, somebody.code)
        tablet = Handset(desk.system, page.context, watched, somebody)

        assert page.get_by_label("6 位密码").count() == 0
        expect(tablet.card(title)).to_be_visible()
        page.reload()
        tablet.open_form(title)
        tablet.answer_calmly()
        tablet.press()
        expect(page.get_by_role("status")).to_contain_text("已送达研究中心")
        assert watched.findings() == []
        assert page.evaluate("indexedDB.databases().then((found) => found.length)") == 0
        page.get_by_role("button", name=END).click()

        page.wait_for_url(f"**{where}")
        (stored,) = tablet.responses()
        assert (stored["mode"], stored["status"]) == ("site_tablet", "completed")
        page.goto("/p/")
        expect(page.locator("#code, #year").first).to_be_visible()
    assert [one for one in watched.faults if "401" not in one] == []


@pytest.mark.req("P-08", "Q-10")
def test_what_is_filled_in_for_her_never_goes_to_whoever_is_opened_in_another_tab(
    desk: Desk, chromium: Browser
) -> None:
    (somebody, diary), (other, _) = with_a_diary(desk.system), with_a_diary(desk.system)
    with desk.desktop(width=820, height=1100) as watched:
        page = watched.page
        where = open_for(page, somebody.code)
        tablet = Handset(desk.system, page.context, watched, somebody)
        tablet.open_form(diary["title"]["zh"])
        open_for(page.context.new_page(), other.code)

        page.bring_to_front()  # a page that lies under another one is drawn once a second
        tablet.answer_calmly()
        tablet.press()
        expect(page.get_by_role("status")).to_contain_text("只存在这个页面里")
        page.get_by_role("button", name=END).click()
        expect(page.locator(".behalf")).to_contain_text(f"重新打开 {somebody.code} 的日记")
        expect(page.locator(".behalf")).to_contain_text(f"{somebody.code}：")
        theirs = Handset(desk.system, page.context, watched, other)
        assert (tablet.responses(), theirs.responses()) == ([], [])
        assert watched.findings() == []

        open_for(page.context.new_page(), somebody.code)
        page.bring_to_front()
        page.get_by_role("button", name=END).click()
        page.wait_for_url(f"**{where}")
        (stored,) = tablet.responses()
        assert (stored["mode"], stored["status"]) == ("site_tablet", "completed")
        assert theirs.responses() == []
    assert [one for one in watched.faults if "401" not in one] == []


@pytest.mark.req("P-08", "S-02")
def test_what_was_refused_is_handed_over_before_the_device_is_given_back(
    desk: Desk, chromium: Browser
) -> None:
    somebody, diary = with_a_diary(desk.system)
    with desk.desktop(width=820, height=1100) as watched:
        page = watched.page
        where = open_for(page, somebody.code)
        tablet = Handset(desk.system, page.context, watched, somebody)
        # Something on the way, not the server, refuses her answers for good.
        page.route("**/me/responses/*", lambda route: route.fulfill(status=403, body="blocked"))
        page.route("**/me/stuck", lambda route: route.abort())
        tablet.open_form(diary["title"]["zh"])
        tablet.answer_calmly()
        tablet.press()
        expect(page.get_by_role("status")).to_contain_text("请马上告诉研究人员")
        page.get_by_role("button", name=END).click()
        expect(page.locator(".behalf")).to_contain_text("只存在这个页面里")
        assert refused_bodies(desk, somebody.code) == []

        page.unroute("**/me/stuck")

        page.wait_for_url(f"**{where}")
        (body,) = refused_bodies(desk, somebody.code)
        assert json.loads(body)["status"] == "completed"
        lines = desk.system.listed_of(somebody.code, "/work-items")
        assert [one["kind"] for one in lines] == ["stuck_record"]


@pytest.mark.req("P-08", "Q-04")
def test_it_does_not_end_while_something_is_nowhere_but_here(desk: Desk, chromium: Browser) -> None:
    somebody, diary = with_a_diary(desk.system)
    with desk.desktop(width=820, height=1100) as watched:
        page = watched.page
        where = open_for(page, somebody.code)
        tablet = Handset(desk.system, page.context, watched, somebody)
        tablet.open_form(diary["title"]["zh"])
        page.fill("input[inputmode=decimal]", "36.6")
        tablet.next()

        page.get_by_role("button", name=END).click()
        expect(page.locator(".behalf")).to_contain_text("还没填完")
        tablet.open_form(diary["title"]["zh"])
        page.context.set_offline(True)
        tablet.answer_calmly()
        tablet.press()
        page.get_by_role("button", name=END).click()
        expect(page.locator(".behalf")).to_contain_text("送达后会自动结束")
        assert all(one["status"] == "in_progress" for one in tablet.responses())
        page.context.set_offline(False)

        page.wait_for_url(f"**{where}")
        assert [one["status"] for one in tablet.responses()] == ["completed"]
